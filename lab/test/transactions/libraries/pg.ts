import pg from 'pg'
import { fromPg } from 'waybill/pg'
import type { Library, Order } from '../library.js'

/** node-postgres: a pool, and clients of it with BEGIN and COMMIT by hand. */
export async function openPg(url: string): Promise<Library<pg.ClientBase>> {
  const pool = new pg.Pool({ connectionString: url })
  const idle = new pg.Client({ connectionString: url })
  await idle.connect()
  const closed = new pg.Client({ connectionString: url })
  await closed.connect()
  await closed.query('BEGIN')
  await closed.end()
  return {
    transactions: fromPg<pg.ClientBase>(pool),
    begin: (fn) => begin(pool, fn),
    nested,
    order: (tx, { id, item, cents }) => tx.query('INSERT INTO orders VALUES ($1, $2, $3)', [id, item, cents]),
    invoice: (tx, { id, cents }: Order) =>
      tx.query('INSERT INTO invoices ("orderId", cents) VALUES ($1, $2)', [id, cents]),
    fail: (tx) => tx.query('SELECT 1 / 0'),
    wrong: [
      [pool, /Pool is no client of pg \(and a pool runs each statement on any connection\)/],
      [idle, /this transaction is not open \(never begun/],
      [closed, /this pg client is closed/],
      [new pg.Client({ connectionString: url }), /this transaction is not open/],
    ],
    async close() {
      await idle.end()
      await pool.end()
    },
  }
}

async function begin<T>(pool: pg.Pool, fn: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await fn(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

async function nested(tx: pg.ClientBase, fn: (tx: pg.ClientBase) => Promise<void>): Promise<void> {
  await tx.query('SAVEPOINT a')
  try {
    await fn(tx)
    await tx.query('RELEASE SAVEPOINT a')
  } catch (error) {
    await tx.query('ROLLBACK TO SAVEPOINT a')
    throw error
  }
}
