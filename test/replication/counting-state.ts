import type { ProposalSink, StateMachine } from '../../src/replication/state-machine.ts'
import type { Zxid } from '../../src/tree/zxid.ts'

/**
 * A replicated list of texts: the smallest thing that shows whether a history is the same everywhere. A request is a text
 * and becomes a transaction as it is.
 */
export class CountingState implements StateMachine {
  lastApplied: Zxid = 0
  entries: { zxid: Zxid; text: string }[] = []
  leading: number | null = null
  messages: { from: number; text: string }[] = []

  digest(): string {
    return JSON.stringify(this.entries)
  }

  apply(zxid: Zxid, records: Buffer, start: number, end: number): void {
    this.entries.push({ zxid, text: records.toString('utf8', start, end) })
    this.lastApplied = zxid
  }

  applied(): void {}

  beginReign(epoch: number): void {
    this.leading = epoch
  }

  execute(_from: number, requests: Buffer, sink: ProposalSink): void {
    sink.propose(requests, 0, requests.length)
  }

  onMessage(from: number, message: Buffer): void {
    this.messages.push({ from, text: message.toString() })
  }

  endReign(): void {
    this.leading = null
  }

  reset(): void {
    this.lastApplied = 0
    this.entries = []
  }

  async load(zxid: Zxid, chunks: AsyncIterable<Buffer>): Promise<void> {
    const pieces: Buffer[] = []
    for await (const chunk of chunks) pieces.push(Buffer.from(chunk))
    this.entries = JSON.parse(Buffer.concat(pieces).toString())
    this.lastApplied = zxid
  }

  snapshot(): AsyncIterable<Buffer> {
    const whole = Buffer.from(JSON.stringify(this.entries))
    return (async function* () {
      yield whole
    })()
  }

  endSnapshot(): void {}

  get texts(): string[] {
    return this.entries.map((entry) => entry.text)
  }
}
