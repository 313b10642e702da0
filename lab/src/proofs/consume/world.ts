import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { postgresInbox } from 'waybill/postgres'
import { until } from '../../cluster/until.js'
import { TopicReader } from '../../start/topic-reader.js'
import { seeded } from '../seeded.js'
import { sessionTimeoutMs, type Stage } from '../servers/stage.js'
import type { Doom } from '../servers/world.js'
import type { MemberSettings } from '../workers/member-worker.js'
import type { NaiveMemberSettings } from '../workers/naive-member-worker.js'
import { Worker } from '../workers/worker.js'
import { atRiskOf, type Entry, readDiary } from './diary.js'
import { createEffects, Effects } from './effects.js'
import { Messages } from './messages.js'
import { type Evidence, type Findings, judge, type Sent, type Told } from './oracle.js'
import { type ConsumeArm, isWaybill } from './proof-case.js'
import { type Content, deadTopicOf, group, memberOptions, partitions } from './scene.js'

/** How a member is started. */
export interface MemberWish {
  readonly doom?: Doom
  readonly deadLetters?: boolean
  /** Reads the dead letters, in a group of its own. */
  readonly isLate?: boolean
  readonly workMs?: readonly [min: number, max: number]
  readonly options?: MemberSettings['options']
}

const deadlineMs = 60_000
/** A member that was killed is out by then, and another one at work. */
const restMs = 2 * sessionTimeoutMs
/** Work of a handler: long enough for commits to fall between the messages of a key. */
const usualWorkMs: MemberSettings['workMs'] = [1, 12]

interface Member {
  readonly worker: Worker
  readonly diary: string
}

/** The world of one case: a topic, a database, a group, and the processes that were started in it. */
export class ConsumeWorld {
  readonly stage: Stage
  readonly arm: ConsumeArm
  readonly topic: string
  readonly messages: Messages
  readonly effects: Effects
  readonly folder: string
  /** The same for the same seed and case. */
  readonly random: () => number
  /** What is worth a word in the table. */
  readonly notes: string[] = []
  /** Beside what members put at risk: repeats that follow from what was done to the group, see the case. */
  allowance = 0
  readonly #database: string
  readonly #seed: number
  readonly #members: Member[] = []
  /** What Kafka itself took away, and a finding told of; filled by the case that did it. */
  readonly taken: Told[] = []
  /** Records that the topic held before some of it was taken away. */
  readonly #earlier: Sent[] = []
  #life = 0

  private constructor(stage: Stage, arm: ConsumeArm, name: string, seed: number, label: string, headers: boolean) {
    this.stage = stage
    this.arm = arm
    this.topic = name
    this.messages = new Messages(stage.kafka.bootstrap, name, headers)
    this.#database = stage.postgres.urlOf(name)
    this.effects = new Effects(this.#database)
    this.folder = join(stage.folder, name)
    this.random = seeded(seed, label)
    this.#seed = seed
    mkdirSync(this.folder)
  }

  /** A fresh one. */
  static async create(
    stage: Stage,
    { arm, seed, label, headers }: { arm: ConsumeArm; seed: number; label: string; headers: boolean },
  ): Promise<ConsumeWorld> {
    const name = stage.nextName()
    const world = new ConsumeWorld(stage, arm, name, seed, label, headers)
    try {
      const url = await stage.postgres.createDatabase(name)
      await createEffects(url)
      if (isWaybill(arm) && arm !== 'plain') await migrate(url)
      await stage.admin.createTopic(name, partitions)
      return world
    } catch (error) {
      await world.close(true)
      throw error
    }
  }

  get brokers(): readonly string[] {
    return this.stage.kafka.bootstrap
  }

  /** The consumer group; no other case has it. */
  get group(): string {
    return `${group}-${this.topic}`
  }

  get deadTopic(): string {
    return deadTopicOf(this.topic, this.group)
  }

  /** Starts a member of this arm. */
  async start(name: string, wish: MemberWish = {}): Promise<Worker> {
    const { doom, deadLetters = false, isLate = false, workMs = usualWorkMs, options = {} } = wish
    const { arm, brokers, folder } = this
    const diary = join(folder, `${name}.diary`)
    const common = {
      name,
      database: this.#database,
      brokers,
      topic: isLate ? this.deadTopic : this.topic,
      group: isLate ? `${this.group}-late` : this.group,
      workMs,
      seed: this.#seed,
    }
    const settings: MemberSettings | NaiveMemberSettings = isWaybill(arm)
      ? {
          ...common,
          inbox: arm !== 'plain',
          together: arm === 'batch',
          isClassic: arm === 'classic',
          sessionTimeoutMs,
          deadLetters,
          options,
          diary,
        }
      : { ...common, kind: arm, sessionTimeoutMs }
    const file = isWaybill(arm) ? 'member-worker.js' : 'naive-member-worker.js'
    const worker = await Worker.start({
      name,
      module: new URL(`../workers/${file}`, import.meta.url),
      settings,
      fate: doom ? { ...doom, witness: join(folder, `${name}.witness`) } : undefined,
      folder,
    })
    this.#members.push({ worker, diary })
    return worker
  }

  /** Starts a member and waits until it has joined. */
  async join(name: string, wish: MemberWish = {}): Promise<Worker> {
    const worker = await this.start(name, wish)
    await worker.waitReady()
    return worker
  }

  /** Waits for a condition; fails at once when a member that should live has ended badly. */
  async until(what: string, look: () => boolean | Promise<boolean>, withinMs: number = deadlineMs): Promise<void> {
    const giveUp = (): void => {
      for (const { worker } of this.#members)
        if (worker.hasFailed) throw new Error(`${worker.name} ended, waiting for ${what}:\n${worker.lastWords()}`)
    }
    await until(async () => look(), { what, deadlineMs: withinMs, everyMs: 50, giveUp })
  }

  /** Waits until so many effects are there. */
  effectsAbove(count: number, withinMs?: number): Promise<void> {
    return this.until(`${count} effects`, async () => (await this.effects.count()) >= count, withinMs)
  }

  /**
   * Waits until the group's committed positions are the ends of all partitions: nothing is due any more, whatever is missing is
   * lost. The usual consumers commit as it comes: of them until nothing happens any more.
   */
  async allCommitted(withinMs?: number): Promise<void> {
    if (isWaybill(this.arm)) return this.#committedToEnd(this.topic, this.group, withinMs)
    let [count, sinceMs] = [-1, 0]
    await this.until('effects that come to rest', async () => {
      const before = count
      count = await this.effects.count()
      if (count !== before) sinceMs = performance.now()
      return performance.now() - sinceMs > restMs
    })
  }

  /** Waits until the group of the dead letters' reader is at their end. */
  allLettersCommitted(): Promise<void> {
    return this.#committedToEnd(this.deadTopic, `${this.group}-late`)
  }

  async #committedToEnd(topic: string, ofGroup: string, withinMs?: number): Promise<void> {
    await this.#reading(topic, ofGroup, async (reader) => {
      let said = ''
      try {
        await this.until(
          `the positions of ${ofGroup} at the ends`,
          async () => {
            const [ends, committed] = [await reader.ends(), await reader.committed()]
            said = `ends ${ends.join()}, committed ${committed.join()}`
            return ends.every((end, partition) => Math.max(0, committed[partition] ?? 0) === end)
          },
          withinMs,
        )
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : String(error)}; ${said}`, { cause: error })
      }
    })
  }

  /** The group's committed positions, -1 where it has none. */
  committed(): Promise<readonly number[]> {
    return this.#reading(this.topic, this.group, (reader) => reader.committed())
  }

  /** The end of each partition. */
  ends(): Promise<readonly number[]> {
    return this.#reading(this.topic, this.group, (reader) => reader.ends())
  }

  /** Remembers what the topic holds now, before some of it is taken away. */
  async note(): Promise<readonly Sent[]> {
    const now = await this.#read()
    this.#earlier.push(...now)
    return now
  }

  /** What is sent from now on is another life of the topic: it was created anew, or its log was cut. */
  async beginLife(): Promise<void> {
    this.#life++
    await this.messages.renew()
  }

  /** Losses that members told, in all their lives. */
  findings(): readonly Extract<Entry, { kind: 'finding' }>[] {
    return this.#members
      .flatMap(({ diary }) => readDiary(diary))
      .flatMap((entry) => (entry.kind === 'finding' ? [entry] : []))
  }

  /** The oracle's word on all that happened. */
  async judge(): Promise<Findings> {
    const effects = await this.effects.all()
    const sent = withoutCopies([...this.#earlier, ...(await this.#read())])
    const atRisk = isWaybill(this.arm) ? this.#atRisk(effects) : 0
    const told = [...this.taken, ...this.#told()]
    return judge({ sent, effects, told, topic: this.topic, once: isWaybill(this.arm) && this.arm !== 'plain', atRisk })
  }

  /** The ends of all members' logs. */
  lastWords(): string {
    return this.#members.map(({ worker }) => `--- ${worker.name}\n${worker.lastWords()}`).join('\n')
  }

  /** Ends everything; the folder stays where `keep` is true. */
  async close(keep: boolean): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.kill()))
    await this.messages.close().catch(() => undefined)
    await this.effects.close()
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #atRisk(effects: Evidence['effects']): number {
    return this.#members.reduce((sum, { worker, diary }) => {
      const own = new Map<string, number>()
      for (const { process, topic, partition } of effects)
        if (process === worker.name) {
          const place = `${topic}/${partition}`
          own.set(place, (own.get(place) ?? 0) + 1)
        }
      return sum + atRiskOf(readDiary(diary), own, { workers: memberOptions.workers, died: !worker.hasEndedWell })
    }, this.allowance)
  }

  /** What members said to be lost by retention. Their text is what an operator reads, so it is read here, too. */
  #told(): Told[] {
    return this.findings().flatMap(({ place, detail }) => {
      const range = /offsets (\d+) to (\d+) were deleted/.exec(detail)
      if (!range) return []
      const [from = 0, last = -1] = range.slice(1).map(Number)
      return [{ life: 0, partition: Number(place.split('/').at(-1)), from, to: last + 1 }]
    })
  }

  /** All that the topic holds; once more when retention has moved its start meanwhile. */
  #read(): Promise<readonly Sent[]> {
    const records = (): Promise<readonly Sent[]> =>
      this.#reading(this.topic, 'proof-oracle', async (reader) =>
        (await reader.readAll()).map(({ partition, offset, value }) => {
          const { number, key } = JSON.parse(value ?? '') as Content
          return { number, key, life: this.#life, partition, offset }
        }),
      )
    return until(records, { what: `the records of ${this.topic}`, deadlineMs, everyMs: 50 })
  }

  async #reading<T>(topic: string, ofGroup: string, read: (reader: TopicReader) => Promise<T>): Promise<T> {
    const reader = new TopicReader(this.brokers, topic, ofGroup)
    try {
      return await read(reader)
    } finally {
      await reader.close()
    }
  }
}

/** A record that was there in an earlier life and is still there is one. */
function withoutCopies(sent: readonly Sent[]): readonly Sent[] {
  const seen = new Set<string>()
  return sent.filter(({ number, partition, offset }) => {
    const name = `${number} ${partition}/${offset}`
    const isNew = !seen.has(name)
    seen.add(name)
    return isNew
  })
}

/** Creates the inbox's tables, as an operator would with the command. */
async function migrate(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const inbox = postgresInbox(pool)
  await inbox.migrate()
  await inbox.close()
  await pool.end()
}
