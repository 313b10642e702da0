// The service, a process of its own: each order and its message commit in one transaction of PostgreSQL, or neither does. It
// ends when so many transactions are through, or when it is asked to; its fate comes with the settings.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createWaybill, jsonLog } from 'waybill'
import type { Waybill } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { fail, leave, tellParent } from '../../start/messages.js'
import { between, seeded } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import { type Fate, failpointsOf } from './fate.js'
import { keys, lanes, perTransaction, source } from './scene.js'

/** The first argument, as JSON. */
export interface SenderSettings {
  readonly arm: Arm
  readonly database: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly fate?: Fate
  readonly seed: number
  /** It ends after so many transactions that were not taken back. */
  readonly transactions: number
  /** Transactions at once. */
  readonly atOnce: number
  /** Between two transactions of one loop. */
  readonly pauseMs: number
  /** Bytes added to a message's body, 0 = none; to one in twenty, or to the first alone. */
  readonly paddingBytes: number
  readonly padded: 'some' | 'first'
}

/** The business takes back one in so many transactions, at the very end. */
const takenBackOneIn = 8
const paddedOneIn = 20
const keylessOneIn = 15
const retryMs = 100

class TakenBack extends Error {}

interface Order {
  readonly number: number
  readonly key: string | null
  readonly body: string
}

type Client = pg.PoolClient

/** The two ways to write a message beside the order. */
interface Outbox {
  transaction(work: (client: Client) => Promise<void>): Promise<void>
  write(client: Client, orders: readonly Order[]): Promise<void>
  close(): Promise<void>
}

async function run(settings: SenderSettings): Promise<void> {
  const pool = new pg.Pool({ connectionString: settings.database, max: settings.atOnce + 1 })
  pool.on('error', () => undefined) // a connection that was cut while idle; the next one is new
  const outbox = settings.arm === 'naive' ? plainOutbox(pool) : await waybillOutbox(pool, settings)
  tellParent({ kind: 'ready' })
  const asked = new AbortController()
  process.once('SIGTERM', () => asked.abort())
  const tally = { committed: 0, takenBack: 0 }
  const random = seeded(settings.seed, 'orders')
  let left = settings.transactions
  const work = async (): Promise<void> => {
    while (left-- > 0 && !asked.signal.aborted) {
      await oneTransaction(outbox, settings, random, tally, asked.signal)
      await sleep(settings.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: settings.atOnce }, work))
  await outbox.close()
  await pool.end()
  leave({ kind: 'done', ...tally }, 0)
}

/** Until one has committed, or may have: what a service does whose client asks again. Orders that were taken back count not. */
async function oneTransaction(
  outbox: Outbox,
  settings: SenderSettings,
  random: () => number,
  tally: { committed: number; takenBack: number },
  asked: AbortSignal,
): Promise<void> {
  const isTakenBack = between(random, 1, takenBackOneIn) === 1 && settings.padded === 'some'
  while (!asked.aborted) {
    try {
      await outbox.transaction(async (client) => {
        await place(outbox, client, await newOrders(client, random, settings))
        if (isTakenBack) throw new TakenBack()
      })
      tally.committed++
      return
    } catch (error) {
      if (error instanceof TakenBack) {
        tally.takenBack++
        return
      }
      console.error(error)
      await sleep(retryMs)
    }
  }
}

async function newOrders(
  client: Client,
  random: () => number,
  { paddingBytes, padded }: SenderSettings,
): Promise<readonly Order[]> {
  const { rows } = await client.query<{ number: string }>(
    `SELECT nextval('order_number') AS number FROM generate_series(1, ${perTransaction})`,
  )
  return rows.map((row, at) => {
    const key = keys[between(random, 0, keys.length - 1)] ?? null
    const isPadded = padded === 'first' ? at === 0 : between(random, 1, paddedOneIn) === 1
    const isKeyless = between(random, 1, keylessOneIn) === 1 && padded === 'some'
    const body = `${random().toString(36)}${isPadded ? 'x'.repeat(paddingBytes) : ''}`
    return { number: Number(row.number), key: isKeyless ? null : key, body }
  })
}

/** Messages first: their places are drawn when the keys are locked. */
async function place(outbox: Outbox, client: Client, orders: readonly Order[]): Promise<void> {
  await outbox.write(client, orders)
  for (const { number, key, body } of orders)
    await client.query(
      `INSERT INTO placed_order (number, key, place, body) VALUES ($1, $2, nextval('order_place'), $3)`,
      [number, key, body],
    )
}

async function waybillOutbox(pool: pg.Pool, { database, brokers, topic, fate }: SenderSettings): Promise<Outbox> {
  const own = new pg.Pool({ connectionString: database, max: 2 })
  own.on('error', () => undefined)
  const waybill: Waybill<Client> = createWaybill({
    source,
    brokers,
    lanes,
    store: postgres(own),
    transactions: fromPg<Client>(pool),
    relay: false,
    // The service does not know that the topic's limit is lowered.
    topics: { [topic]: { maxMessageBytes: 1_048_576 } },
    log: jsonLog('error'),
    failpoints: failpointsOf(fate),
  })
  await waybill.start()
  return {
    transaction: (work) => waybill.transaction(work),
    write: (client, orders) =>
      waybill.send(
        client,
        orders.map((order) => ({ topic, key: order.key, value: order })),
      ),
    close: async () => {
      await waybill.stop()
      await own.end()
    },
  }
}

/** What is usually written. The service locks its customers, so the order of commit is the order of their orders. */
function plainOutbox(pool: pg.Pool): Outbox {
  return {
    async transaction(work) {
      const client = await pool.connect()
      client.on('error', ignore)
      let isClean = false
      try {
        await client.query('BEGIN')
        await work(client)
        await client.query('COMMIT')
        isClean = true
      } catch (error) {
        isClean = await client.query('ROLLBACK').then(
          () => true,
          () => false,
        )
        throw error
      } finally {
        client.removeListener('error', ignore)
        client.release(!isClean)
      }
    },
    async write(client, orders) {
      await client.query('SELECT 1 FROM customer WHERE key = ANY($1) ORDER BY key FOR UPDATE', [
        orders.map(({ key }) => key),
      ])
      for (const order of orders)
        await client.query('INSERT INTO plain_outbox (key, value) VALUES ($1, $2)', [order.key, JSON.stringify(order)])
    },
    close: () => Promise.resolve(),
  }
}

function ignore(): void {}

run(JSON.parse(process.argv[2] ?? '{}') as SenderSettings).catch(fail)
