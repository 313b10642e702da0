import { crc32c } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'
import type { FetchedBatch, FetchedRecord } from '../../ports/broker.js'
import { attributeBits, batchLayout, lengthPrefixBytes, readInt64 } from './batch-layout.js'
import { decodeRecords } from './decode-records.js'
import { decompress } from './decompress.js'

/** A record batch whose CRC fits, its records not decoded yet. */
export interface RawBatch {
  readonly bytes: Buffer
  readonly attributes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly producerId: number
}

/**
 * The record batches in a fetched piece of log, each with its CRC verified. A last batch that is cut off is left out: a fetch
 * answer may end in the middle of one. Throws WB_RECORD_CORRUPT (facts: offset) on a bad CRC.
 */
export function* rawBatches(bytes: Buffer): Generator<RawBatch> {
  for (let at = 0; bytes.length - at >= lengthPrefixBytes; ) {
    const length = bytes.readInt32BE(at + batchLayout.length)
    const offset = readInt64(bytes, at)
    if (length < batchLayout.records - lengthPrefixBytes)
      throw corrupt(offset, `a record batch claims ${length} bytes`, undefined)
    if (at + lengthPrefixBytes + length > bytes.length) return
    yield rawBatch(bytes.subarray(at, at + lengthPrefixBytes + length), offset)
    at += lengthPrefixBytes + length
  }
}

/** As `rawBatches`, decoded. Throws WB_RECORD_CORRUPT also for a batch that does not parse. Keys and values are views on `bytes`. */
export function* decodeBatches(bytes: Buffer): Generator<FetchedBatch> {
  for (const raw of rawBatches(bytes)) yield decodeBatch(raw)
}

function rawBatch(bytes: Buffer, baseOffset: number): RawBatch {
  const magic = bytes.readInt8(batchLayout.magic)
  if (magic !== 2) throw corrupt(baseOffset, `record format ${magic}, only 2 is read`, undefined)
  const claimed = bytes.readUInt32BE(batchLayout.crc)
  const actual = crc32c(bytes.subarray(batchLayout.attributes)) >>> 0
  if (claimed !== actual) throw corrupt(baseOffset, `CRC ${claimed} claimed, ${actual} computed`, undefined)
  return {
    bytes,
    attributes: bytes.readInt16BE(batchLayout.attributes),
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(batchLayout.lastOffsetDelta),
    producerId: readInt64(bytes, batchLayout.producerId),
  }
}

/** The batch with its records; a control batch without them. Throws WB_RECORD_CORRUPT when they do not parse. */
export function decodeBatch(raw: RawBatch): FetchedBatch {
  const { bytes, baseOffset, lastOffset, producerId } = raw
  const isControl = (raw.attributes & attributeBits.control) !== 0
  return {
    baseOffset,
    lastOffset,
    leaderEpoch: bytes.readInt32BE(batchLayout.partitionLeaderEpoch),
    producerId,
    producerEpoch: bytes.readInt16BE(batchLayout.producerEpoch),
    firstSequence: bytes.readInt32BE(batchLayout.baseSequence),
    maxTimestampMs: readInt64(bytes, batchLayout.maxTimestamp),
    isControl,
    records: isControl ? [] : recordsOf(raw),
  }
}

/** The records of a batch. Throws WB_RECORD_CORRUPT when they do not parse. */
export function recordsOf({ bytes, attributes, baseOffset }: RawBatch): FetchedRecord[] {
  const isAppendTime = (attributes & attributeBits.logAppendTime) !== 0
  const base = {
    offset: baseOffset,
    timestampMs: readInt64(bytes, batchLayout.baseTimestamp),
    appendTimeMs: isAppendTime ? readInt64(bytes, batchLayout.maxTimestamp) : undefined,
  }
  try {
    const records = decompress(attributes & attributeBits.compression, bytes.subarray(batchLayout.records))
    return decodeRecords(records, bytes.readInt32BE(batchLayout.recordCount), base)
  } catch (cause) {
    if (cause instanceof WaybillError) throw cause
    throw corrupt(baseOffset, 'the CRC fits but the records do not parse', cause)
  }
}

function corrupt(offset: number, detail: string, cause: unknown): WaybillError {
  return new WaybillError('WB_RECORD_CORRUPT', `record batch at offset ${offset}: ${detail}`, {
    cause,
    facts: { offset },
  })
}
