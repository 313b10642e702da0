import type { MetadataStore } from './metadata-store.js'

/** Kafka hands ids to brokers in blocks of this size (ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE). */
const BLOCK = 1000

/** Hands out producer ids that were never handed out before, also across crashes and power losses. */
export class ProducerIds {
  readonly #store: MetadataStore
  #next = 0
  #end = 0

  constructor(store: MetadataStore) {
    this.#store = store
  }

  /** A new producer id. Throws the disk error when a new block cannot be written: then no id was handed out. */
  next(): number {
    if (this.#next === this.#end) {
      const start = this.#store.state.nextProducerId
      // On disk first: after a crash the rest of the block is skipped, so no id is ever given twice.
      this.#store.commit({ nextProducerId: start + BLOCK })
      this.#next = start
      this.#end = start + BLOCK
    }
    return this.#next++
  }
}
