import { crc32c } from '@platformatic/kafka'
import type { AbortedTransaction, Fetched } from '../../../src/kafka/fetch/fetch-api.js'
import { attributeBits, batchLayout, writeInt64 } from '../../../src/kafka/records/batch-layout.js'
import { BatchEncoder } from '../../../src/kafka/records/encode-batch.js'

/** What one batch is. */
export interface Written {
  readonly baseOffset: number
  readonly values: readonly (string | Buffer)[]
  readonly producerId?: number
  readonly isTransactional?: boolean
  /** A marker: its key says how the transaction ended. */
  readonly marker?: 'commit' | 'abort'
  readonly leaderEpoch?: number
}

/** A record batch as a broker stores it. */
export function batch({
  baseOffset,
  values,
  producerId = -1,
  isTransactional,
  marker,
  leaderEpoch = 0,
}: Written): Buffer {
  const identity = { topic: 't', topicId: '', partition: 0, producerId, producerEpoch: 0, firstSequence: 0, stampMs: 1 }
  const key = marker === undefined ? null : Buffer.from([0, 0, 0, marker === 'commit' ? 1 : 0])
  const records = values.map((value) => ({ key, value: Buffer.from(value), headers: [] }))
  const bytes = Buffer.from(new BatchEncoder().encode({ ...identity, records }))
  writeInt64(bytes, baseOffset, batchLayout.baseOffset)
  bytes.writeInt32BE(leaderEpoch, batchLayout.partitionLeaderEpoch)
  const attributes = (isTransactional ? attributeBits.transactional : 0) | (marker ? attributeBits.control : 0)
  bytes.writeInt16BE(attributes, batchLayout.attributes)
  bytes.writeUInt32BE(crc32c(bytes.subarray(batchLayout.attributes)) >>> 0, batchLayout.crc)
  return bytes
}

/** An answer for one partition. */
export function fetched(batches: readonly Buffer[], aborted: readonly AbortedTransaction[] = []): Fetched {
  const records = Buffer.concat(batches)
  return { errorCode: 0, highWatermark: 1000, logStart: 0, aborted, diverging: undefined, records }
}
