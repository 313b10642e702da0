import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Producer } from '@platformatic/kafka'
import { type Broker, type BrokerOptions, createBroker } from '@waybill/broker'
import Database from 'libsql'
import { type Alert, type Message, type Waybill, type WaybillEvent, type WaybillOptions, createWaybill } from 'waybill'
import { silentLog } from 'waybill'
import { functionSink } from 'waybill/alerts'
import { type Broker as Port, kafka } from 'waybill/kafka'
import { type SqliteHandle, fromSqlite, sqlite } from 'waybill/sqlite'
import { until } from '../../src/cluster/until.js'
import { type TopicRecord, TopicReader } from '../../src/start/topic-reader.js'
import { Admin } from '../contract/admin.js'

/** The topic of every test. */
export const topic = 'orders'

/** Quick to try again, to complain and to read back. */
const quick = { leaseMs: 2_000, backoffMinMs: 10, backoffMaxMs: 200, drainMs: 200, sweepMs: 500 }
const deadlineMs = 20_000

type Given = Partial<WaybillOptions<SqliteHandle>>

/** An instance with a relay, and what it told. */
export class Sender {
  readonly waybill: Waybill<SqliteHandle>
  readonly events: WaybillEvent[] = []
  /** As delivered to a function sink: `opened kind` and `resolved kind`, in the order of their arrival. */
  readonly alerts: string[] = []

  constructor(options: Pick<WaybillOptions<SqliteHandle>, 'brokers' | 'store' | 'transactions'> & Given) {
    const sink = functionSink('test', async ({ kind }: Alert, state) => {
      this.alerts.push(`${state} ${kind}`)
    })
    const { relay, ...rest } = options
    this.waybill = createWaybill({
      source: 'shop',
      lanes: 2,
      log: silentLog,
      alerts: [sink],
      onEvent: (event) => this.events.push(event),
      relay: relay === false ? false : { ...quick, ...relay },
      ...rest,
    })
  }

  /** One transaction a message. */
  async send(...messages: readonly Omit<Message, 'topic'>[]): Promise<void> {
    for (const message of messages) await this.waybill.transaction((tx) => this.waybill.send(tx, { topic, ...message }))
  }

  async drained(): Promise<void> {
    const isDone = async (): Promise<boolean> => (await this.waybill.backlog()).waiting === 0
    await until(isDone, { what: 'an empty outbox', deadlineMs, everyMs: 10 })
  }

  /** Waits for an open alert of this kind. */
  alerted(kind: string): Promise<Alert> {
    const look = async (): Promise<Alert | undefined> =>
      (await this.waybill.openAlerts()).find((alert) => alert.kind === kind)
    return until(look, { what: `an alert ${kind}`, deadlineMs, everyMs: 10 })
  }
}

/** An embedded broker and a SQLite file: all that a relay needs. Goes when the test ends. */
export class Stage {
  readonly broker: Broker
  readonly admin: Admin
  readonly #file: string
  readonly #t: TestContext

  private constructor(t: TestContext, broker: Broker, file: string) {
    this.#t = t
    this.broker = broker
    this.admin = new Admin(broker.port)
    this.#file = file
  }

  static async open(t: TestContext, options: BrokerOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-outbox-test-'))
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const broker = await createBroker({ topics: [{ name: topic, partitions: 1 }], ...options })
    t.after(() => broker.close())
    return new Stage(t, broker, join(folder, 'shop.db'))
  }

  /** An instance with a relay on the stage's file, started. Stopped when the test ends. */
  async start(options: Given = {}): Promise<Sender> {
    const [own, theirs] = [connect(this.#file), connect(this.#file)]
    const sender = new Sender({
      brokers: [this.broker.bootstrap],
      store: sqlite(own),
      transactions: fromSqlite(theirs),
      ...options,
    })
    this.#t.after(async () => {
      await sender.waybill.stop({ drainMs: 200 })
      for (const database of [own, theirs]) database.close()
    })
    await sender.waybill.start()
    return sender
  }

  /** The real adapter with some of its methods changed; those it had are given. */
  port(change: (real: Pick<Port, 'produce' | 'describeTopic'>) => Partial<Port>): Port {
    const port = kafka({ brokers: [this.broker.bootstrap] })
    const real = { produce: port.produce.bind(port), describeTopic: port.describeTopic.bind(port) }
    return Object.assign(port, change(real))
  }

  /** What the topic holds, read by another client. */
  async records(): Promise<readonly TopicRecord[]> {
    const reader = new TopicReader([this.broker.bootstrap], topic)
    try {
      return await reader.readAll()
    } finally {
      await reader.close()
    }
  }

  async values(): Promise<readonly (string | null)[]> {
    return (await this.records()).map(({ value }) => value)
  }

  /** Records of somebody else. */
  async sendByAnotherProducer(values: readonly string[]): Promise<void> {
    const producer = new Producer({ clientId: 'other', bootstrapBrokers: [this.broker.bootstrap] })
    try {
      await producer.send({ acks: -1, messages: values.map((value) => ({ topic, value: Buffer.from(value) })) })
    } finally {
      await producer.close()
    }
  }
}

function connect(file: string): Database.Database {
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}
