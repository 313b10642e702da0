import { type NodePgDatabase, drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { type PostgresJsDatabase, drizzle as drizzleJs } from 'drizzle-orm/postgres-js'
import { sql } from 'drizzle-orm/sql'
import pg from 'pg'
import postgres from 'postgres'
import { fromDrizzle } from 'waybill/drizzle'
import type { Library } from '../library.js'

const orders = pgTable('orders', { id: text().primaryKey(), item: text().notNull(), cents: integer().notNull() })
const invoices = pgTable('invoices', {
  id: serial().primaryKey(),
  orderId: text().notNull(),
  cents: integer().notNull(),
})
const wrong = /this is the db of Drizzle itself, which runs each statement on any connection/

type PgTx = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0]
type JsTx = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

/** Drizzle on node-postgres. */
export async function openDrizzle(url: string): Promise<Library<PgTx>> {
  const pool = new pg.Pool({ connectionString: url })
  const db = drizzle(pool)
  return {
    transactions: fromDrizzle(db),
    begin: (fn) => db.transaction(fn),
    nested: (tx, fn) => tx.transaction(fn),
    order: async (tx, order) => tx.insert(orders).values(order),
    invoice: async (tx, { id, cents }) => tx.insert(invoices).values({ orderId: id, cents }),
    fail: async (tx) => tx.execute(sql`SELECT 1 / 0`),
    wrong: [[db, wrong]],
    close: () => pool.end(),
  }
}

/** Drizzle on postgres.js, which does not tell whether a transaction is open. */
export async function openDrizzleJs(url: string): Promise<Library<JsTx>> {
  const client = postgres(url)
  const db = drizzleJs(client)
  return {
    transactions: fromDrizzle(db),
    begin: (fn) => db.transaction(fn),
    nested: (tx, fn) => tx.transaction(fn),
    order: async (tx, order) => tx.insert(orders).values(order),
    invoice: async (tx, { id, cents }) => tx.insert(invoices).values({ orderId: id, cents }),
    fail: async (tx) => tx.execute(sql`SELECT 1 / 0`),
    wrong: [[db, wrong]],
    close: () => client.end(),
  }
}
