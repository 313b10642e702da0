import { ProtocolError } from './codec.js'

/** A tagged field: its number and what writes its value. */
export type Tag = readonly [tag: number, write: (writer: Writer) => void]

/** Byte strings from this size on are sent as they are instead of being copied (fetched records). */
const COPY_BYTES_MAX = 4096

/** Writes Kafka's primitive types. The result is a list of buffers, so that fetched records are never copied. */
export class Writer {
  readonly #done: Buffer[] = []
  #doneBytes = 0
  #buffer: Buffer = Buffer.allocUnsafe(256)
  #position = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#doneBytes + this.#position
  }

  /** What was written, in order. The writer must not be used afterwards. */
  parts(): Buffer[] {
    this.#cut()
    return this.#done
  }

  #cut(): void {
    if (this.#position === 0) return
    this.#done.push(this.#buffer.subarray(0, this.#position))
    this.#doneBytes += this.#position
    this.#buffer = this.#buffer.subarray(this.#position)
    this.#position = 0
  }

  #room(bytes: number): number {
    if (this.#position + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(256, this.#buffer.length * 2, this.#position + bytes))
      this.#buffer.copy(grown, 0, 0, this.#position)
      this.#buffer = grown
    }
    const at = this.#position
    this.#position += bytes
    return at
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length < COPY_BYTES_MAX) {
      const at = this.#room(bytes.length)
      this.#buffer.set(bytes, at)
      return
    }
    this.#cut()
    this.#done.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    this.#doneBytes += bytes.length
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  // The buffer may be replaced by #room, so the position is taken before the buffer is looked at.
  int8(value: number): void {
    const at = this.#room(1)
    this.#buffer.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#room(2)
    this.#buffer.writeInt16BE(value, at)
  }

  uint16(value: number): void {
    const at = this.#room(2)
    this.#buffer.writeUInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#room(4)
    this.#buffer.writeInt32BE(value, at)
  }

  uint32(value: number): void {
    const at = this.#room(4)
    this.#buffer.writeUInt32BE(value, at)
  }

  int64(value: bigint): void {
    const at = this.#room(8)
    this.#buffer.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.#room(8)
    this.#buffer.writeDoubleBE(value, at)
  }

  uvarint(value: number): void {
    let left = value
    while (left >= 0x80) {
      const at = this.#room(1)
      this.#buffer[at] = (left % 0x80) | 0x80
      left = Math.floor(left / 0x80)
    }
    const at = this.#room(1)
    this.#buffer[at] = left
  }

  uuid(value: string): void {
    const bytes = Buffer.from(value, 'base64url')
    if (bytes.length !== 16) throw new ProtocolError(`'${value}' is no id: 16 bytes in base64url are wanted`)
    this.raw(bytes)
  }

  #lengthOf(value: number, flexible: boolean, size: 2 | 4): void {
    if (flexible) this.uvarint(value + 1)
    else if (size === 4) this.int32(value)
    else if (value <= 0x7fff) this.int16(value)
    else throw new ProtocolError(`a string of ${value} bytes does not fit: 32767 at most in this version`)
  }

  nullableString(value: string | null, flexible: boolean, mayBeNull: boolean): void {
    if (value === null) return this.#none(flexible, 2, mayBeNull)
    const length = Buffer.byteLength(value)
    this.#lengthOf(length, flexible, 2)
    const at = this.#room(length)
    this.#buffer.write(value, at, 'utf8')
  }

  string(value: string, flexible: boolean): void {
    this.nullableString(value, flexible, false)
  }

  nullableBytes(value: Uint8Array | null, flexible: boolean, mayBeNull: boolean): void {
    if (value === null) return this.#none(flexible, 4, mayBeNull)
    this.#lengthOf(value.length, flexible, 4)
    this.raw(value)
  }

  bytes(value: Uint8Array, flexible: boolean): void {
    this.nullableBytes(value, flexible, false)
  }

  nullableArray<T>(items: readonly T[] | null, flexible: boolean, mayBeNull: boolean, write: (item: T) => void): void {
    if (items === null) return this.#none(flexible, 4, mayBeNull)
    this.#lengthOf(items.length, flexible, 4)
    for (const item of items) write(item)
  }

  array<T>(items: readonly T[], flexible: boolean, write: (item: T) => void): void {
    this.nullableArray(items, flexible, false, write)
  }

  nullableStruct<T>(value: T | null, mayBeNull: boolean, write: (value: T) => void): void {
    if (value === null && !mayBeNull) throw new ProtocolError('a struct is null where this version forbids it')
    this.int8(value === null ? -1 : 1)
    if (value !== null) write(value)
  }

  tags(tags: readonly Tag[]): void {
    this.uvarint(tags.length)
    for (const [tag, write] of tags) {
      const value = new Writer()
      write(value)
      this.uvarint(tag)
      this.uvarint(value.length)
      for (const part of value.parts()) this.raw(part)
    }
  }

  noTags(): void {
    this.uvarint(0)
  }

  #none(flexible: boolean, size: 2 | 4, mayBeNull: boolean): void {
    if (!mayBeNull) throw new ProtocolError('null where this version forbids it')
    this.#lengthOf(-1, flexible, size)
  }
}
