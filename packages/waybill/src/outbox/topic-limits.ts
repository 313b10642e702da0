import { causeText } from '../model/errors.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { OutboxStore } from '../ports/outbox-store.js'

/** Kafka's default `max.message.bytes`. */
const kafkaDefaultBytes = 1_048_588
const refreshMs = 30_000

/** The topics' size limits as the relay learned them, read from the store, so that `send` can refuse without asking Kafka. */
export class TopicLimits {
  readonly #store: OutboxStore
  readonly #clock: Clock
  readonly #log: Log
  #limits: ReadonlyMap<string, number> = new Map()

  constructor(store: OutboxStore, clock: Clock, log: Log) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /** `max.message.bytes` of the topic, Kafka's default while unknown. */
  of(topic: string): number {
    return this.#limits.get(topic) ?? kafkaDefaultBytes
  }

  async refresh(): Promise<void> {
    const limits = await this.#store.topicLimits()
    this.#limits = new Map(limits.map(({ topic, maxMessageBytes }) => [topic, maxMessageBytes]))
  }

  /** Refreshes every 30 s until `signal` aborts; a failure keeps the old limits. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(refreshMs, signal)
    while (!signal.aborted) {
      try {
        await this.refresh()
      } catch (error) {
        this.#log.warn('topic limits were not read', { cause: causeText(error) })
      }
      await this.#clock.sleep(refreshMs, signal)
    }
  }
}
