import { batchesIn, decodeKeyValues, encodeKeyValues } from '../log/key-value-batch.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import type { Partition } from '../topics/partition.js'
import { type CoordinatorRecord, decodeRecord, encodeRecord } from './coordinator-record.js'

/** Bytes read at once while the log is replayed. */
const READ_BYTES = 4 * 1024 * 1024
/** Records per batch of a snapshot: well below max.message.bytes unless every metadata string is at its limit. */
const SNAPSHOT_BATCH = 100

/**
 * The log behind the coordinator: partition 0 of the topic __consumer_offsets, in Kafka's own record format. It lies in the
 * same page cache as every other topic, so a power loss takes the commits that were not flushed, as it does in Kafka.
 */
export class GroupLog {
  readonly #partition: Partition
  readonly #now: () => number

  constructor(partition: Partition, now: () => number) {
    this.#partition = partition
    this.#now = now
  }

  /** Appends the records as one batch: all of them are in the log afterwards, or an ApiError says why none is. */
  append(records: readonly CoordinatorRecord[]): void {
    if (records.length === 0) return
    const { log, leaderEpoch } = this.#partition
    const result = log.append(encodeKeyValues(records.map(encodeRecord), this.#now()), leaderEpoch)
    this.#partition.changed()
    if (result.kind === 'rejected') throw new ApiError(coordinatorError(result.errorCode), result.message)
  }

  /** Every record from the log's start on, in order. Records of a type nobody here knows are skipped. */
  *replay(): Iterable<CoordinatorRecord> {
    const { log } = this.#partition
    for (let offset = log.startOffset; offset < log.endOffset; ) {
      const read = log.read(offset, READ_BYTES)
      if (read.kind === 'out-of-range') throw new Error(`bug: offset ${offset} of the group log is not in it`)
      for (const batch of batchesIn(read.bytes)) {
        offset = batch.lastOffset + 1
        for (const entry of decodeKeyValues(batch)) {
          const record = decodeRecord(entry)
          if (record) yield record
        }
      }
    }
  }

  /** Bytes on disk, as far as they can still be read. */
  get sizeBytes(): number {
    return this.#partition.log.sizeBytes
  }

  /**
   * What Kafka's log cleaner is for: writes the present state behind the log's end and moves the log's start there. A crash
   * in between leaves the state twice, which reads as once. The start moves only when the snapshot is flushed: a power loss
   * must never find neither.
   */
  compact(snapshot: Iterable<CoordinatorRecord>): void {
    const { log } = this.#partition
    const start = log.endOffset
    let batch: CoordinatorRecord[] = []
    for (const record of snapshot) {
      batch.push(record)
      if (batch.length < SNAPSHOT_BATCH) continue
      this.append(batch)
      batch = []
    }
    this.append(batch)
    log.flush()
    log.deleteRecords(start)
    log.enforceRetention()
  }
}

/** What a client is told when the coordinator's log refuses (Kafka: CoordinatorOperationExceptionHelper). */
function coordinatorError(code: number): number {
  if (code === ErrorCode.KAFKA_STORAGE_ERROR) return ErrorCode.NOT_COORDINATOR
  return ErrorCode.UNKNOWN_SERVER_ERROR
}
