import { readInt64 } from '../records/batch-layout.js'

/**
 * Reads Kafka's wire types from one buffer. Every read beyond the end throws a RangeError: an answer that does not parse is
 * "unknown", never a guess. Own reader because the library's skips tagged fields as if their count were a length in bytes,
 * and loses its place when a broker sends one (Produce v10+ does: `current_leader`).
 */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int8(): number {
    return this.#buffer.readInt8(this.#step(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#step(4))
  }

  int64(): number {
    return readInt64(this.#buffer, this.#step(8))
  }

  /** 32 hex digits. */
  uuid(): string {
    const at = this.#step(16)
    return this.#buffer.toString('hex', at, at + 16)
  }

  /** Zigzag varint, 32 bits. */
  varint(): number {
    const value = this.uvarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Unsigned varint, 32 bits. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#step(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a varint is longer than 5 bytes')
  }

  /** Zigzag varint, 64 bits; exact up to 2^53, as far as timestamps go. */
  varlong(): number {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#buffer.readUInt8(this.#step(1))
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)))
    }
    throw new RangeError('a varlong is longer than 10 bytes')
  }

  /** The next `length` bytes, a view. */
  bytes(length: number): Buffer {
    const at = this.#step(length)
    return this.#buffer.subarray(at, at + length)
  }

  /** A compact nullable string. */
  text(): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.bytes(length).toString('utf8')
  }

  /** Reads a compact array; each entry ends with its own tagged fields unless `read` takes them. */
  array<T>(read: () => T): T[] {
    const count = this.uvarint() - 1
    const entries: T[] = []
    for (let i = 0; i < count; i++) entries.push(read())
    return entries
  }

  /** Skips tagged fields (KIP-482): count, then tag, size and bytes of each. */
  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.bytes(this.uvarint())
    }
  }

  /** The end of an answer: its tagged fields, then nothing. Left-over bytes mean that we did not understand it. */
  end(what: string): void {
    this.skipTags()
    if (this.remaining > 0) throw new RangeError(`the answer to ${what} has ${this.remaining} bytes too many`)
  }

  get remaining(): number {
    return this.#buffer.length - this.#at
  }

  #step(length: number): number {
    const at = this.#at
    if (length < 0 || at + length > this.#buffer.length)
      throw new RangeError(`${length} bytes wanted at ${at}, the answer has ${this.#buffer.length}`)
    this.#at = at + length
    return at
  }
}
