import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { type PgliteDatabase, drizzle } from 'drizzle-orm/pglite'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { sql } from 'drizzle-orm/sql'
import { drizzle as sqlite } from 'drizzle-orm/sqlite-proxy'
import { fromDrizzle } from '../../src/drizzle.js'
import type { Transactions, Waybill } from '../../src/waybill.js'

type TxOf<Db> = Db extends { transaction<T>(fn: (tx: infer Tx) => Promise<T>): unknown } ? Tx : never
type Tx = TxOf<PgliteDatabase>

const lite = new PGlite()
const db = drizzle(lite)
const transactions: Transactions<Tx> = fromDrizzle(db)
const insert = 'insert into note (name, size, body) values ($1::text, $2::bigint, $3::bytea) returning name, body'

before(async () => {
  await lite.exec('create table note (name text, size bigint, body bytea)')
})
after(() => lite.close())

async function names(): Promise<readonly unknown[]> {
  return (await lite.query<{ name: string }>('select name from note order by name')).rows.map(({ name }) => name)
}

test('statements run inside the transaction: bytes, null and bigint arrive as they are, savepoints count', async () => {
  const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const rows = await transactions.run(async (tx) => {
    transactions.check(tx)
    assert.deepEqual(await transactions.execute(tx, 'delete from note', []), [])
    const nested = tx.transaction(async (savepoint) => {
      await transactions.execute(savepoint, insert, ['gone', 1, null])
      throw new Error('business fails')
    })
    await assert.rejects(nested, /business fails/)
    return transactions.execute(tx, insert, ['kept', 12345678901234567n, body])
  })
  assert.deepEqual(rows, [{ name: 'kept', body }])
  assert.deepEqual(await names(), ['kept'])
})

test('a callback that fails, or that caught the error of a statement, leaves nothing behind', async () => {
  const failing = transactions.run(async (tx) => {
    await transactions.execute(tx, insert, ['gone', 1, null])
    throw new Error('business fails')
  })
  await assert.rejects(failing, /business fails/)
  const swallowing = transactions.run(async (tx) => {
    await transactions.execute(tx, insert, ['gone', 1, null])
    await assert.rejects(transactions.execute(tx, 'select 1 / $1::int', [0]), { code: '22012' })
  })
  await assert.rejects(swallowing, {
    code: 'WB_NOT_IN_TRANSACTION',
    message: /statement of this transaction has failed/,
  })
  assert.deepEqual(await names(), ['kept'])
})

test('a finished transaction, the db itself and foreign objects are refused, with the fix', async () => {
  const finished = await transactions.run(async (tx) => tx)
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [finished, /this transaction is not open/],
    [db, /this is the db of Drizzle itself, which runs each statement on any connection.*db\.transaction/],
    [lite, /is no transaction of Drizzle/],
    [{}, /class Object is no transaction of Drizzle/],
    [undefined, /undefined is no transaction of Drizzle/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => transactions.check(value), { code: 'WB_NOT_IN_TRANSACTION', message })
  await assert.rejects(transactions.execute(finished, insert, ['gone', 1, null]), { code: 'WB_NOT_IN_TRANSACTION' })
  assert.deepEqual(await names(), ['kept'])
})

test('a failed statement tells the error of the driver, without its parameters', async () => {
  const failing = transactions.run((tx) => transactions.execute(tx, 'select $1::text::int', ['secret']))
  await assert.rejects(failing, (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, '22P02')
    assert.doesNotMatch(error.message, /params/)
    return true
  })
})

test('fromDrizzle refuses another database than PostgreSQL', () => {
  const other = sqlite(async () => ({ rows: [] }))
  // @ts-expect-error transactions of SQLite have no execute
  assert.throws(() => fromDrizzle(other), { code: 'WB_OPTION_INVALID', message: /PostgreSQL.*SQLite/ })
})

// Compiled, never run: Drizzle's own types must go on fitting, with every driver.
export async function sends(
  waybill: Waybill<TxOf<NodePgDatabase>>,
  handles: { readonly tx: TxOf<NodePgDatabase>; readonly db: NodePgDatabase; readonly js: PostgresJsDatabase },
): Promise<void> {
  const message = { topic: 'orders', value: 1 }
  await waybill.send(handles.tx, message)
  await handles.db.transaction(async (tx) => {
    await waybill.send(tx, message)
    await tx.transaction((savepoint) => waybill.send(savepoint, message))
  })
  await waybill.transaction(async (tx) => tx.execute(sql`select 1`))
  const js: Transactions<TxOf<PostgresJsDatabase>> = fromDrizzle(handles.js)
  await js.run((tx) => tx.execute(sql`select 1`))
  // @ts-expect-error the db itself runs each statement on any connection
  await waybill.send(handles.db, message)
}
