import type { Address } from '../runtime/network.ts'
import { nodeRuntime } from '../runtime/node-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { formatAddress, parseAddress } from './connect-string.ts'
import { describeFault } from './server-connection.ts'

const answerBytesMax = 16 * 1024 * 1024

/**
 * Asks one server one of ZooKeeper's four-letter words (`ruok`, `srvr`, `mntr`, ...), over a connection of its own.
 *
 * @param options.timeoutMs for the whole exchange. Default: 5,000.
 * @param options.traceMask what `stmk` is to set, 64 bits; no other word takes it
 * @returns the answer as it came. A word that the server does not know, or does not allow, gives an empty text or a sentence
 *   that says so.
 * @example (await fourLetterWord('127.0.0.1:2181', 'ruok')) === 'imok'
 */
export async function fourLetterWord(
  address: string | Address,
  word: string,
  options: { timeoutMs?: number; traceMask?: bigint; runtime?: Runtime } = {},
): Promise<string> {
  if (!/^[a-z]{4}$/.test(word)) throw new TypeError(`"${word}" is not a word of four small letters`)
  if ((word === 'stmk') !== (options.traceMask !== undefined)) {
    throw new TypeError('stmk, and no other word, takes a trace mask')
  }
  const server = typeof address === 'string' ? parseAddress(address) : address
  const { timeoutMs = 5000, runtime = nodeRuntime() } = options
  const question = Buffer.alloc(options.traceMask === undefined ? 4 : 12)
  question.write(word)
  if (options.traceMask !== undefined) question.writeBigInt64BE(BigInt.asIntN(64, options.traceMask), 4)
  const startMs = runtime.clock.monotonicMs()
  const connection = await runtime.network.connect(server, timeoutMs).catch((error: unknown) => {
    throw new Error(`${formatAddress(server)}: ${describeFault(error)}`)
  })
  const leftMs = Math.max(0, timeoutMs - (runtime.clock.monotonicMs() - startMs))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const fail = (reason: string): void => {
      timer.cancel()
      connection.destroy()
      reject(new Error(`${formatAddress(server)}: ${reason}`))
    }
    const timer = runtime.timers.after(leftMs, () => fail(`no answer to ${word} within ${timeoutMs} ms`))
    connection.setHandlers({
      onData: (chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > answerBytesMax) fail(`the answer to ${word} is longer than ${answerBytesMax} bytes`)
      },
      onClose: () => {
        timer.cancel()
        resolve(Buffer.concat(chunks).toString('utf8'))
      },
    })
    connection.write(question)
  })
}
