import { gunzipSync } from 'node:zlib'
import type { RecordBatch } from './record-batch.js'

/** A gzip batch may not unpack to more than this many bytes: a few hostile kilobytes must not take the process down. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024

/** What the log needs to know of one record. `index` counts from 0, deltas are relative to the batch's header. */
export interface RecordShape {
  index: number
  timestamp: number
  offsetDelta: number
  hasKey: boolean
}

/** Reads variable-length numbers; position and failure are fields so that the hot loop allocates nothing. */
class Cursor {
  readonly bytes: Uint8Array
  at = 0
  #bad = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Zigzag varint, at most 5 bytes (Kafka: ByteUtils.readVarint). */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    this.#bad = true
    return 0
  }

  /** Zigzag varlong, at most 10 bytes (Kafka: ByteUtils.readVarlong). Beyond 2^53 the low bits are rounded. */
  varlong(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    this.#bad = true
    return 0
  }

  /** The bytes ended early or held a number that is none. */
  isBad(): boolean {
    return this.#bad
  }

  fail(): void {
    this.#bad = true
  }

  skip(length: number): void {
    this.at += length
    if (length < 0 || this.at > this.bytes.length) this.#bad = true
  }
}

/** The unpacked record bytes, or undefined when this broker cannot open the codec (snappy, lz4, zstd). Throws on bad gzip. */
export function unpackRecords(batch: RecordBatch): Uint8Array | undefined {
  if (batch.codec === 'none') return batch.recordBytes
  if (batch.codec === 'gzip') return gunzipSync(batch.recordBytes, { maxOutputLength: UNPACKED_BYTES_MAX })
  return undefined
}

/**
 * Visits every record of `unpacked` in order; `visit` gets the same object each time. Returns what is wrong with the
 * bytes, if anything: Kafka refuses such a batch with INVALID_RECORD (DefaultRecord.readFrom, DefaultRecordBatch.iterator).
 */
export function walkRecords(
  batch: RecordBatch,
  unpacked: Uint8Array,
  visit: (record: RecordShape) => void,
): string | undefined {
  const cursor = new Cursor(unpacked)
  const count = batch.count
  const baseTimestamp = batch.baseTimestamp
  const appendTime = batch.isLogAppendTime ? batch.maxTimestamp : undefined
  const record: RecordShape = { index: 0, timestamp: 0, offsetDelta: 0, hasKey: false }
  for (let index = 0; index < count; index++) {
    if (cursor.at >= unpacked.length) return `the header declares ${count} records, but only ${index} are there`
    const length = cursor.varint()
    const end = cursor.at + length
    if (cursor.isBad() || length < 0 || end > unpacked.length) return `record ${index} has an invalid size ${length}`
    readRecord(cursor, record, baseTimestamp, appendTime)
    if (cursor.isBad() || cursor.at !== end)
      return `record ${index} declares ${length} bytes, its fields do not fill them`
    record.index = index
    visit(record)
  }
  return cursor.at === unpacked.length ? undefined : `bytes are left over after the declared ${count} records`
}

function readRecord(cursor: Cursor, record: RecordShape, baseTimestamp: number, appendTime: number | undefined): void {
  cursor.skip(1)
  const delta = cursor.varlong()
  record.timestamp = appendTime ?? baseTimestamp + delta
  record.offsetDelta = cursor.varint()
  const keyLength = cursor.varint()
  record.hasKey = keyLength >= 0
  if (keyLength > 0) cursor.skip(keyLength)
  const valueLength = cursor.varint()
  if (valueLength > 0) cursor.skip(valueLength)
  const headers = cursor.varint()
  if (headers < 0) cursor.fail()
  for (let i = 0; i < headers && !cursor.isBad(); i++) {
    cursor.skip(cursor.varint())
    const length = cursor.varint()
    if (length > 0) cursor.skip(length)
  }
}
