import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One frame that passed between a client and Apache ZooKeeper, without its length. */
export interface RecordedFrame {
  readonly connection: number
  readonly direction: 'request' | 'reply'
  /** An operation, `connect`, or `event`. */
  readonly name: string
  readonly scene: string
  readonly bytes: Buffer
}

export const recordingFile = join(import.meta.dirname, 'zookeeper-3.8.0.txt')

const arrows = { request: '>', reply: '<' } as const
const sceneMark = '# '
const framePattern = /^(\d+) ([<>]) (\S+) ([0-9a-f]+)$/

/** A line for each frame: connection, direction, name, bytes. A line with `#` ahead of them names what they are about. */
export function formatRecording(frames: readonly RecordedFrame[]): string {
  const lines: string[] = []
  let scene = ''
  for (const frame of frames) {
    if (frame.scene !== scene) lines.push('', `${sceneMark}${frame.scene}`)
    scene = frame.scene
    const { connection, direction, name, bytes } = frame
    lines.push(`${connection} ${arrows[direction]} ${name} ${bytes.toString('hex')}`)
  }
  return `${lines.join('\n').trimStart()}\n`
}

export function readRecording(): RecordedFrame[] {
  const frames: RecordedFrame[] = []
  let scene = ''
  for (const line of readFileSync(recordingFile, 'utf8').split('\n')) {
    if (line.startsWith(sceneMark)) scene = line.slice(sceneMark.length)
    const [, connection, arrow, name, hex] = framePattern.exec(line) ?? []
    if (name === undefined || hex === undefined) {
      if (line !== '' && !line.startsWith(sceneMark)) throw new Error(`not a frame: ${line}`)
      continue
    }
    frames.push({
      connection: Number(connection),
      direction: arrow === arrows.request ? 'request' : 'reply',
      name,
      scene,
      bytes: Buffer.from(hex, 'hex'),
    })
  }
  return frames
}
