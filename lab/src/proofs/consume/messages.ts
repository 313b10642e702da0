import { randomBytes } from 'node:crypto'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { type Content, keys, partitions, perRequest } from './scene.js'

/** Any number that no broker hands out so soon. */
const producerId = 4_000_000_000

/** What to send, beside how many. */
export interface Sending {
  /** Milliseconds between two requests. */
  readonly pauseMs?: number
}

/**
 * The foreign producer (kafkajs, acks=all, idempotent): numbers its messages, spreads them over the keys, and waits for the
 * broker's receipt. With `headers` each record carries the header that waybill's relay would have given it, so that the inbox
 * knows the message by its id; without, the inbox knows it by its place.
 */
export class Messages {
  readonly #topic: string
  readonly #kafka: Kafka
  #producer: Producer
  readonly #headers: boolean
  readonly #sequences = new Map<number, number>()
  #connected: Promise<void> | undefined
  #number = 0

  constructor(brokers: readonly string[], topic: string, headers: boolean) {
    const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 60 }
    this.#kafka = new Kafka({ clientId: 'proof-producer', brokers: [...brokers], logLevel: logLevel.NOTHING, retry })
    this.#topic = topic
    this.#headers = headers
    this.#producer = this.#make()
  }

  /** Another producer goes on: the broker may have lost what it knew of this one's sequences. */
  async renew(): Promise<void> {
    await this.close()
    this.#connected = undefined
    this.#producer = this.#make()
  }

  /** How many were sent so far. */
  get count(): number {
    return this.#number
  }

  /** Sends so many messages; resolves when the broker has acknowledged them all. */
  async send(count: number, { pauseMs = 0 }: Sending = {}): Promise<void> {
    this.#connected ??= this.#producer.connect()
    await this.#connected
    for (let left = count; left > 0; left -= perRequest) {
      const messages = Array.from({ length: Math.min(left, perRequest) }, () => this.#next())
      await this.#producer.send({ topic: this.#topic, acks: -1, messages })
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  async close(): Promise<void> {
    if (this.#connected) await this.#producer.disconnect()
  }

  #make(): Producer {
    return this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
  }

  #next(): { key: string; value: string; partition: number; headers: Record<string, string> } {
    const at = this.#number++ % keys.length
    const content: Content = { number: this.#number, key: keys[at] ?? '' }
    const partition = at % partitions
    const headers = this.#headers ? { waybill: this.#header(partition) } : {}
    return { key: content.key, value: JSON.stringify(content), partition, headers }
  }

  /** `01-<source>-<lane>-<producer id>.<producer epoch>-<sequence>-<message id>`, see the README. */
  #header(partition: number): string {
    const sequence = this.#sequences.get(partition) ?? 0
    this.#sequences.set(partition, sequence + 1)
    const time = Date.now().toString(16).padStart(12, '0')
    return `01-proof-${partition}-${producerId}.0-${sequence}-${time}7${randomBytes(10).toString('hex').slice(0, 3)}8${randomBytes(10).toString('hex').slice(0, 15)}`
  }
}
