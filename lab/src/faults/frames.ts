import type { Socket } from 'node:net'

// A frame is kept whole in memory; Kafka's own limit for a request is 100 MiB (socket.request.max.bytes).
const frameBytesMax = 256 * 1024 * 1024

/** Where the length stands in a frame of a protocol, and what it counts. */
export interface Framing {
  /** Bytes before the 4-byte length. */
  readonly lengthAt: number
  /** Bytes of the frame that the length does not count. */
  readonly uncounted: number
}

/** Kafka: the length counts what follows it. */
export const kafkaFraming: Framing = { lengthAt: 0, uncounted: 4 }
/** PostgreSQL after the start-up: a type byte, then a length that counts itself. */
export const postgresFraming: Framing = { lengthAt: 1, uncounted: 1 }
/** PostgreSQL's start-up, which has no type byte. */
export const startupFraming: Framing = { lengthAt: 0, uncounted: 0 }

/** Cuts a stream of bytes into frames, one at a time, so that the framing may change between two of them. */
export class FrameReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  }

  /** The next whole frame, its length included; undefined at the end of the stream (what is left of a torn frame is dropped). */
  async next(framing: Framing): Promise<Buffer | undefined> {
    if (!(await this.#fill(framing.lengthAt + 4))) return undefined
    const length = this.#rest.readInt32BE(framing.lengthAt) + framing.uncounted
    if (length < 4 || length > frameBytesMax) throw new Error(`not a frame: its length is ${length}`)
    if (!(await this.#fill(length))) return undefined
    const frame = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return frame
  }

  /** Reads until so many bytes are there; false when the stream ends before. */
  async #fill(length: number): Promise<boolean> {
    if (this.#rest.length >= length) return true
    const parts = [this.#rest]
    let have = this.#rest.length
    while (have < length) {
      const chunk = await this.#chunks.next()
      if (chunk.done === true) return false
      parts.push(chunk.value)
      have += chunk.value.length
    }
    this.#rest = Buffer.concat(parts)
    return true
  }
}
