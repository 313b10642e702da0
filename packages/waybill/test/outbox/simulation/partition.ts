/** One record of the simulated log. */
export interface SimRecord {
  readonly offset: number
  readonly messageId: string
  readonly key: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly baseOffset: number
  readonly stampMs: number
  readonly headers: readonly (readonly [string, Uint8Array])[]
}

/** A batch to append. */
export interface SimBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly stampMs: number
  readonly records: readonly Pick<SimRecord, 'messageId' | 'key' | 'headers'>[]
}

interface Entry {
  epoch: number
  lastStampMs: number
  batches: { first: number; last: number; baseOffset: number; stampMs: number }[]
}

/** What Kafka answers. */
export type SimAnswer =
  | { readonly kind: 'acked'; readonly baseOffset: number; readonly appendTimeMs: number }
  | { readonly kind: 'error'; readonly code: string }

/**
 * A partition with Kafka's idempotence rules as measured on 4.3.1 (reference/identity): the last five batches of a
 * producer are remembered, only the last after a restart; an unknown producer may start anywhere; expiry counts from the
 * newest record's timestamp. Written apart from `@waybill/broker` and from the engine.
 */
export class SimPartition {
  readonly log: SimRecord[] = []
  leaderEpoch = 0
  readonly #producers = new Map<number, Entry>()

  append(batch: SimBatch, brokerNowMs: number, expirationMs: number): SimAnswer {
    for (const [id, entry] of this.#producers)
      if (brokerNowMs - entry.lastStampMs > expirationMs) this.#producers.delete(id)
    const first = batch.firstSequence
    const last = first + batch.records.length - 1
    const entry = this.#producers.get(batch.producerId)
    if (entry) {
      const known =
        entry.epoch === batch.producerEpoch && entry.batches.find((b) => b.first === first && b.last === last)
      if (known) return { kind: 'acked', baseOffset: known.baseOffset, appendTimeMs: known.stampMs }
      if (batch.producerEpoch < entry.epoch) return { kind: 'error', code: 'INVALID_PRODUCER_EPOCH' }
      const expected = batch.producerEpoch > entry.epoch ? 0 : (entry.batches.at(-1)?.last ?? -1) + 1
      if (first !== expected) return { kind: 'error', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
    }
    const baseOffset = this.log.length
    const { producerId, producerEpoch, firstSequence, stampMs } = batch
    for (const record of batch.records)
      this.log.push({
        ...record,
        offset: this.log.length,
        producerId,
        producerEpoch,
        firstSequence,
        baseOffset,
        stampMs,
      })
    const fresh = entry && entry.epoch === producerEpoch ? entry : { epoch: producerEpoch, lastStampMs: 0, batches: [] }
    fresh.lastStampMs = stampMs
    fresh.batches = [...fresh.batches, { first, last, baseOffset, stampMs }].slice(-5)
    this.#producers.set(producerId, fresh)
    return { kind: 'acked', baseOffset, appendTimeMs: -1 }
  }

  /** The process ends and comes back: only the last batch of each producer is remembered. */
  restart(): void {
    this.leaderEpoch++
    for (const entry of this.#producers.values()) entry.batches = entry.batches.slice(-1)
  }
}
