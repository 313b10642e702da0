// The relay that is usually written, with the ordinary client at its best settings: locks rows with SKIP LOCKED, sends them
// with acks=all and idempotence, deletes them, commits. It passes the points at which waybill's relay may die.
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import pg from 'pg'
import type { Failpoints } from 'waybill'
import { fail, leave, tellParent } from '../../start/messages.js'
import { type Fate, failpointsOf } from './fate.js'

/** The first argument, as JSON. */
export interface NaiveSettings {
  readonly database: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly fate?: Fate
  readonly batchRowsMax: number
  readonly requestTimeoutMs: number
}

interface Row {
  readonly id: string
  readonly key: string | null
  readonly value: string
}

const pollMs = 20
const retryMs = 100

async function run(settings: NaiveSettings): Promise<void> {
  const { database, brokers, requestTimeoutMs: requestTimeout } = settings
  const pool = new pg.Pool({ connectionString: database, max: 2 })
  pool.on('error', () => undefined)
  const kafka = new Kafka({
    clientId: 'naive-relay',
    brokers: [...brokers],
    logLevel: logLevel.ERROR,
    requestTimeout,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 8 },
  })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  const asked = new AbortController()
  process.once('SIGTERM', () => asked.abort())
  const failpoints = failpointsOf(settings.fate)
  let acknowledged = 0
  tellParent({ kind: 'ready' })
  while (!asked.signal.aborted) {
    try {
      const moved = await move(pool, producer, settings, failpoints)
      acknowledged += moved
      if (moved === 0) await sleep(pollMs)
    } catch (error) {
      console.error(error)
      await sleep(retryMs)
    }
  }
  await failpoints.hit('stop:before-release')
  await producer.disconnect()
  await pool.end()
  leave({ kind: 'tally', acknowledged, unanswered: 0 }, 0)
}

async function move(
  pool: pg.Pool,
  producer: Producer,
  { topic, batchRowsMax }: NaiveSettings,
  failpoints: Failpoints,
): Promise<number> {
  const client = await pool.connect()
  const broken = (): void => undefined
  client.on('error', broken)
  let isClean = false
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<Row>(
      'SELECT id, key, value FROM plain_outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED',
      [batchRowsMax],
    )
    if (rows.length > 0) await sendAndDelete(client, producer, topic, rows, failpoints)
    await client.query('COMMIT')
    if (rows.length > 0) await failpoints.hit('mark:after-commit')
    isClean = true
    return rows.length
  } finally {
    client.removeListener('error', broken)
    client.release(!isClean)
  }
}

async function sendAndDelete(
  client: pg.PoolClient,
  producer: Producer,
  topic: string,
  rows: readonly Row[],
  failpoints: Failpoints,
): Promise<void> {
  await failpoints.hit('claim:after-commit')
  await failpoints.hit('send:before-write')
  await producer.send({ topic, acks: -1, messages: rows.map(({ key, value }) => ({ key, value })) })
  await failpoints.hit('send:after-answer')
  await client.query('DELETE FROM plain_outbox WHERE id = ANY($1)', [rows.map(({ id }) => id)])
  await failpoints.hit('mark:before-commit')
}

run(JSON.parse(process.argv[2] ?? '{}') as NaiveSettings).catch(fail)
