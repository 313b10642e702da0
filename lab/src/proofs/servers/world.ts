import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { RejectPolicy, RelayOptions } from 'waybill'
import { postgres as store } from 'waybill/postgres'
import { until } from '../../cluster/until.js'
import { type PostgresServer, startPostgres } from '../../cluster/postgres-server.js'
import { type IdentifiedRecord, TopicReader } from '../../start/topic-reader.js'
import { seeded } from '../seeded.js'
import type { Fate } from '../workers/fate.js'
import type { NaiveSettings } from '../workers/naive-worker.js'
import type { RelaySettings } from '../workers/relay-worker.js'
import { keys, lanes, partitions, relayOptions, source } from '../workers/scene.js'
import type { SenderSettings } from '../workers/sender-worker.js'
import { Worker } from '../workers/worker.js'
import { type Arm, createBusiness, Ledger } from './business.js'
import { postgresSettings, type Stage } from './stage.js'

/** A fate without the file, which the world chooses. */
export type Doom = Omit<Fate, 'witness'>

/** How a relay is started. */
export interface RelayWish {
  readonly doom?: Doom
  readonly relay?: Partial<RelayOptions>
  readonly onReject?: RejectPolicy
  /** Instead of the world's own: through a proxy. */
  readonly database?: string
  /** Where alerts are sent, and the secret that signs them. */
  readonly webhook?: RelaySettings['webhook']
  /** `relay` is the whole of the settings; all others are waybill's defaults. */
  readonly usesDefaults?: boolean
}

/** How the service is started; what is missing is as in most cases. */
export type SenderWish = Partial<
  Pick<SenderSettings, 'transactions' | 'atOnce' | 'pauseMs' | 'paddingBytes' | 'padded' | 'database'>
> & {
  readonly doom?: Doom
}

const deadlineMs = 60_000
/** Transactions of a case, and how many at once: some 200 rows. */
const sending = { transactions: 80, atOnce: 3, pauseMs: 15, paddingBytes: 0, padded: 'some' } as const

/** The world of one case: a topic, a database, and the processes that were started in it. */
export class World {
  readonly stage: Stage
  readonly arm: Arm
  readonly topic: string
  readonly database: string
  readonly postgres: PostgresServer
  readonly ledger: Ledger
  readonly folder: string
  /** Names the topic in requests, beside its name. Changes when it is created again. */
  topicId: Buffer = Buffer.alloc(0)
  /** The same for the same seed and case. */
  readonly random: () => number
  /** What is worth a word in the table. */
  readonly notes: string[] = []
  readonly #seed: number
  readonly #workers: Worker[] = []
  readonly #closing: (() => unknown)[] = []

  private constructor(stage: Stage, arm: Arm, name: string, seed: number, label: string, postgres: PostgresServer) {
    this.stage = stage
    this.arm = arm
    this.topic = name
    this.postgres = postgres
    this.database = postgres.urlOf(name)
    this.ledger = new Ledger(this.database, arm)
    this.folder = join(stage.folder, name)
    this.random = seeded(seed, label)
    this.#seed = seed
    mkdirSync(this.folder)
  }

  /** A fresh one. `ownPostgres`: with a server of its own, for cases that hurt it. */
  static async create(
    stage: Stage,
    { arm, seed, label, ownPostgres }: { arm: Arm; seed: number; label: string; ownPostgres: boolean },
  ): Promise<World> {
    const name = stage.nextName()
    const postgres = ownPostgres ? await startPostgres({ settings: postgresSettings }) : stage.postgres
    const world = new World(stage, arm, name, seed, label, postgres)
    if (ownPostgres) world.atEnd(() => postgres.close())
    try {
      const url = await postgres.createDatabase(name)
      await createBusiness(url, keys)
      if (arm === 'waybill') await migrate(url)
      await world.createTopic()
      return world
    } catch (error) {
      await world.close(true)
      throw error
    }
  }

  get brokers(): readonly string[] {
    return this.stage.kafka.bootstrap
  }

  /** Done when the case is over, last in first out. */
  atEnd(work: () => unknown): void {
    this.#closing.push(work)
  }

  /** Creates the topic, also again. */
  async createTopic(): Promise<void> {
    await this.stage.admin.createTopic(this.topic, partitions)
    this.topicId = await this.stage.admin.topicId(this.topic)
  }

  /** Whether a request names this case's topic. */
  isOurs(request: Buffer): boolean {
    return request.includes(this.topic) || request.includes(this.topicId)
  }

  startSender(name = 'sender', { doom, ...wish }: SenderWish = {}): Promise<Worker> {
    const { arm, database, brokers, topic } = this
    const seed = this.#seed + this.#workers.length
    const settings: SenderSettings = { arm, database, brokers, topic, seed, ...sending, ...wish }
    return this.#start(name, 'sender-worker.js', settings, doom)
  }

  /** Starts this arm's relay. */
  startRelay(name: string, wish: RelayWish = {}): Promise<Worker> {
    const { doom, relay, onReject = 'hold-key', database = this.database, webhook, usesDefaults = false } = wish
    const options = { ...(usesDefaults ? {} : relayOptions), ...relay }
    const common = { database, brokers: this.brokers, topic: this.topic }
    if (this.arm === 'waybill') {
      const settings: RelaySettings = { ...common, relay: options, onReject, ...(webhook && { webhook }) }
      return this.#start(name, 'relay-worker.js', settings, doom)
    }
    const { batchRowsMax = 4, requestTimeoutMs = 1_500 } = options
    const settings: NaiveSettings = { ...common, batchRowsMax, requestTimeoutMs }
    return this.#start(name, 'naive-worker.js', settings, doom)
  }

  /** Every record of the topic, read with another client than waybill's. */
  async readTopic(): Promise<readonly IdentifiedRecord[]> {
    const reader = new TopicReader(this.brokers, this.topic, 'proof-oracle')
    try {
      return await reader.readAll()
    } finally {
      await reader.close()
    }
  }

  /** Waits for a condition; fails at once when a worker that should live has ended badly. */
  async until(what: string, look: () => boolean | Promise<boolean>, withinMs: number = deadlineMs): Promise<void> {
    const giveUp = (): void => {
      for (const worker of this.#workers)
        if (worker.hasFailed) throw new Error(`${worker.name} ended, waiting for ${what}`)
    }
    await until(async () => look(), { what, deadlineMs: withinMs, everyMs: 20, giveUp })
  }

  /** Waits until nothing waits and no flight is open. */
  drained(withinMs?: number): Promise<void> {
    return this.until('an empty outbox', () => this.ledger.isDrained(), withinMs)
  }

  /** The last lines of every worker's log. */
  lastWords(): string {
    return this.#workers.map((worker) => `--- ${worker.name}\n${worker.lastWords()}`).join('\n')
  }

  /** Ends everything; the folder stays where `keep` is true. */
  async close(keep: boolean): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    await this.ledger.close()
    for (const close of this.#closing.toReversed()) await close()
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #start(name: string, module: string, settings: object, doom: Doom | undefined): Promise<Worker> {
    const fate = doom ? { ...doom, witness: join(this.folder, `${name}.witness`) } : undefined
    const url = new URL(`../workers/${module}`, import.meta.url)
    const worker = await Worker.start({ name, module: url, settings, fate, folder: this.folder })
    this.#workers.push(worker)
    return worker
  }
}

/** Creates waybill's tables, as an operator would with its command. */
async function migrate(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const outbox = store(pool)
  await outbox.migrate({ source, lanes })
  await outbox.close()
  await pool.end()
}
