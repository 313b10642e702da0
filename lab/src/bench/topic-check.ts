import { TopicReader } from '../start/topic-reader.js'
import { numberOf } from './work.js'

/** A record as the checker needs it. */
export interface CheckedRecord {
  readonly partition: number
  readonly key: string | null
  readonly value: string | null
}

/** What is wrong with a topic; all zero when nothing is. */
export interface TopicFaults {
  readonly missing: number
  readonly duplicates: number
  /** Records that come after a later one of their key, or in another partition than the key's first. */
  readonly reordered: number
  /** Records that nobody was to send. */
  readonly foreign: number
}

/**
 * Compares the records of a topic, partition by partition in offset order, with messages 1 to `count`, of which each key's were
 * committed in rising order.
 */
export class TopicCheck {
  readonly #count: number
  readonly #seen: Uint8Array
  readonly #last = new Map<string, number>()
  readonly #home = new Map<string, number>()
  #distinct = 0
  #duplicates = 0
  #reordered = 0
  #foreign = 0

  constructor(count: number) {
    this.#count = count
    this.#seen = new Uint8Array(count + 1)
  }

  add({ partition, key, value }: CheckedRecord): void {
    const n = value === null ? -1 : numberOf(value)
    if (n < 1 || n > this.#count || key === null) {
      this.#foreign++
      return
    }
    if (this.#seen[n]) {
      this.#duplicates++
      return
    }
    this.#seen[n] = 1
    this.#distinct++
    const home = this.#home.get(key)
    if (home === undefined) this.#home.set(key, partition)
    if (n < (this.#last.get(key) ?? 0) || (home !== undefined && home !== partition)) this.#reordered++
    this.#last.set(key, n)
  }

  faults(): TopicFaults {
    const { duplicates, reordered, foreign } = {
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      foreign: this.#foreign,
    }
    return { missing: this.#count - this.#distinct, duplicates, reordered, foreign }
  }
}

/** Reads the topic to its end with another client than ours and throws unless it holds messages 1 to `count` once each, in order. */
export async function mustHoldAll(brokers: readonly string[], topic: string, count: number): Promise<void> {
  const reader = new TopicReader(brokers, topic)
  const check = new TopicCheck(count)
  try {
    for (const record of await reader.readAll()) check.add(record)
  } finally {
    await reader.close()
  }
  const faults = check.faults()
  if (Object.values(faults).some((faultCount) => faultCount > 0))
    throw new Error(`topic ${topic} is wrong, its rate does not count: ${JSON.stringify(faults)}`)
}
