import type { AppendRejection, LogConfig } from './log-config.js'
import { HEADER_BYTES, LEGACY_OVERHEAD_MIN, LOG_OVERHEAD, RecordBatch } from './record-batch.js'
import { type RecordShape, unpackRecords, walkRecords } from './records.js'

/** Kafka's error codes that an append can answer with (org.apache.kafka.common.protocol.Errors). */
export const ERROR = {
  corruptMessage: 2,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  invalidTimestamp: 32,
  outOfOrderSequence: 45,
  invalidProducerEpoch: 47,
  invalidTxnState: 48,
  kafkaStorageError: 56,
  invalidRecord: 87,
} as const

/** A batch that passed every check that comes before the producer state. */
export interface ValidBatch {
  kind: 'valid'
  batch: RecordBatch
  /** The batch's largest timestamp in ms: the append time on LogAppendTime topics, else of the records themselves. */
  maxTimestamp: number
}

/** Builds a refusal; nothing was written. */
export function reject(
  errorCode: number,
  message: string,
  recordErrors?: { index: number; message: string }[],
): AppendRejection {
  return recordErrors === undefined
    ? { kind: 'rejected', errorCode, message }
    : { kind: 'rejected', errorCode, message, recordErrors }
}

/**
 * Everything Kafka checks before it looks at the producer's state, in Kafka's order: shape (ProduceRequest
 * .validateRecords), base offset, size, CRC (UnifiedLog.analyzeAndValidateRecords), header, keys, timestamps
 * (LogValidator), segment size (UnifiedLog.append). A repeat of an appended batch can therefore be refused although the
 * first attempt is in the log: measured on Kafka 4.3.1, and the reason why no error ends an uncertain flight.
 */
export function validateBatch(bytes: Uint8Array, config: LogConfig, nowMs: number): ValidBatch | AppendRejection {
  const batch = shapeOf(bytes)
  if (!(batch instanceof RecordBatch)) return batch
  if (batch.baseOffset !== 0) {
    return reject(ERROR.invalidRecord, `the base offset of a produced batch must be 0, but it is ${batch.baseOffset}`)
  }
  if (batch.sizeBytes > config.maxMessageBytes) {
    return reject(
      ERROR.messageTooLarge,
      `the record batch has ${batch.sizeBytes} bytes, max.message.bytes of this topic is ${config.maxMessageBytes}`,
    )
  }
  if (!batch.isCrcValid()) {
    return reject(ERROR.corruptMessage, `the record batch is corrupt: stored crc ${batch.crc}, computed another`)
  }
  const problem = headerProblem(batch)
  if (problem !== undefined) return reject(ERROR.invalidRecord, problem)
  const records = validateRecords(batch, config, nowMs)
  if (records.kind === 'rejected') return records
  if (batch.sizeBytes > config.segmentBytes) {
    return reject(
      ERROR.recordListTooLarge,
      `the record batch has ${batch.sizeBytes} bytes, segment.bytes of this topic is ${config.segmentBytes}`,
    )
  }
  return records
}

/** Exactly one complete batch of the v2 format. */
function shapeOf(bytes: Uint8Array): RecordBatch | AppendRejection {
  if (bytes.length < LOG_OVERHEAD) return reject(ERROR.invalidRecord, 'the records hold no complete record batch')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const declared = buffer.readInt32BE(8)
  if (declared < LEGACY_OVERHEAD_MIN) {
    return reject(ERROR.corruptMessage, `a record batch of ${declared} bytes is less than any record's overhead`)
  }
  const size = declared + LOG_OVERHEAD
  if (size > buffer.length) {
    return reject(ERROR.invalidRecord, `the record batch declares ${size} bytes, but only ${buffer.length} were sent`)
  }
  if (buffer.readInt8(16) !== 2) {
    return reject(ERROR.invalidRecord, `only record batches of magic 2 are accepted, not ${buffer.readInt8(16)}`)
  }
  if (size < buffer.length) {
    return reject(ERROR.invalidRecord, 'exactly one record batch per partition is accepted')
  }
  if (size < HEADER_BYTES) return reject(ERROR.corruptMessage, `a record batch of ${size} bytes has no complete header`)
  return new RecordBatch(buffer)
}

/** LogValidator.validateBatch for a client's append. */
function headerProblem(batch: RecordBatch): string | undefined {
  const { count, lastOffsetDelta } = batch
  if (lastOffsetDelta < 0) return `the batch's last offset delta ${lastOffsetDelta} is negative`
  if (count <= 0) return `the batch declares ${count} records`
  if (lastOffsetDelta + 1 !== count) return `last offset delta ${lastOffsetDelta} does not fit the count ${count}`
  if (batch.isControl) return 'clients may not write control records'
  if (batch.hasProducerId && batch.baseSequence < 0) {
    return `producer ${batch.producerId} sent the invalid sequence ${batch.baseSequence}`
  }
  if (batch.codec === 'unknown') return 'the batch is compressed with a codec that Kafka does not know'
  return undefined
}

interface RecordErrors {
  errors: { index: number; message: string }[]
  anyTimestamp: boolean
}

function validateRecords(batch: RecordBatch, config: LogConfig, nowMs: number): ValidBatch | AppendRejection {
  const found: RecordErrors = { errors: [], anyTimestamp: false }
  let maxTimestamp = -1
  const visit = (record: RecordShape): void => {
    checkRecord(record, batch, config, nowMs, found)
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
  }
  const unpacked = unpackOrProblem(batch)
  if (typeof unpacked === 'string') return reject(ERROR.invalidRecord, unpacked)
  if (unpacked === undefined) {
    // A codec we cannot open: only what the header tells. The first record's timestamp is the base, the newest the maximum.
    visit({ index: 0, timestamp: batch.baseTimestamp, offsetDelta: 0, hasKey: true })
    if (batch.maxTimestamp !== batch.baseTimestamp) {
      visit({ index: batch.count - 1, timestamp: batch.maxTimestamp, offsetDelta: batch.lastOffsetDelta, hasKey: true })
    }
  } else {
    const problem = walkRecords(batch, unpacked, visit)
    if (problem !== undefined) return reject(ERROR.invalidRecord, problem)
  }
  if (found.errors.length > 0) return recordRejection(found)
  return { kind: 'valid', batch, maxTimestamp: config.timestampType === 'LogAppendTime' ? nowMs : maxTimestamp }
}

function unpackOrProblem(batch: RecordBatch): Uint8Array | string | undefined {
  try {
    return unpackRecords(batch)
  } catch (error) {
    return `the ${batch.codec} records cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** LogValidator.validateKey, then validateTimestamp: one error a record. */
function checkRecord(
  record: RecordShape,
  batch: RecordBatch,
  config: LogConfig,
  nowMs: number,
  found: RecordErrors,
): void {
  const { index, timestamp } = record
  if (config.compacted && !record.hasKey) {
    found.errors.push({ index, message: 'a compacted topic does not accept a message without a key' })
    return
  }
  if (config.timestampType === 'CreateTime' && timestamp !== -1) {
    if (nowMs - timestamp > config.timestampBeforeMaxMs || timestamp - nowMs > config.timestampAfterMaxMs) {
      const range = `[${nowMs - config.timestampBeforeMaxMs}, ${nowMs + config.timestampAfterMaxMs}]`
      found.errors.push({ index, message: `the timestamp ${timestamp} is outside the accepted range ${range}` })
      found.anyTimestamp = true
    }
  } else if (batch.isLogAppendTime) {
    found.errors.push({ index, message: 'a producer may not set the timestamp type LogAppendTime' })
    found.anyTimestamp = true
  }
}

/** LogValidator.processRecordErrors: one bad timestamp makes the whole answer INVALID_TIMESTAMP. */
function recordRejection(found: RecordErrors): AppendRejection {
  const { errors } = found
  if (found.anyTimestamp) {
    return reject(ERROR.invalidTimestamp, 'One or more records have been rejected due to invalid timestamp', errors)
  }
  return reject(
    ERROR.invalidRecord,
    `One or more records have been rejected due to ${errors.length} record errors`,
    errors,
  )
}
