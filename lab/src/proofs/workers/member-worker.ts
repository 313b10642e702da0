// A member of waybill's consumer group, a process of its own: each message has one effect in PostgreSQL, with the inbox in the
// handler's transaction, without it on a connection of its own; its fate comes with the settings.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type BatchHandler, createWaybill, type Handler, jsonLog, type ReceivedMessage, WaybillError } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgresInbox } from 'waybill/postgres'
import { fail, leave, tellParent } from '../../start/messages.js'
import { Diary } from '../consume/diary.js'
import { insertEffect } from '../consume/effects.js'
import { type Content, isPoison, memberOptions, workOf } from '../consume/scene.js'
import { between, seeded } from '../seeded.js'
import { type Fate, failpointsOf } from './fate.js'

/** The first argument, as JSON. */
export interface MemberSettings {
  readonly name: string
  readonly database: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly inbox: boolean
  /** Several messages in one call. */
  readonly together: boolean
  /** A member of a classic group. */
  readonly isClassic: boolean
  readonly sessionTimeoutMs: number
  /** Some messages cannot be handled and go to the dead-letter topic. */
  readonly deadLetters: boolean
  /** How long a handler works, ms: between these two. */
  readonly workMs: readonly [min: number, max: number]
  readonly options: { readonly onLoss?: 'continue' }
  readonly diary: string
  readonly seed: number
  readonly fate?: Fate
}

/** Small, so that there are many batches. */
const handleBatchMax = 8
const told: ReadonlySet<string> = new Set(['assigned', 'revoked', 'lost', 'finding'])

async function run(settings: MemberSettings): Promise<void> {
  const { name, database, brokers, topic, group, inbox, deadLetters, workMs, options } = settings
  const pool = new pg.Pool({ connectionString: database, max: memberOptions.workers + 2 })
  pool.on('error', () => undefined)
  const diary = new Diary(settings.diary)
  const random = seeded(settings.seed, name)
  const fate = failpointsOf(settings.fate)
  const waybill = createWaybill<pg.PoolClient>({
    brokers,
    ...(inbox && { inbox: postgresInbox(pool), transactions: fromPg<pg.PoolClient>(pool) }),
    log: jsonLog('info'),
    failpoints: {
      hit: (point) => {
        if (point === 'commit:before-send') diary.commitBegins()
        return fate.hit(point)
      },
    },
    onEvent: (event) => {
      diary.told(event)
      if (told.has(event.kind)) tellParent({ kind: 'event', event })
    },
  })
  process.once('SIGTERM', () => {
    waybill
      .stop()
      .then(() => pool.end())
      .then(() => leave({ kind: 'stopped' }, 0))
      .catch(fail)
  })
  await waybill.start()
  const handleBatch: BatchHandler<pg.PoolClient> = async (messages, { tx }) => {
    const contents = messages.map((message) => ({ message, ...message.json<Content>() }))
    const poison = contents.find(({ number }) => deadLetters && isPoison(number))
    if (poison) throw new Error(`message ${poison.number} cannot be handled`)
    const place = `${messages[0]?.topic}/${messages[0]?.partition}`
    for (const _ of messages) diary.begin(place)
    try {
      const works = contents.map(({ number }) => workOf(number, between(random, ...workMs)))
      await sleep(Math.max(...works))
      for (const { message, number, key } of contents) {
        const effect = [number, key, message.topic, message.partition, message.offset, name]
        await (inbox ? tx : pool).query(insertEffect, effect)
      }
    } finally {
      for (const _ of messages) diary.end(place)
    }
  }
  const handle: Handler<pg.PoolClient> = (message: ReceivedMessage, context) => handleBatch([message], context)
  const consumer = await waybill.consume({
    ...memberOptions,
    ...(deadLetters && ({ onFailure: 'dead-letter', maxAttempts: 1, brakePercent: 100 } as const)),
    ...options,
    ...(settings.isClassic && ({ groupProtocol: 'classic', sessionTimeoutMs: settings.sessionTimeoutMs } as const)),
    group,
    topics: [topic],
    inbox,
    ...(settings.together ? { handleBatch, handleBatchMax } : { handle }),
  })
  tellParent({ kind: 'ready' })
  try {
    await consumer.closed
  } catch (error) {
    if (!(error instanceof WaybillError) || error.code !== 'WB_LOSS_FOUND') throw error
    diary.stopped(error.code)
    console.error(error)
    leave({ kind: 'stopped' }, 0)
  }
}

run(JSON.parse(process.argv[2] ?? '{}') as MemberSettings).catch(fail)
