import { WaybillError } from '../model/errors.js'
import type { ConsumeContext } from './consume-context.js'

const everyMs = 30_000
/** A look that takes longer is left alone; the next one asks again. */
const lookMsMax = 10_000

/**
 * Says when a topic of this consumer does not exist: the group assigns nothing of it, without a word, so a slip of the pen would
 * look like a topic without messages. Looks when the consumer has joined and then every 30 s; each topic is told once, and
 * once more when it is there.
 */
export class TopicWatch<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #missing = new Set<string>()

  constructor(context: ConsumeContext<Tx>) {
    this.#context = context
  }

  /** Runs until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const topic of this.#context.topics) await this.#look(topic, signal)
      await this.#context.clock.sleep(everyMs, signal)
    }
  }

  async #look(topic: string, signal: AbortSignal): Promise<void> {
    const { kafka, clock, group, log } = this.#context
    // Not the topic's description: its settings take a right that a consumer does without, and their absence is told as a fault. A
    // Kafka that is down, or a missing right, says nothing about the topic.
    const asked = kafka.offsets(topic, 0).then(
      () => 'there',
      (error: unknown) => (error instanceof WaybillError && error.code === 'WB_TOPIC_UNKNOWN' ? 'missing' : 'unknown'),
    )
    const answer = await Promise.race([asked, clock.sleep(lookMsMax, signal)])
    if (answer === 'missing' && !this.#missing.has(topic)) {
      this.#missing.add(topic)
      log.warn(`topic ${topic} does not exist: create it, or correct the name; nothing of it is read until then`, {
        group,
      })
    }
    if (answer === 'there' && this.#missing.delete(topic)) log.info(`topic ${topic} is there now`, { group })
  }
}
