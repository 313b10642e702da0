import type { TestContext } from 'node:test'
import { Producer } from '@platformatic/kafka'
import { type Broker, createBroker } from '@waybill/broker'
import {
  type ConsumeOptions,
  type RunningConsumer,
  type Waybill,
  type WaybillEvent,
  createWaybill,
  silentLog,
} from 'waybill'
import { type FetchedRecord, type Kafka, kafka } from 'waybill/kafka'
import { type Ended, runHere, startWaybill } from './daemon.js'

/** The topic and group of every test. */
export const topic = 'orders'
export const group = 'billing'
export const deadTopic = 'orders.billing.dead'

const sessionTimeoutMs = '1500'
const configs = {
  'group.consumer.session.timeout.ms': sessionTimeoutMs,
  'group.consumer.heartbeat.interval.ms': '300',
}

/** A record to send. */
export interface Given {
  readonly topic?: string
  readonly partition?: number
  readonly key?: string
  readonly value: string
  readonly headers?: readonly (readonly [string, string])[]
}

/** What a letter says. */
export interface Buried {
  readonly deadTopic: string
  readonly deadPartition: number
  readonly from: string
  readonly partition: number
  readonly offset: number
  readonly group: string
  readonly error: string
  readonly message: string
  readonly key: string
  readonly value: string
  readonly headers: readonly (readonly [string, string])[]
}

function letterDefaults(at: number): Buried {
  return {
    ...{ deadTopic, deadPartition: 0, from: topic, partition: 0, offset: at, group, key: `key-${at}`, value: `v${at}` },
    ...{ error: 'Error', message: 'poison', headers: [] },
  }
}

function buried({ deadTopic: to, deadPartition, key, value, headers, ...origin }: Buried): Given {
  const facts = {
    ...{ topic: origin.from, partition: origin.partition, offset: origin.offset, timestamp: 1_700_000_000_000 },
    ...{ group: origin.group, attempts: 5, error: origin.error, message: origin.message },
  }
  const dead = Object.entries(facts).map(([name, fact]) => [`waybill-dead-${name}`, String(fact)] as const)
  return { topic: to, partition: deadPartition, key, value, headers: [...headers, ...dead] }
}

type OneByOne = Extract<ConsumeOptions<unknown>, { handle: unknown }>
type Consume = Partial<OneByOne> & Pick<OneByOne, 'handle'>

/** A cluster, what an application does with it, and the command line. Everything goes when the test ends. */
export class GroupStage {
  readonly bootstrap: string
  readonly port: Kafka
  readonly #ends: (() => Promise<unknown>)[] = []

  /** `end` closes the cluster, after all that uses it. */
  constructor(t: TestContext, bootstrap: string, end: () => Promise<unknown> = () => Promise.resolve()) {
    this.bootstrap = bootstrap
    this.port = kafka({ brokers: [bootstrap] }, { log: silentLog })
    this.#ends.push(end, () => this.port.close())
    t.after(async () => {
      for (const each of this.#ends.reverse()) await each()
    })
  }

  /** Runs when the test ends, before what was there before. */
  atEnd(end: () => Promise<unknown>): void {
    this.#ends.push(end)
  }

  /** On an embedded broker of its own. */
  static async open(t: TestContext, partitions = 1): Promise<{ readonly stage: GroupStage; readonly broker: Broker }> {
    const broker = await createBroker({ configs, topics: [{ name: topic, partitions }] })
    return { stage: new GroupStage(t, broker.bootstrap, () => broker.close()), broker }
  }

  /** Runs `waybill group …` on this cluster, in this process. */
  run(...args: readonly string[]): Promise<Ended> {
    return runHere(['group', ...args], { WAYBILL_BROKERS: this.bootstrap })
  }

  /** Starts it; the caller may kill it. */
  start(...args: readonly string[]): ReturnType<typeof startWaybill> {
    return startWaybill(['group', ...args], { WAYBILL_BROKERS: this.bootstrap })
  }

  /** Runs it with `-o json` and gives what it printed; fails unless it ended with one of these codes. */
  async json<T>(args: readonly string[], codes: readonly number[] = [0]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, '-o', 'json')
    if (code === null || !codes.includes(code)) throw new Error(`exit code ${code}: ${stderr}${stdout}`)
    return JSON.parse(stdout) as T
  }

  /** Puts letters into the dead-letter topic, as a consumer of `orders` would. */
  async bury(count: number, over: (at: number) => Partial<Buried> = () => ({})): Promise<void> {
    const letters = Array.from({ length: count }, (_, at) => ({ ...letterDefaults(at), ...over(at) }))
    await this.send(letters.map(buried))
  }

  async createTopic(name: string, partitions = 1, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.port.createTopics([{ topic: name, partitions, replicationFactor: 1, configs: settings }])
  }

  /** Sends records as they are. */
  async send(records: readonly Given[]): Promise<void> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [this.bootstrap] })
    try {
      const messages = records.map(({ key, value, headers = [], ...place }) => ({
        topic,
        partition: 0,
        ...place,
        ...(key !== undefined && { key: Buffer.from(key) }),
        value: Buffer.from(value),
        headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      }))
      await producer.send({ acks: -1, messages })
    } finally {
      await producer.close()
    }
  }

  /** A consumer without inbox. */
  async consume(given: Consume): Promise<{
    readonly running: RunningConsumer
    readonly events: readonly WaybillEvent[]
    readonly waybill: Waybill<unknown>
  }> {
    const events: WaybillEvent[] = []
    const own = createWaybill({
      brokers: [this.bootstrap],
      log: silentLog,
      onEvent: (event: WaybillEvent) => events.push(event),
    })
    this.atEnd(() => own.stop())
    await own.start()
    const quick = { backoffMinMs: 5, backoffMaxMs: 50, commitMs: 50, drainMs: 1_000 }
    const running = await own.consume({ group, topics: [topic], ...quick, ...given })
    running.closed.catch(() => undefined)
    return { running, events, waybill: own }
  }

  /** All records of a topic, by partition and offset. */
  async records(name: string): Promise<readonly FetchedRecord[]> {
    const view = await this.port.describeTopic(name, { fresh: true })
    const all: FetchedRecord[] = []
    for (const { partition } of view?.partitions ?? []) {
      const { logStart, highWatermark } = await this.port.offsets(name, partition)
      for await (const batch of this.port.read(name, partition, logStart, highWatermark)) all.push(...batch.records)
    }
    return all
  }
}
