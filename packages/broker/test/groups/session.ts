import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { creatableTopic, createTopicsRequest } from '../../src/generated/create-topics-request.js'
import { deleteTopicState, deleteTopicsRequest } from '../../src/generated/delete-topics-request.js'
import * as messages from '../../src/generated/messages.js'
import { metadataRequest, metadataRequestTopic } from '../../src/generated/metadata-request.js'
import { offsetFetchRequest, offsetFetchRequestGroup } from '../../src/generated/offset-fetch-request.js'
import type { Codec } from '../../src/protocol/codec.js'
import { RawClient } from '../raw-client.js'

/** One question with its answer, ids replaced by names. */
export interface Line {
  readonly asked: string
  readonly answer: unknown
}

/** The broker settings under which the scripts run, ours and Kafka's. */
const SCRIPT_CONFIGS: Readonly<Record<string, string>> = {
  'group.consumer.session.timeout.ms': '4000',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.assignment.interval.ms': '0',
  'group.initial.rebalance.delay.ms': '0',
}

/** What a real Kafka needs besides to take them, and to keep the two group protocols apart as this broker does. */
const REAL_KAFKA_CONFIGS: Readonly<Record<string, string>> = {
  ...SCRIPT_CONFIGS,
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.migration.policy': 'disabled',
}

const deadlineMs = 20_000
/** A coordinator that is still being set up. */
const notReady = new Set([14, 15, 16])

type Answer = Record<string, unknown> & { errorCode?: number }

/** Talks to one broker in any number of connections and writes down what it answers. */
export class Session {
  static readonly configs: Readonly<Record<string, string>> = SCRIPT_CONFIGS
  static readonly realKafkaConfigs: Readonly<Record<string, string>> = REAL_KAFKA_CONFIGS
  readonly lines: Line[] = []
  readonly #port: number
  readonly #settleMs: number
  readonly #clients = new Map<string, RawClient>()
  readonly #names = new Map<string, string>()

  /** `settleMs`: Kafka tells its coordinator of a new topic a moment after it tells clients, and nothing says when. */
  constructor(port: number, settleMs = 0) {
    this.#port = port
    this.#settleMs = settleMs
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }

  /** Makes a topic and answers its id. */
  async topic(name: string, numPartitions: number): Promise<string> {
    const topic = creatableTopic({ name, numPartitions, replicationFactor: 1 })
    await this.quietly('CreateTopics', 7, createTopicsRequest({ topics: [topic], timeoutMs: 5000 }))
    for (const late = Date.now() + deadlineMs; ; ) {
      const wanted = metadataRequest({ topics: [metadataRequestTopic({ name })], allowAutoTopicCreation: false })
      const answer = (await this.quietly('Metadata', 12, wanted)) as unknown as {
        topics: { topicId: string; errorCode: number; partitions: { errorCode: number }[] }[]
      }
      const [found] = answer.topics
      if (found?.errorCode === 0 && found.partitions.every((p) => p.errorCode === 0)) {
        this.name(found.topicId, `<id of ${name}>`)
        await sleep(this.#settleMs)
        return found.topicId
      }
      if (Date.now() > late) throw new Error(`topic ${name} is not there`)
      await sleep(20)
    }
  }

  async deleteTopic(name: string): Promise<void> {
    const topics = [deleteTopicState({ name })]
    await this.quietly('DeleteTopics', 6, deleteTopicsRequest({ topics, timeoutMs: 5000 }))
  }

  /** Waits until the coordinator of a group answers. */
  async ready(group: string): Promise<void> {
    const groups = [offsetFetchRequestGroup({ groupId: group, topics: null })]
    for (const late = Date.now() + deadlineMs; ; ) {
      await this.quietly('FindCoordinator', 4, { key: '', keyType: 0, coordinatorKeys: [group] })
      const answer = await this.quietly('OffsetFetch', 8, offsetFetchRequest({ groups }))
      const code = (answer as unknown as { groups: { errorCode: number }[] }).groups[0]?.errorCode ?? 0
      if (!notReady.has(code)) return
      if (Date.now() > late) throw new Error(`the coordinator of ${group} answers ${code}`)
      await sleep(50)
    }
  }

  /** A random id is written down as this name. */
  name(id: string, name: string): void {
    if (id !== '') this.#names.set(id, name)
  }

  /** An id as a client makes one. */
  id(name: string): string {
    const id = randomUUID()
    this.name(id, `<${name}>`)
    return id
  }

  /** Asks and writes the answer down. `on`: which connection; a request that waits needs one of its own. */
  async ask<T extends object>(what: string, api: string, version: number, request: object, on = 'main'): Promise<T> {
    const answer = await this.quietly(api, version, request, on)
    this.lines.push({ asked: `${what}: ${api} ${version}`, answer: this.#plain(answer) })
    return answer as unknown as T
  }

  /** Asks again and again until the answer is as wanted; only that one is written down. */
  async until<T extends object>(
    what: string,
    api: string,
    version: number,
    request: () => object,
    holds: (answer: T) => boolean,
  ): Promise<T> {
    for (const late = Date.now() + deadlineMs; ; ) {
      const answer = (await this.quietly(api, version, request())) as unknown as T
      if (holds(answer)) {
        this.lines.push({ asked: `${what}: ${api} ${version}`, answer: this.#plain(answer) })
        return answer
      }
      if (Date.now() > late)
        throw new Error(`${what}: not within ${deadlineMs} ms, at last ${JSON.stringify(this.#plain(answer))}`)
      await sleep(50)
    }
  }

  /** Asks and writes nothing down. */
  async quietly(api: string, version: number, request: object, on = 'main'): Promise<Answer> {
    const client = this.#clients.get(on) ?? (await RawClient.connect(this.#port))
    this.#clients.set(on, client)
    client.send(codec(`${api}Request`), version, request)
    return (await client.receive(codec(`${api}Response`), version)).message as Answer
  }

  /** Without ids, and with lists that have no order in the protocol in one order. */
  #plain(value: unknown): unknown {
    if (typeof value === 'bigint') return Number(value)
    if (typeof value === 'string') return this.#named(value)
    if (Buffer.isBuffer(value)) return value.toString('latin1')
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#plain(item))
      return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    }
    if (typeof value !== 'object' || value === null) return value
    const fields = Object.entries(value).filter(([name]) => name !== 'throttleTimeMs')
    return Object.fromEntries(fields.map(([name, v]) => [name, name === 'port' ? '<port>' : this.#plain(v)]))
  }

  #named(text: string): string {
    let named = text
    for (const [id, name] of this.#names) named = named.replaceAll(id, name)
    return named
  }
}

function codec(name: string): Codec<object> {
  const found = Object.values(messages).find((c) => typeof c === 'object' && c.name === name)
  if (typeof found !== 'object') throw new Error(`no codec ${name}`)
  return found
}
