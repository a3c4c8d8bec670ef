import type { Tree } from '../../tree/tree.ts'
import type { Znode } from '../../tree/znode.ts'
import { DecodeError } from '../../wire/decode-error.ts'
import type { JuteReader } from '../../wire/jute-reader.ts'

/**
 * Whom a read is about: a path, kept as the range of its bytes, because a node is found by them without a string. The bytes
 * themselves stay with the reader: to keep hold of each request's buffer would cost the garbage collector on the hot path.
 */
export class Target {
  /** A watch is to stay. */
  watch = false
  #start = 0
  #end = 0

  /** Reads a path. */
  read(body: JuteReader): void {
    const length = body.lengthPrefix()
    if (length < 0) throw new DecodeError('found a null path')
    this.#start = body.position
    this.#end = this.#start + length
    body.skip(length)
  }

  /** Reads a path and whether to watch it. */
  readWatchable(body: JuteReader): void {
    this.read(body)
    this.watch = body.bool()
  }

  find(body: JuteReader, tree: Tree): Znode | undefined {
    return tree.findBytes(body.bytes, this.#start, this.#end)
  }

  /** As the client wrote it: events carry the same. */
  path(body: JuteReader): string {
    return body.bytes.toString('utf8', this.#start, this.#end)
  }

  /** As `path`, of the node that was found. */
  pathAt(node: Znode, tree: Tree): string {
    return this.#start === this.#end ? '' : tree.path(node)
  }
}
