import { ProtocolError } from './codec.js'

/**
 * Reads Kafka's primitive types from one frame. Every read checks the bounds, and a length is checked against what is
 * left before anything is allocated, so that garbage costs an error and no memory.
 */
export class Reader {
  #position = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  #take(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new ProtocolError(`${length} bytes wanted at byte ${this.#position}, ${this.remaining} left`)
    }
    const at = this.#position
    this.#position += length
    return at
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  /** Unsigned, at most 5 bytes (32 bits). */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new ProtocolError(`a varint is longer than 5 bytes before byte ${this.#position}`)
  }

  uuid(): string {
    const at = this.#take(16)
    return this.#bytes.toString('base64url', at, at + 16)
  }

  #length(flexible: boolean, size: 2 | 4): number {
    const length = flexible ? this.uvarint() - 1 : size === 2 ? this.int16() : this.int32()
    if (length > this.remaining)
      throw new ProtocolError(`length ${length} at byte ${this.#position}, ${this.remaining} left`)
    return length
  }

  nullableString(flexible: boolean, mayBeNull: boolean): string | null {
    const length = this.#length(flexible, 2)
    if (length < 0) return none(mayBeNull, 'string')
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  string(flexible: boolean): string {
    return this.nullableString(flexible, false) ?? ''
  }

  /** A view into the frame, no copy. */
  nullableBytes(flexible: boolean, mayBeNull: boolean): Buffer | null {
    const length = this.#length(flexible, 4)
    if (length < 0) return none(mayBeNull, 'bytes')
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  bytes(flexible: boolean): Buffer {
    return this.nullableBytes(flexible, false) ?? Buffer.alloc(0)
  }

  nullableArray<T>(flexible: boolean, mayBeNull: boolean, readItem: () => T): T[] | null {
    const count = this.#length(flexible, 4)
    if (count < 0) return none(mayBeNull, 'array')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(readItem())
    return items
  }

  array<T>(flexible: boolean, readItem: () => T): T[] {
    return this.nullableArray(flexible, false, readItem) ?? []
  }

  nullableStruct<T>(mayBeNull: boolean, readStruct: () => T): T | null {
    return this.int8() < 0 ? none(mayBeNull, 'struct') : readStruct()
  }

  /** `readTag` reads a tag it knows and answers true; an unknown one is skipped (KIP-482: newer peers may send more). */
  tags(readTag: (tag: number) => boolean): void {
    for (let left = this.uvarint(); left > 0; left--) {
      const tag = this.uvarint()
      const size = this.uvarint()
      const end = this.#position + size
      if (size > this.remaining) throw new ProtocolError(`tag ${tag} of ${size} bytes, ${this.remaining} left`)
      if (!readTag(tag)) this.#take(size)
      if (this.#position !== end) throw new ProtocolError(`tag ${tag} says ${size} bytes and has another length`)
    }
  }

  skipTags(): void {
    this.tags(() => false)
  }
}

function none(mayBeNull: boolean, what: string): null {
  if (mayBeNull) return null
  throw new ProtocolError(`a ${what} is null where this version forbids it`)
}
