import type { RecordBatch } from './record-batch.js'
import { subtractFromSequence } from './record-batch.js'
import { ERROR } from './validation.js'

/** Batches remembered per producer while the broker runs (Kafka: ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
export const BATCHES_KEPT = 5
const EPOCH_NONE = -1
const SEQUENCE_MAX = 0x7fffffff

/** One remembered batch (Kafka: BatchMetadata). */
export interface KeptBatch {
  lastSequence: number
  lastOffset: number
  /** Offsets in the batch minus one. */
  offsetDelta: number
  /** The stored batch's largest timestamp in ms. */
  timestamp: number
}

/** One producer as DescribeProducers shows it; offsets and sequences are -1 when there are none. */
export interface ActiveProducer {
  producerId: bigint
  epoch: number
  lastSequence: number
  lastTimestamp: number
  coordinatorEpoch: number
  currentTxnStartOffset: number
}

interface Entry {
  epoch: number
  lastTimestamp: number
  batches: KeptBatch[]
}

/** One producer in a snapshot: as Kafka's, with the last batch only. */
export interface SnapshotEntry {
  producerId: string
  epoch: number
  lastTimestamp: number
  batch: KeptBatch | null
}

/** Why a batch may not follow what the producer wrote before. */
export interface SequenceProblem {
  errorCode: number
  message: string
}

/**
 * What one partition remembers of its idempotent producers: Kafka's ProducerStateManager without transactions.
 *
 * State of one producer id, and what moves it:
 * - *none*: no batch of it seen, or expired, or forgotten at a restart. Any epoch and any sequence is accepted → *known*.
 * - *known (epoch, last sequence, up to 5 batches)*: the same (epoch, first, last sequence) as a kept batch is a
 *   duplicate; an older epoch is refused; a newer one must start at 0 and forgets the old epoch's batches; the same
 *   epoch must continue the sequence, where 0 follows 2^31-1. Deleting the records does not change it.
 * - *known* → *none*: `expire`, counted from the timestamp of the last appended batch (not from the append), or restart
 *   without that record or a snapshot above it.
 */
export class ProducerState {
  readonly #entries = new Map<bigint, Entry>()

  /** The kept batch that has exactly this batch's epoch and sequences (ProducerStateEntry.findDuplicateBatch). */
  duplicateOf(batch: RecordBatch): KeptBatch | undefined {
    const entry = this.#entries.get(batch.producerId)
    if (entry === undefined || entry.epoch !== batch.producerEpoch) return undefined
    const first = batch.baseSequence
    const last = batch.lastSequence
    return entry.batches.find((kept) => kept.lastSequence === last && firstSequence(kept) === first)
  }

  /** Why `batch` may not be appended now, if so (ProducerAppendInfo.checkProducerEpoch, checkSequence). */
  problemWith(batch: RecordBatch): SequenceProblem | undefined {
    const entry = this.#entries.get(batch.producerId)
    if (entry === undefined || entry.epoch === EPOCH_NONE) return undefined
    const { producerId, producerEpoch: epoch, baseSequence: first } = batch
    if (epoch < entry.epoch) {
      const message = `epoch ${epoch} of producer ${producerId} is older than the last seen epoch ${entry.epoch}`
      return { errorCode: ERROR.invalidProducerEpoch, message }
    }
    if (epoch !== entry.epoch) {
      if (first === 0) return undefined
      const message = `producer ${producerId} starts the new epoch ${epoch} with sequence ${first} instead of 0 (epoch before: ${entry.epoch})`
      return { errorCode: ERROR.outOfOrderSequence, message }
    }
    const last = entry.batches.at(-1)?.lastSequence ?? -1
    if (first === last + 1 || (first === 0 && last === SEQUENCE_MAX)) return undefined
    const message = `out of order sequence of producer ${producerId}: ${first} came, ${last} was the last one`
    return { errorCode: ERROR.outOfOrderSequence, message }
  }

  /** Remembers an appended batch; `baseOffset` and `timestamp` as stored (ProducerStateEntry.addBatch). */
  record(batch: RecordBatch, baseOffset: number, timestamp: number): void {
    let entry = this.#entries.get(batch.producerId)
    if (entry === undefined) {
      entry = { epoch: batch.producerEpoch, lastTimestamp: timestamp, batches: [] }
      this.#entries.set(batch.producerId, entry)
    }
    if (entry.epoch !== batch.producerEpoch) {
      entry.epoch = batch.producerEpoch
      entry.batches.length = 0
    }
    if (entry.batches.length === BATCHES_KEPT) entry.batches.shift()
    const offsetDelta = batch.lastOffsetDelta
    entry.batches.push({
      lastSequence: batch.lastSequence,
      lastOffset: baseOffset + offsetDelta,
      offsetDelta,
      timestamp,
    })
    entry.lastTimestamp = timestamp
  }

  /** Forgets producers whose last batch is `expirationMs` old by its record timestamp (isProducerExpired). */
  expire(nowMs: number, expirationMs: number): void {
    for (const [id, entry] of this.#entries) {
      if (nowMs - entry.lastTimestamp >= expirationMs) this.#entries.delete(id)
    }
  }

  /**
   * Keeps one batch per producer. Every restart of a Kafka broker ends there: a clean one loads a snapshot, which holds
   * the last batch only; an unclean one replays the segments, writes a snapshot and loads that (LogLoader.recoverSegment).
   */
  keepLastOnly(): void {
    for (const entry of this.#entries.values()) entry.batches.splice(0, entry.batches.length - 1)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** In the order first seen. */
  active(): ActiveProducer[] {
    return Array.from(this.#entries, ([producerId, { epoch, lastTimestamp, batches }]) => ({
      producerId,
      epoch,
      lastSequence: batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp,
      coordinatorEpoch: -1,
      currentTxnStartOffset: -1,
    }))
  }

  /** What a snapshot keeps (ProducerStateManager.writeSnapshot): the last batch of every producer. */
  snapshot(): SnapshotEntry[] {
    return Array.from(this.#entries, ([producerId, { epoch, lastTimestamp, batches }]) => ({
      producerId: String(producerId),
      epoch,
      lastTimestamp,
      batch: batches.at(-1) ?? null,
    }))
  }

  load(entries: readonly SnapshotEntry[]): void {
    for (const { producerId, epoch, lastTimestamp, batch } of entries) {
      this.#entries.set(BigInt(producerId), { epoch, lastTimestamp, batches: batch === null ? [] : [batch] })
    }
  }
}

function firstSequence(kept: KeptBatch): number {
  return subtractFromSequence(kept.lastSequence, kept.offsetDelta)
}
