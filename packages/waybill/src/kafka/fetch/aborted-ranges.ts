import { attributeBits } from '../records/batch-layout.js'
import { type RawBatch, recordsOf } from '../records/decode-batches.js'
import type { AbortedTransaction } from './fetch-api.js'

const abortMarker = 0

/**
 * Tells which batches of one answer belong to aborted transactions, as Kafka's own consumer does (`CompletedFetch`): a
 * producer's batches are hidden from the first offset the broker names to its next abort marker. To be asked in log order, once
 * for every batch.
 */
export class AbortedRanges {
  readonly #waiting: AbortedTransaction[]
  readonly #producers = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Whether this batch is not to be delivered: aborted, or a control batch. */
  hides(batch: RawBatch): boolean {
    for (let next = this.#waiting.at(-1); next && next.firstOffset <= batch.lastOffset; next = this.#waiting.at(-1)) {
      this.#producers.add(next.producerId)
      this.#waiting.pop()
    }
    if ((batch.attributes & attributeBits.control) !== 0) {
      if (this.#producers.has(batch.producerId) && isAbort(batch)) this.#producers.delete(batch.producerId)
      return true
    }
    return (batch.attributes & attributeBits.transactional) !== 0 && this.#producers.has(batch.producerId)
  }
}

/** A control record's key: version, then type. */
function isAbort(batch: RawBatch): boolean {
  const key = recordsOf(batch)[0]?.key
  return key !== null && key !== undefined && key.length >= 4 && Buffer.from(key).readInt16BE(2) === abortMarker
}
