import { crc32c } from './crc32c.js'

/** Bytes before `batchLength` counts: base offset (8) and the length itself (4). Kafka: Records.LOG_OVERHEAD. */
export const LOG_OVERHEAD = 12
/** Header of a v2 batch in bytes. Kafka: DefaultRecordBatch.RECORD_BATCH_OVERHEAD. */
export const HEADER_BYTES = 61
/** The smallest size Kafka accepts as a size field at all (LegacyRecord.RECORD_OVERHEAD_V0); below it the bytes are corrupt. */
export const LEGACY_OVERHEAD_MIN = 14

/** The CRC covers everything from the attributes on: base offset, leader epoch and magic may change without touching it. */
const CRC_FROM = 21
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** How a batch's records are packed; `unknown` is an id Kafka has not given out. */
export type Codec = (typeof CODECS)[number] | 'unknown'

/** Last sequence of a batch; sequences wrap from 2^31-1 to 0 (Kafka: DefaultRecordBatch.incrementSequence). */
export function addToSequence(sequence: number, increment: number): number {
  return sequence > 0x7fffffff - increment ? increment - (0x7fffffff - sequence) - 1 : sequence + increment
}

/** First sequence of a batch whose last is known (Kafka: DefaultRecordBatch.decrementSequence). */
export function subtractFromSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? 0x7fffffff - (decrement - sequence) + 1 : sequence - decrement
}

/** Signed 64-bit at `at` as a number; exact up to 2^53, which offsets are asserted to stay below. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4)
}

/**
 * A view over one v2 record batch: nothing is copied, and setters write through to the bytes given.
 * It needs the 61 header bytes; `recordBytes`, `isCrcValid` need the whole batch. Layout: Kafka class DefaultRecordBatch.
 */
export class RecordBatch {
  readonly bytes: Buffer

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.bytes.length < HEADER_BYTES) {
      throw new RangeError(`a record batch needs ${HEADER_BYTES} header bytes, got ${this.bytes.length}`)
    }
  }

  get baseOffset(): number {
    return int64(this.bytes, 0)
  }
  /** Size of the whole batch in bytes, as declared. */
  get sizeBytes(): number {
    return this.bytes.readInt32BE(8) + LOG_OVERHEAD
  }
  get leaderEpoch(): number {
    return this.bytes.readInt32BE(12)
  }
  get magic(): number {
    return this.bytes.readInt8(16)
  }
  get crc(): number {
    return this.bytes.readUInt32BE(17)
  }
  get attributes(): number {
    return this.bytes.readInt16BE(21)
  }
  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(23)
  }
  get baseTimestamp(): number {
    return int64(this.bytes, 27)
  }
  get maxTimestamp(): number {
    return int64(this.bytes, 35)
  }
  get producerId(): bigint {
    return this.bytes.readBigInt64BE(43)
  }
  get producerEpoch(): number {
    return this.bytes.readInt16BE(51)
  }
  get baseSequence(): number {
    return this.bytes.readInt32BE(53)
  }
  get count(): number {
    return this.bytes.readInt32BE(57)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }
  get lastSequence(): number {
    const first = this.baseSequence
    return first < 0 ? -1 : addToSequence(first, this.lastOffsetDelta)
  }
  get hasProducerId(): boolean {
    return this.producerId > -1n
  }
  get codec(): Codec {
    return CODECS[this.attributes & 0x07] ?? 'unknown'
  }
  get isLogAppendTime(): boolean {
    return (this.attributes & 0x08) !== 0
  }
  get isTransactional(): boolean {
    return (this.attributes & 0x10) !== 0
  }
  get isControl(): boolean {
    return (this.attributes & 0x20) !== 0
  }
  /** Bit 6: the base timestamp is a delete horizon, as log cleaning leaves it. */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & 0x40) !== 0
  }
  /** The (possibly compressed) records behind the header. */
  get recordBytes(): Buffer {
    return this.bytes.subarray(HEADER_BYTES, this.sizeBytes)
  }

  computeCrc(): number {
    return crc32c(this.bytes.subarray(CRC_FROM, this.sizeBytes))
  }
  isCrcValid(): boolean {
    return this.bytes.length >= this.sizeBytes && this.sizeBytes >= HEADER_BYTES && this.crc === this.computeCrc()
  }

  /** The leader gives the offset on append; outside the CRC. */
  setBaseOffset(offset: number): void {
    this.bytes.writeBigInt64BE(BigInt(offset), 0)
  }
  /** The leader stamps its epoch on append; outside the CRC. */
  setLeaderEpoch(epoch: number): void {
    this.bytes.writeInt32BE(epoch, 12)
  }

  /**
   * Sets timestamp type and maximum timestamp as the broker does on append (DefaultRecordBatch.setMaxTimestamp) and
   * says whether anything changed; then the CRC must be recomputed, because both lie inside it. The record bytes may
   * lie elsewhere (only the header was copied): see `rewriteCrc`.
   */
  setMaxTimestamp(type: 'CreateTime' | 'LogAppendTime', ms: number): boolean {
    const isAppend = type === 'LogAppendTime'
    if (this.isLogAppendTime === isAppend && this.maxTimestamp === ms) return false
    this.bytes.writeInt16BE(isAppend ? this.attributes | 0x08 : this.attributes & ~0x08, 21)
    this.bytes.writeBigInt64BE(BigInt(ms), 35)
    return true
  }

  /** Recomputes the CRC over this header and `records`, the batch's bytes after the header. */
  rewriteCrc(records: Uint8Array): void {
    const header = crc32c(this.bytes.subarray(CRC_FROM, HEADER_BYTES))
    this.bytes.writeUInt32BE(crc32c(records, header), 17)
  }
}
