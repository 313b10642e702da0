import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Connection, Producer, joinGroupV9, offsetCommitV9, offsetFetchV9 } from '@platformatic/kafka'
import { type Broker, type BrokerFaults, createBroker } from '@waybill/broker'
import Database from 'libsql'
import {
  type ConsumeOptions,
  type ReceivedMessage,
  type RunningConsumer,
  type Waybill,
  type WaybillEvent,
  type WaybillOptions,
  createWaybill,
  silentLog,
} from 'waybill'
import { type FetchedRecord, type Kafka, kafka } from 'waybill/kafka'
import { type SqliteHandle, fromSqlite, sqlite } from 'waybill/sqlite'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import { Admin } from '../contract/admin.js'
import { TopicReader } from '../../src/start/topic-reader.js'

/** The topic of every test; one partition unless told. */
export const topic = 'orders'
/** The group of every test. */
export const group = 'billing'
/** Where its dead letters go; not there before a test creates it. */
export const deadTopic = 'orders.billing.dead'
/** The broker's session timeout. */
export const sessionTimeoutMs = 1_500

const brokerConfigs = {
  'group.consumer.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.heartbeat.interval.ms': '300',
  'group.min.session.timeout.ms': '1000',
  'group.initial.rebalance.delay.ms': '0',
}
const busyTimeoutMs = 500
/** Settings for tests: no long waits. */
export const quick = { backoffMinMs: 5, backoffMaxMs: 50, commitMs: 50, drainMs: 1_000 } as const

type WithoutPlace<Options> = Options extends unknown ? Omit<Options, 'group' | 'topics'> : never
type Given = WithoutPlace<ConsumeOptions<SqliteHandle>> & { readonly topics?: readonly string[] }

/** A consumer at work, and what it reported. */
export interface Working {
  readonly running: RunningConsumer
  readonly events: readonly WaybillEvent[]
}

/** A record to send. */
export interface SentRecord {
  /** That of the key unless told. */
  readonly partition?: number
  readonly key: Buffer
  readonly value: Buffer
  readonly headers?: readonly (readonly [Buffer, Buffer])[]
}

/** An embedded broker, a topic and a board: everything that a consumer needs. Goes when the test ends. */
export class Stage {
  readonly board: Database.Database
  readonly #broker: Broker
  readonly #file: string
  readonly #t: TestContext

  private constructor(t: TestContext, broker: Broker, file: string) {
    this.#t = t
    this.#broker = broker
    this.#file = file
    this.board = connect(file)
    this.board.exec('CREATE TABLE effect (seq INTEGER PRIMARY KEY, value TEXT NOT NULL)')
  }

  static async open(t: TestContext, partitions = 1): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-consume-test-'))
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const broker = await createBroker({ configs: brokerConfigs, topics: [{ name: topic, partitions }] })
    t.after(() => broker.close())
    const stage = new Stage(t, broker, join(folder, 'board.db'))
    t.after(() => stage.board.close())
    return stage
  }

  /** Sends values, each under its own key unless told, to the partition of the key unless told. */
  async send(
    values: readonly string[],
    keyOf: (value: string) => string = (value) => value,
    partition?: number,
    to: string = topic,
  ): Promise<void> {
    const place = partition === undefined ? {} : { partition }
    await this.sendBytes(
      values.map((value) => ({ key: Buffer.from(keyOf(value)), value: Buffer.from(value), ...place })),
      to,
    )
  }

  /** Sends records as they are. */
  async sendBytes(records: readonly SentRecord[], to: string = topic): Promise<void> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [this.#broker.bootstrap] })
    try {
      const messages = records.map(({ headers = [], ...record }) => ({
        topic: to,
        ...record,
        headers: new Map(headers),
      }))
      await producer.send({ acks: -1, messages })
    } finally {
      await producer.close()
    }
  }

  /** A consumer with the inbox on the board, in an instance of its own. Stopped when the test ends. */
  async consume(given: Given, options: Partial<WaybillOptions<SqliteHandle>> = {}): Promise<Working> {
    const { waybill, events } = await this.start(options)
    const running = await waybill.consume({ group, topics: [topic], inbox: true, ...quick, ...given })
    // Each test looks at it in its own time.
    running.closed.catch(() => undefined)
    return { running, events }
  }

  /** An instance that has begun, and what it reports. Stopped when the test ends. */
  async start(
    options: Partial<WaybillOptions<SqliteHandle>> = {},
  ): Promise<{ readonly waybill: Waybill<SqliteHandle>; readonly events: readonly WaybillEvent[] }> {
    const events: WaybillEvent[] = []
    const waybill: Waybill<SqliteHandle> = createWaybill({
      brokers: [this.#broker.bootstrap],
      store: sqlite(connect(this.#file)),
      transactions: fromSqlite(this.board, { busyTimeoutMs }),
      log: silentLog,
      onEvent: (event) => events.push(event),
      ...options,
    })
    this.#t.after(() => waybill.stop())
    await waybill.start()
    return { waybill, events }
  }

  /** Lost answers and the like. */
  get faults(): BrokerFaults {
    return this.#broker.faults
  }

  /** Creates a topic of one partition. */
  async createTopic(name: string): Promise<void> {
    const port = this.#port()
    await port.createTopics([{ topic: name, partitions: 1, replicationFactor: 1 }])
    await port.close()
  }

  /** Creates the dead-letter topic of the group. */
  async createDeadTopic(configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const port = this.#port()
    await port.createTopics([{ topic: deadTopic, partitions: 1, replicationFactor: 1, configs }])
    await port.close()
  }

  /** All dead letters, oldest first. */
  async deadLetters(): Promise<readonly FetchedRecord[]> {
    const port = this.#port()
    const { highWatermark } = await port.offsets(deadTopic, 0)
    const letters: FetchedRecord[] = []
    for await (const batch of port.read(deadTopic, 0, 0, highWatermark)) letters.push(...batch.records)
    await port.close()
    return letters
  }

  #port(): Kafka {
    return kafka({ brokers: [this.#broker.bootstrap] }, { log: silentLog })
  }

  /** Writes the effect of a message, in the transaction that is open. */
  effect(message: ReceivedMessage): void {
    this.board.prepare('INSERT INTO effect (value) VALUES (?)').run([message.text()])
  }

  /** The effects in the order of their commits, read on a connection of its own: only what is committed. */
  effects(): readonly string[] {
    const reader = connect(this.#file)
    try {
      const rows = reader.prepare('SELECT value FROM effect ORDER BY seq').all([]) as { value: string }[]
      return rows.map(({ value }) => value)
    } finally {
      reader.close()
    }
  }

  /** Waits until so many effects are committed. */
  async handled(count: number, deadlineMs = 20_000): Promise<void> {
    await until(async () => this.effects().length >= count, { what: `${count} effects`, deadlineMs, everyMs: 20 })
  }

  /** The group's committed position; -1 = none. */
  async position(partition = 0): Promise<number> {
    const reader = new TopicReader([this.#broker.bootstrap], topic, group)
    try {
      return (await reader.committed())[partition] ?? -1
    } finally {
      await reader.close()
    }
  }

  /** Moves the log's start. */
  deleteRecords(beforeOffset: number): Promise<void> {
    return new Admin(this.#broker.port).deleteRecords(topic, 0, beforeOffset)
  }

  /** Deletes the topic and creates it again, with one partition. */
  async recreateTopic(): Promise<void> {
    await new Admin(this.#broker.port).deleteTopic(topic)
    await this.createTopic(topic)
  }

  /** The metadata of the group's position. */
  async metadata(): Promise<string> {
    const topics = [{ name: topic, partitionIndexes: [0] }]
    const answer = await withConnection(this.#broker.port, (connection) =>
      offsetFetchV9.api.async(connection, [{ groupId: group, memberId: null, memberEpoch: -1, topics }], false),
    )
    return answer.groups[0]?.topics[0]?.partitions[0]?.metadata ?? ''
  }

  /** Another process's transaction that holds the board's lock until the returned function is called. */
  lockBoard(): () => void {
    const other = connect(this.#file)
    other.exec('BEGIN IMMEDIATE')
    return () => {
      other.exec('COMMIT')
      other.close()
    }
  }

  /** Commits as a tool without a membership does. */
  async commitByAnotherTool(committedOffset: number, committedMetadata: string): Promise<void> {
    const place = {
      partitionIndex: 0,
      committedOffset: BigInt(committedOffset),
      committedLeaderEpoch: -1,
      committedMetadata,
    }
    const topics = [{ name: topic, partitions: [place] }]
    await withConnection(this.#broker.port, (connection) =>
      offsetCommitV9.api.async(connection, group, -1, '', null, topics),
    )
  }

  /** Makes the group id one of another protocol. */
  async occupyGroup(): Promise<void> {
    await withConnection(this.#broker.port, joinClassic)
  }
}

function connect(file: string): Database.Database {
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}

/** A classic member that is no consumer; it stays one for its session of 30 s. */
async function joinClassic(connection: Connection): Promise<void> {
  const enter = (memberId: string): Promise<unknown> =>
    joinGroupV9.api.async(connection, group, 30_000, 30_000, memberId, null, 'other', [{ name: 'any' }], null)
  const named: unknown = await enter('').catch((error: unknown) =>
    typeof error === 'object' && error !== null && 'response' in error ? error.response : undefined,
  )
  if (typeof named !== 'object' || named === null || !('memberId' in named) || typeof named.memberId !== 'string')
    throw new Error(`the coordinator gave no member id: ${JSON.stringify(named)}`)
  await enter(named.memberId)
}
