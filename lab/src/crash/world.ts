import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { type Broker, createBroker } from '@waybill/broker'
import type { RejectPolicy } from 'waybill'
import { until } from '../cluster/until.js'
import { AirlineDatabase } from '../start/database.js'
import { TopicReader } from '../start/topic-reader.js'
import type { TopicRecord } from '../start/topic-reader.js'
import { Booking } from './booking.js'
import type { BookingOptions } from './booking.js'
import type { ConsumerSettings } from './consumer-worker.js'
import type { Fate } from '../proofs/workers/fate.js'
import { Ledger } from './ledger.js'
import type { RelaySettings } from './relay-worker.js'
import { deadTopic, partitions, sessionTimeoutMs, smallMessageBytes, topic } from './scene.js'
import type { SenderSettings } from './sender-worker.js'
import { Worker } from '../proofs/workers/worker.js'

/** A fate without the file, which the world chooses. */
export type Doom = Omit<Fate, 'witness'>

const topicResource = 2
const set = 0
const deadlineMs = 30_000
const broker = {
  'group.consumer.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.heartbeat.interval.ms': '200',
  'group.consumer.assignment.interval.ms': '10',
}

const topics = [topic, deadTopic].map((name) => ({ name, partitions }))

/** The world of one case: a folder, a broker, two SQLite files, and the processes that were started in it. */
export class World {
  readonly folder: string
  readonly broker: Broker
  readonly database: string
  readonly board: string
  readonly #workers: Worker[] = []
  readonly #closing: (() => void | Promise<void>)[] = []

  private constructor(folder: string, kafka: Broker) {
    this.folder = folder
    this.broker = kafka
    this.database = join(folder, 'airline.db')
    this.board = join(folder, 'board.db')
  }

  /** A fresh one in a temporary folder. */
  static async create(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-crash-'))
    const dataDir = join(folder, 'broker')
    return new World(folder, await createBroker({ dataDir, topics, configs: broker }))
  }

  get brokers(): readonly string[] {
    return [this.broker.address]
  }

  /** Opens the business in this process. */
  async openBooking(options: Pick<BookingOptions, 'relay' | 'oversized'> = {}): Promise<Booking> {
    const booking = await Booking.open({ database: this.database, brokers: this.brokers, ...options })
    this.#closing.push(() => booking.close())
    return booking
  }

  /** The source database as the checker reads it; only when its tables are there. */
  openLedger(): Ledger {
    const ledger = new Ledger(new AirlineDatabase(this.database), this.database)
    this.#closing.push(() => ledger.close())
    return ledger
  }

  startRelay(name: string, onReject: RejectPolicy, doom?: Doom): Promise<Worker> {
    const settings: RelaySettings = { database: this.database, brokers: this.brokers, onReject }
    return this.#start(name, 'relay-worker.js', settings, doom)
  }

  startSender(name: string, toNumber: number, doom?: Doom): Promise<Worker> {
    const settings: SenderSettings = { database: this.database, brokers: this.brokers, toNumber }
    return this.#start(name, 'sender-worker.js', settings, doom)
  }

  /** `deadLetters`: half of the keys are poison to it, and it handles the dead letters, too. */
  startConsumer(name: string, inbox: boolean, deadLetters: boolean, doom?: Doom): Promise<Worker> {
    const settings: ConsumerSettings = { board: this.board, brokers: this.brokers, inbox, deadLetters }
    return this.#start(name, 'consumer-worker.js', settings, doom)
  }

  /** Lowers the topic's `max.message.bytes` below some messages, or puts it back. */
  async limitMessages(small: boolean): Promise<void> {
    const admin = new Admin({ clientId: 'crash-admin', bootstrapBrokers: [...this.brokers], timeout: 5_000 })
    const value = String(small ? smallMessageBytes : 1_048_588)
    const configs = [{ name: 'max.message.bytes', configOperation: set, value }]
    try {
      const resources = [{ resourceType: topicResource, resourceName: topic, configs }]
      await admin.incrementalAlterConfigs({ resources } as never)
    } finally {
      await admin.close()
    }
  }

  /** The end offset of each partition. */
  async topicEnds(): Promise<readonly number[]> {
    return this.#read((reader) => reader.ends())
  }

  /** Every record of the topic, read with another client than waybill's. */
  async readTopic(): Promise<readonly TopicRecord[]> {
    return this.#read((reader) => reader.readAll())
  }

  /** Waits for a condition; fails at once when a worker that should live has ended badly. */
  async until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    const giveUp = (): void => {
      for (const worker of this.#workers)
        if (worker.hasFailed) throw new Error(`${worker.name} ended, waiting for ${what}:\n${worker.lastWords()}`)
    }
    await until(async () => look(), { what, deadlineMs, everyMs: 10, giveUp })
  }

  /** The last lines of every worker's log. */
  lastWords(): string {
    return this.#workers.map((worker) => `--- ${worker.name}\n${worker.lastWords()}`).join('\n')
  }

  /** Ends everything; the folder stays where `keep` is true. */
  async close(keep: boolean): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    for (const close of this.#closing.toReversed()) await close()
    await this.broker.close()
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #read<T>(read: (reader: TopicReader) => Promise<T>): Promise<T> {
    const reader = new TopicReader(this.brokers, topic)
    try {
      return await read(reader)
    } finally {
      await reader.close()
    }
  }

  async #start(
    name: string,
    module: `${'relay' | 'sender' | 'consumer'}-worker.js`,
    settings: object,
    doom: Doom | undefined,
  ): Promise<Worker> {
    const fate = doom ? { ...doom, witness: join(this.folder, `${name}.witness`) } : undefined
    const worker = await Worker.start({
      name,
      module: new URL(module, import.meta.url),
      settings,
      fate,
      folder: this.folder,
    })
    this.#workers.push(worker)
    return worker
  }
}
