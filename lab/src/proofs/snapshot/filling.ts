import pg from 'pg'
import { createWaybill, silentLog } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { seeded } from '../seeded.js'
import type { World } from '../servers/world.js'
import { lanes, source } from '../workers/scene.js'

/** Messages of one transaction. Not more keys than send locks one by one, or a held sender's lane would be locked as a whole. */
const perTransaction = 500
const customers = 60
const atOnce = 2
const bodyBytes = 120

/** The key of a sender that does not commit; nobody else uses it. */
export const heldKey = 'held'

/** The service as it fills the outbox of a world, and holds a message uncommitted. */
export class Filling {
  readonly #pool: pg.Pool
  readonly #own: pg.Pool
  readonly #world: World
  readonly #waybill

  constructor(world: World) {
    this.#world = world
    this.#pool = new pg.Pool({ connectionString: world.database, max: atOnce + 1 })
    this.#own = new pg.Pool({ connectionString: world.database, max: 2 })
    this.#waybill = createWaybill({
      source,
      brokers: world.brokers,
      lanes,
      store: postgres(this.#own),
      transactions: fromPg<pg.PoolClient>(this.#pool),
      relay: false,
      log: silentLog,
    })
  }

  start(): Promise<void> {
    return this.#waybill.start()
  }

  /** Commits so many orders with their messages. */
  async fill(rows: number, seed: number): Promise<void> {
    const random = seeded(seed, 'filling')
    let left = rows
    const work = async (): Promise<void> => {
      while (left > 0) {
        const count = Math.min(perTransaction, left)
        left -= count
        await this.#waybill.transaction((tx) =>
          this.#place(tx, count, () => `customer-${Math.floor(random() * customers)}`),
        )
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  /** A transaction that has enqueued a message and does not commit before it is told to. */
  async hold(): Promise<{ commit(): Promise<void> }> {
    const client = await this.#pool.connect()
    await client.query('BEGIN')
    await this.#place(client, 1, () => heldKey)
    return {
      async commit() {
        await client.query('COMMIT')
        client.release()
      },
    }
  }

  async close(): Promise<void> {
    await this.#waybill.stop()
    await this.#pool.end()
    await this.#own.end()
  }

  async #place(tx: pg.PoolClient, count: number, nextKey: () => string): Promise<void> {
    const { rows } = await tx.query<{ number: string }>(
      `SELECT nextval('order_number') AS number FROM generate_series(1, $1)`,
      [count],
    )
    const orders = rows.map(({ number }) => ({
      number: Number(number),
      key: nextKey(),
      body: number.padEnd(bodyBytes, '.'),
    }))
    await this.#waybill.send(
      tx,
      orders.map((order) => ({ topic: this.#world.topic, key: order.key, value: order })),
    )
    // Row by row in the order of the messages: the places of a key rise with them.
    await tx.query(
      `INSERT INTO placed_order (number, key, place, body)
       SELECT number, key, nextval('order_place'), body
       FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS o (number, key, body, at) ORDER BY at`,
      [orders.map(({ number }) => number), orders.map(({ key }) => key), orders.map(({ body }) => body)],
    )
  }
}
