// Consumers that are usually written, with ordinary clients and a pool of workers; each commits what is not handled yet. They
// pass the points at which waybill's consumer may die, and write the same effects.
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer as PlatformaticConsumer } from '@platformatic/kafka'
import { type Consumer, type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import pg from 'pg'
import type { Failpoints } from 'waybill'
import { fail, leave, tellParent } from '../../start/messages.js'
import { insertEffect } from '../consume/effects.js'
import { type Content, memberOptions, workOf } from '../consume/scene.js'
import { between, seeded } from '../seeded.js'
import { type Fate, failpointsOf } from './fate.js'

/**
 * auto-commit: an ordinary client's auto-commit of what it has handed out. highest: the highest offset that is handled, whatever
 * is open below. auto-resolve: kafkajs's `eachBatch` with its default, the batch counts as done when the function returns.
 */
export type NaiveKind = 'auto-commit' | 'highest' | 'auto-resolve'

/** The first argument, as JSON. */
export interface NaiveMemberSettings {
  readonly name: string
  readonly kind: NaiveKind
  readonly database: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly workMs: readonly [min: number, max: number]
  readonly seed: number
  readonly sessionTimeoutMs: number
  readonly fate?: Fate
}

interface Received {
  readonly value: Buffer | null
  readonly partition: number
  readonly offset: number
}

type Handle = (message: Received) => Promise<void>

const { workers, commitMs, fetchBytesMax, fetchWaitMs } = memberOptions
/** Messages that wait for a worker. */
const waitingMax = 200

/** At most `workers` jobs at once, and a line of those that wait; `add` resolves when there is room in the line. */
class Pool {
  readonly #waiting: (() => Promise<void>)[] = []
  readonly #room: (() => void)[] = []
  #running = 0

  async add(job: () => Promise<void>): Promise<void> {
    this.#waiting.push(job)
    this.#next()
    if (this.#waiting.length >= waitingMax) await new Promise<void>((resolve) => this.#room.push(resolve))
  }

  async drained(): Promise<void> {
    while (this.#running > 0) await sleep(5)
  }

  #next(): void {
    while (this.#running < workers) {
      const job = this.#waiting.shift()
      if (!job) return
      this.#room.shift()?.()
      this.#running++
      this.#run(job).catch(fail)
    }
  }

  async #run(job: () => Promise<void>): Promise<void> {
    await job()
    this.#running--
    this.#next()
  }
}

async function run(settings: NaiveMemberSettings): Promise<void> {
  const { name, database, topic, workMs } = settings
  const client = new pg.Pool({ connectionString: database, max: workers + 1 })
  client.on('error', () => undefined)
  const random = seeded(settings.seed, name)
  const failpoints = failpointsOf(settings.fate)
  const handle: Handle = async ({ value, partition, offset }) => {
    await failpoints.hit('handle:before-transaction')
    const { number, key } = JSON.parse(String(value)) as Content
    await sleep(workOf(number, between(random, ...workMs)))
    await client.query(insertEffect, [number, key, topic, partition, offset, name])
    await failpoints.hit('handle:after-effects')
  }
  if (settings.kind === 'auto-commit') await platformatic(settings, handle)
  else await kafkajs(settings, handle, failpoints)
}

/** Its auto-commit takes a message for done when it was handed out; nobody asks the pool. */
async function platformatic(settings: NaiveMemberSettings, handle: Handle): Promise<void> {
  const { brokers, topic, group, sessionTimeoutMs: sessionTimeout } = settings
  const pool = new Pool()
  const consumer = new PlatformaticConsumer({
    clientId: 'naive',
    groupId: group,
    bootstrapBrokers: [...brokers],
    sessionTimeout,
    rebalanceTimeout: sessionTimeout,
    heartbeatInterval: sessionTimeout / 6,
    retries: 100,
    retryDelay: 100,
  })
  process.once('SIGTERM', () => {
    pool.drained().then(() => consumer.close(true, () => leave({ kind: 'stopped' }, 0)), fail)
  })
  tellParent({ kind: 'ready' })
  for (;;) {
    try {
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'committed',
        fallbackMode: 'earliest',
        autocommit: commitMs,
        maxWaitTime: fetchWaitMs,
        maxBytes: fetchBytesMax,
      })
      for await (const { value, partition, offset } of stream)
        await pool.add(() => handle({ value, partition, offset: Number(offset) }))
    } catch (error) {
      console.error(error)
      await sleep(100)
    }
  }
}

async function kafkajs(settings: NaiveMemberSettings, handle: Handle, failpoints: Failpoints): Promise<void> {
  const { brokers, topic, group, sessionTimeoutMs: sessionTimeout, kind } = settings
  const kafka = new Kafka({ clientId: 'naive', brokers: [...brokers], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout,
    rebalanceTimeout: sessionTimeout,
    heartbeatInterval: sessionTimeout / 6,
    maxWaitTimeInMs: fetchWaitMs,
    maxBytesPerPartition: fetchBytesMax,
    minBytes: 1,
  })
  const pool = new Pool()
  process.once('SIGTERM', () => {
    pool.drained().then(() => consumer.disconnect().then(() => leave({ kind: 'stopped' }, 0), fail), fail)
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommitInterval: commitMs,
    partitionsConsumedConcurrently: workers,
    ...(kind === 'highest' && { autoCommit: false, eachBatchAutoResolve: false }),
    eachBatch: async (payload) => {
      await failpoints.hit('fetch:after-answer')
      if (kind === 'highest') await commitHighest(payload, consumer, pool, handle)
      else for (const received of messagesOf(payload)) await pool.add(() => handle(received))
    },
  })
  tellParent({ kind: 'ready' })
}

/** A commit for each that is done, never one back: it names the highest, whatever is still open below. */
async function commitHighest(payload: EachBatchPayload, consumer: Consumer, pool: Pool, handle: Handle): Promise<void> {
  const { topic, partition } = payload.batch
  let highest = -1
  const open: Promise<void>[] = []
  for (const received of messagesOf(payload)) {
    const work = async (): Promise<void> => {
      await handle(received)
      if (received.offset <= highest) return
      highest = received.offset
      await consumer.commitOffsets([{ topic, partition, offset: String(highest + 1) }]).catch(console.error)
    }
    await pool.add(() => {
      const done = work()
      open.push(done)
      return done
    })
    await payload.heartbeat()
  }
  await Promise.all(open)
  for (const { offset } of payload.batch.messages) payload.resolveOffset(offset)
}

function messagesOf({ batch }: EachBatchPayload): readonly Received[] {
  return batch.messages.map(({ value, offset }) => ({ value, partition: batch.partition, offset: Number(offset) }))
}

run(JSON.parse(process.argv[2] ?? '{}') as NaiveMemberSettings).catch(fail)
