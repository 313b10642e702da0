import { crc32c } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'
import type { Header } from '../../model/message.js'
import type { FetchedBatch, FetchedRecord } from '../../ports/broker.js'
import { ByteReader } from '../network/byte-reader.js'
import { attributeBits, batchLayout, lengthPrefixBytes, readInt64 } from './batch-layout.js'
import { decompress } from './decompress.js'

/**
 * The record batches in a fetched piece of log, each with its CRC verified. A last batch that is cut off is left out: a fetch
 * answer may end in the middle of one. Throws WB_RECORD_CORRUPT (facts: offset) on a bad CRC or a batch that does not parse.
 * Keys and values are views on `bytes`.
 */
export function* decodeBatches(bytes: Buffer): Generator<FetchedBatch> {
  for (let at = 0; bytes.length - at >= lengthPrefixBytes; ) {
    const length = bytes.readInt32BE(at + batchLayout.length)
    const offset = readInt64(bytes, at)
    if (length < batchLayout.records - lengthPrefixBytes)
      throw corrupt(offset, `a record batch claims ${length} bytes`, undefined)
    if (at + lengthPrefixBytes + length > bytes.length) return
    yield decodeBatch(bytes.subarray(at, at + lengthPrefixBytes + length), offset)
    at += lengthPrefixBytes + length
  }
}

function decodeBatch(bytes: Buffer, baseOffset: number): FetchedBatch {
  const magic = bytes.readInt8(batchLayout.magic)
  if (magic !== 2) throw corrupt(baseOffset, `record format ${magic}, only 2 is read`, undefined)
  const claimed = bytes.readUInt32BE(batchLayout.crc)
  const actual = crc32c(bytes.subarray(batchLayout.attributes)) >>> 0
  if (claimed !== actual) throw corrupt(baseOffset, `CRC ${claimed} claimed, ${actual} computed`, undefined)
  const attributes = bytes.readInt16BE(batchLayout.attributes)
  const isControl = (attributes & attributeBits.control) !== 0
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(batchLayout.lastOffsetDelta),
    leaderEpoch: bytes.readInt32BE(batchLayout.partitionLeaderEpoch),
    producerId: readInt64(bytes, batchLayout.producerId),
    producerEpoch: bytes.readInt16BE(batchLayout.producerEpoch),
    firstSequence: bytes.readInt32BE(batchLayout.baseSequence),
    maxTimestampMs: readInt64(bytes, batchLayout.maxTimestamp),
    isControl,
    records: isControl ? [] : decodeRecords(bytes, attributes, baseOffset),
  }
}

function decodeRecords(bytes: Buffer, attributes: number, baseOffset: number): FetchedRecord[] {
  const baseTimestamp = readInt64(bytes, batchLayout.baseTimestamp)
  const maxTimestamp = readInt64(bytes, batchLayout.maxTimestamp)
  const isAppendTime = (attributes & attributeBits.logAppendTime) !== 0
  const count = bytes.readInt32BE(batchLayout.recordCount)
  const records: FetchedRecord[] = []
  try {
    const reader = new ByteReader(
      decompress(attributes & attributeBits.compression, bytes.subarray(batchLayout.records)),
    )
    for (let i = 0; i < count; i++) records.push(decodeRecord(reader, baseOffset, baseTimestamp))
  } catch (cause) {
    if (cause instanceof WaybillError) throw cause
    throw corrupt(baseOffset, 'the CRC fits but the records do not parse', cause)
  }
  return isAppendTime ? records.map((record) => ({ ...record, timestampMs: maxTimestamp })) : records
}

function decodeRecord(outer: ByteReader, baseOffset: number, baseTimestamp: number): FetchedRecord {
  const reader = new ByteReader(outer.bytes(outer.varint()))
  reader.int8()
  const timestampMs = baseTimestamp + reader.varlong()
  const offset = baseOffset + reader.varint()
  const key = nullableBytes(reader)
  const value = nullableBytes(reader)
  const headers: Header[] = []
  for (let count = reader.varint(); count > 0; count--) {
    const name = reader.bytes(reader.varint()).toString('utf8')
    // A null header value exists in Kafka; waybill never writes one and shows a foreign one as empty.
    headers.push([name, nullableBytes(reader) ?? new Uint8Array(0)])
  }
  return { offset, timestampMs, key, value, headers }
}

function nullableBytes(reader: ByteReader): Uint8Array | null {
  const length = reader.varint()
  return length < 0 ? null : reader.bytes(length)
}

function corrupt(offset: number, detail: string, cause: unknown): WaybillError {
  return new WaybillError('WB_RECORD_CORRUPT', `record batch at offset ${offset}: ${detail}`, {
    cause,
    facts: { offset },
  })
}
