// What is committed goes to Kafka at once, from memory: no outbox, no promise. The limit of any relay's latency on this machine.
import { type Kafka, kafka, type ProduceBatch, type TopicView } from 'waybill/kafka'
import { keyOf, valueOf } from './work.js'

const timeoutMs = 30_000

/** Sends records by the wire adapter alone: one request under way per leader, with all that came meanwhile. */
export class DirectSender {
  readonly #port: Kafka
  readonly #view: TopicView
  readonly #producerId: number
  readonly #failed: (error: unknown) => void
  readonly #waiting: number[][]
  readonly #sequences: number[]
  readonly #busy = new Map<number, Promise<void>>()

  private constructor(port: Kafka, view: TopicView, producerId: number, failed: (error: unknown) => void) {
    this.#port = port
    this.#view = view
    this.#producerId = producerId
    this.#failed = failed
    this.#waiting = view.partitions.map(() => [])
    this.#sequences = view.partitions.map(() => 0)
  }

  /** Connects. `failed` is called when anything was not acknowledged. */
  static async open(
    brokers: readonly string[],
    topic: string,
    failed: (error: unknown) => void,
  ): Promise<DirectSender> {
    const port = kafka({ brokers })
    const view = await port.describeTopic(topic)
    if (!view) throw new Error(`no topic ${topic}`)
    return new DirectSender(port, view, await port.initProducerId(), failed)
  }

  /** Sends message `n` as soon as its leader is free. */
  send(n: number): void {
    const partition = n % this.#view.partitions.length
    this.#waiting[partition]?.push(n)
    const leader = this.#view.partitions[partition]?.leader ?? -1
    if (this.#busy.has(leader)) return
    const pushing = this.#push(leader).catch(this.#failed)
    this.#busy.set(
      leader,
      pushing.finally(() => this.#busy.delete(leader)),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#busy.values())
    await this.#port.close()
  }

  async #push(leader: number): Promise<void> {
    for (;;) {
      const batches = this.#view.partitions.flatMap((place, partition) =>
        place.leader === leader ? this.#batch(partition) : [],
      )
      if (batches.length === 0) return
      const sendBeforeMs = Number.POSITIVE_INFINITY
      const outcomes = await this.#port.produce({ pipeline: 0, leader, batches, timeoutMs, sendBeforeMs })
      for (const outcome of outcomes)
        if (outcome.kind !== 'acked') throw new Error(`not acknowledged: ${JSON.stringify(outcome)}`)
    }
  }

  #batch(partition: number): ProduceBatch[] {
    const waiting = this.#waiting[partition]?.splice(0) ?? []
    if (waiting.length === 0) return []
    const firstSequence = this.#sequences[partition] ?? 0
    this.#sequences[partition] = firstSequence + waiting.length
    const { topic, topicId } = this.#view
    const records = waiting.map((n) => ({ key: Buffer.from(keyOf(n)), value: Buffer.from(valueOf(n)), headers: [] }))
    const producer = { producerId: this.#producerId, producerEpoch: 0, firstSequence }
    return [{ topic, topicId, partition, ...producer, stampMs: Date.now(), records }]
  }
}
