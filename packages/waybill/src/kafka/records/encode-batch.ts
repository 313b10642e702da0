import { crc32c } from '@platformatic/kafka'
import { batchOverheadBytes, recordSizeMax } from '../../model/record-size.js'
import type { ProduceBatch, RecordData } from '../../ports/broker.js'
import { batchLayout, lengthPrefixBytes, writeInt64 } from './batch-layout.js'

/** A buffer that grew above this is given back after the request: one huge batch must not hold its memory for ever. */
const keptBytesMax = 4 * 1024 * 1024

/**
 * Encodes record batches (format 2, uncompressed) into one buffer that is used again and again: 0.3-0.5 µs a record instead
 * of an object and several small buffers each. What `encode` returns is valid until the next `clear`.
 */
export class BatchEncoder {
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #at = 0

  /** Forgets all batches encoded before. */
  clear(): void {
    this.#at = 0
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafeSlow(64 * 1024)
  }

  /**
   * The batch's bytes: base offset 0, leader epoch -1, every record stamped `stampMs`. A repeat of the same batch gives the
   * same bytes.
   */
  encode(batch: ProduceBatch): Buffer {
    const start = this.#at
    let room = batchOverheadBytes
    for (const record of batch.records) room += recordSizeMax(record)
    this.#reserve(room)
    const buffer = this.#buffer
    let at = start + batchLayout.records
    batch.records.forEach((record, index) => {
      at = writeRecord(buffer, at, record, index)
    })
    writeBatchHeader(buffer.subarray(start, at), batch)
    this.#at = at
    return buffer.subarray(start, at)
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    // Earlier batches of the same request keep their old memory: they were handed out as views.
    this.#buffer = Buffer.concat([this.#buffer.subarray(0, this.#at)], Math.max(needed, this.#buffer.length * 2))
  }
}

function writeBatchHeader(bytes: Buffer, batch: ProduceBatch): void {
  writeInt64(bytes, 0, batchLayout.baseOffset)
  bytes.writeInt32BE(bytes.length - lengthPrefixBytes, batchLayout.length)
  bytes.writeInt32BE(-1, batchLayout.partitionLeaderEpoch)
  bytes.writeInt8(2, batchLayout.magic)
  bytes.writeInt16BE(0, batchLayout.attributes) // no compression, CreateTime, not transactional
  bytes.writeInt32BE(batch.records.length - 1, batchLayout.lastOffsetDelta)
  writeInt64(bytes, batch.stampMs, batchLayout.baseTimestamp)
  writeInt64(bytes, batch.stampMs, batchLayout.maxTimestamp)
  writeInt64(bytes, batch.producerId, batchLayout.producerId)
  bytes.writeInt16BE(batch.producerEpoch, batchLayout.producerEpoch)
  bytes.writeInt32BE(batch.firstSequence, batchLayout.baseSequence)
  bytes.writeInt32BE(batch.records.length, batchLayout.recordCount)
  bytes.writeUInt32BE(crc32c(bytes.subarray(batchLayout.attributes)), batchLayout.crc)
}

/** Writes one record; its length stands before it as a varint, whose width is guessed and corrected. */
function writeRecord(buffer: Buffer, start: number, record: RecordData, index: number): number {
  const body = start + varintSize((record.value?.length ?? 0) + (record.key?.length ?? 0) + 6)
  let at = body
  buffer[at++] = 0 // attributes
  buffer[at++] = 0 // timestamp delta
  at = writeVarint(buffer, at, index)
  at = writeBytes(buffer, at, record.key)
  at = writeBytes(buffer, at, record.value)
  at = writeVarint(buffer, at, record.headers.length)
  for (const [name, value] of record.headers) {
    at = writeName(buffer, at, name)
    at = writeBytes(buffer, at, value)
  }
  const length = at - body
  const place = start + varintSize(length)
  if (place !== body) buffer.copyWithin(place, body, at)
  writeVarint(buffer, start, length)
  return place + length
}

function writeBytes(buffer: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(buffer, at, -1)
  const place = writeVarint(buffer, at, bytes.length)
  buffer.set(bytes, place)
  return place + bytes.length
}

/** Header names are short ASCII nearly always: a loop is faster than a call into the native encoder. */
function writeName(buffer: Buffer, at: number, name: string): number {
  const length = name.length
  const place = writeVarint(buffer, at, length)
  for (let i = 0; i < length; i++) {
    const code = name.charCodeAt(i)
    if (code >= 0x80) return writeBytes(buffer, at, Buffer.from(name, 'utf8'))
    buffer[place + i] = code
  }
  return place + length
}

/** Zigzag varint of a 32-bit integer. */
function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest >= 0x80) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = (value << 1) >>> 7; rest !== 0; rest >>>= 7) size++
  return size
}
