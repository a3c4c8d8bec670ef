import type { Disk } from '../runtime/disk.ts'
import { historyNumber } from '../storage/file-names.ts'
import { readStateFile, type StateFile } from '../storage/state-file.ts'
import { entryLine, shown } from './lines.ts'
import { historyFiles, type Place } from './places.ts'
import type { Printer } from './printer.ts'
import { segmentEntries } from './segment-entries.ts'
import { problemOf, readSnapshot } from './snapshot-summary.ts'

/** Shows everything at a place. Resolves to whether all of it was readable. */
export class Dump {
  readonly #disk: Disk
  readonly #printer: Printer
  readonly #nodes: boolean
  #sound = true

  constructor(disk: Disk, printer: Printer, options: { nodes: boolean }) {
    this.#disk = disk
    this.#printer = printer
    this.#nodes = options.nodes
  }

  async run(place: Place): Promise<boolean> {
    switch (place.kind) {
      case 'server':
        await this.#server(place.path)
        break
      case 'history':
        await this.#history(place.path)
        break
      case 'segment':
        await this.#segment(place.path, await isRolled(this.#disk, place.path))
        break
      case 'snapshot':
        await this.#snapshot(place.path)
        break
      case 'state':
        await this.#state(folderOf(place.path))
        break
    }
    return this.#sound
  }

  async #server(folder: string): Promise<void> {
    await this.#state(folder)
    for (const name of await this.#disk.list(folder))
      if (historyNumber(name) !== null) await this.#history(`${folder}/${name}`)
  }

  async #history(folder: string): Promise<void> {
    const { segments, snapshots } = await historyFiles(this.#disk, folder)
    for (const path of snapshots) await this.#snapshot(path)
    for (const [i, path] of segments.entries()) await this.#segment(path, i < segments.length - 1)
  }

  async #state(folder: string): Promise<void> {
    await this.#printer.heading(`${folder}/state`)
    try {
      const state = await readStateFile(this.#disk, folder)
      if (state === null)
        await this.#problem(`${folder}/state: found no such file, expected one beside a history`)
      else await this.#printer.line(stateLine(state))
    } catch (error) {
      await this.#problem(problemOf(error))
    }
  }

  async #snapshot(path: string): Promise<void> {
    await this.#printer.heading(path)
    try {
      const { header, bytes, state } = await readSnapshot(this.#disk, path)
      const nodes = state.tree.nodeCount
      const sessions = state.sessions.size
      await this.#printer.line({
        text: `  snapshot of ${shown(header.zxid)}: digest ${header.digest}, ${nodes} nodes, ${sessions} sessions, ${bytes} B`,
        json: {
          type: 'snapshot',
          file: path,
          zxid: shown(header.zxid),
          digest: header.digest,
          nodes,
          sessions,
          bytes,
        },
      })
      if (!this.#nodes) return
      const { tree } = state
      for (const node of tree.nodes()) {
        const nodePath = tree.path(node)
        const dataBytes = tree.dataLength(node)
        const version = tree.version(node)
        const mzxid = shown(tree.mzxid(node))
        const ownerId = `0x${tree.owner(node).toString(16)}`
        const owner = tree.owner(node) === 0 ? '' : `  owner ${ownerId}`
        await this.#printer.line({
          text: `  ${nodePath}  ${dataBytes} B  version ${version}  changed in ${mzxid}${owner}`,
          json: {
            type: 'node',
            file: path,
            path: nodePath,
            dataBytes,
            version,
            czxid: shown(tree.czxid(node)),
            mzxid,
            owner: ownerId,
          },
        })
      }
    } catch (error) {
      await this.#problem(problemOf(error))
    }
  }

  async #segment(path: string, rolled: boolean): Promise<void> {
    await this.#printer.heading(path)
    for await (const entry of segmentEntries(this.#disk, path, rolled)) {
      if (entry.kind === 'gap' && entry.gap === 'damage') this.#sound = false
      await this.#printer.line(entryLine(entry, path, this.#printer.paint))
    }
  }

  async #problem(problem: string): Promise<void> {
    this.#sound = false
    await this.#printer.line({
      text: this.#printer.paint.red(`  DAMAGED: ${problem}`),
      json: { type: 'damage', problem },
    })
  }
}

function stateLine(state: StateFile): { text: string; json: Readonly<Record<string, unknown>> } {
  const { serverId, ensembleId, founded, promisedEpoch, promisedTo, currentEpoch, committedZxid, history } =
    state
  const ensemble =
    ensembleId === null ? 'no ensemble yet' : `ensemble ${ensembleId}${founded ? '' : ' (founding)'}`
  const promised = `promised epoch ${promisedEpoch}${promisedTo === null ? '' : ` to server ${promisedTo}`}`
  return {
    text: `  server ${serverId}, ${ensemble}, ${promised}, current epoch ${currentEpoch}, committed ${shown(committedZxid)} or more, history in ${history}`,
    json: { type: 'state', ...state, committedZxid: shown(committedZxid) },
  }
}

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.')

/** Whether a later log file stands beside it. */
async function isRolled(disk: Disk, path: string): Promise<boolean> {
  const { segments } = await historyFiles(disk, folderOf(path))
  const name = path.slice(path.lastIndexOf('/') + 1)
  return segments.at(-1)?.endsWith(`/${name}`) === false
}
