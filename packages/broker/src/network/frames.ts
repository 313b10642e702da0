import { ProtocolError } from '../protocol/codec.js'

/** Cuts a byte stream into Kafka's frames: a 4-byte length, then that many bytes. Holds at most one frame and a chunk. */
export class Frames {
  readonly #sizeMax: number
  #chunks: Buffer[] = []
  #bytes = 0
  /** Size of the frame under way, -1 while its length is not there yet. */
  #size = -1

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The frames that `chunk` completes, in order. Throws ProtocolError on a length that no client sends. */
  *push(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (;;) {
      if (this.#size < 0) {
        if (this.#bytes < 4) return
        this.#size = this.#take(4).readInt32BE(0)
        if (this.#size < 8 || this.#size > this.#sizeMax) {
          throw new ProtocolError(`a request of ${this.#size} bytes is announced; 8 to ${this.#sizeMax} are allowed`)
        }
      }
      if (this.#bytes < this.#size) return
      const frame = this.#take(this.#size)
      this.#size = -1
      yield frame
    }
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0]
    // Joined only when the frame is complete: joining on every chunk would copy a large request many times.
    const all = first && first.length >= length ? first : Buffer.concat(this.#chunks)
    const rest = all.subarray(length)
    this.#chunks = all === first ? this.#chunks.slice(1) : []
    if (rest.length > 0) this.#chunks.unshift(rest)
    this.#bytes -= length
    return all.subarray(0, length)
  }
}
