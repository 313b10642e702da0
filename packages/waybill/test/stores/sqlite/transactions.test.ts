import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { fromSqlite, sqlite } from '../../../src/sqlite.js'
import type { SqliteHandle } from '../../../src/sqlite.js'
import type { Transactions } from '../../../src/ports/transactions.js'
import { message, outbox, waitingIds } from '../../../src/testing/store/scene.js'
import { folder, select } from '../sqlite-world.js'

interface Scene {
  readonly file: string
  readonly database: InstanceType<typeof Database>
  readonly transactions: Transactions<SqliteHandle>
  /** The same connection with a deadline of 100 ms. */
  readonly hasty: Transactions<SqliteHandle>
}

async function withScene(keep: (scene: Scene) => Promise<void>): Promise<void> {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)')
  try {
    await keep({
      file,
      database,
      transactions: fromSqlite(database),
      hasty: fromSqlite(database, { busyTimeoutMs: 100 }),
    })
  } finally {
    database.close()
    home.remove()
  }
}

const notes = (database: SqliteHandle): unknown[] =>
  select(database, 'SELECT note FROM orders ORDER BY id').map((row) => row.note)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('callbacks that overlap never share a transaction: the rollback of one leaves the other’s rows', () =>
  withScene(async ({ database, transactions }) => {
    // A second adapter on the same connection takes turns with the first.
    const adapters = [transactions, fromSqlite(database)]
    const runs = Array.from({ length: 10 }, (_, i) =>
      (adapters[i % 2] ?? transactions).run(async (tx) => {
        await transactions.execute(tx, 'INSERT INTO orders (note) VALUES (?)', [`${i} a`])
        await turn()
        if (i % 3 === 0) throw new Error('no')
        await transactions.execute(tx, 'INSERT INTO orders (note) VALUES (?)', [`${i} b`])
      }),
    )
    const results = await Promise.allSettled(runs)
    const kept = results.flatMap((result, i) => (result.status === 'fulfilled' ? [`${i} a`, `${i} b`] : []))
    assert.equal(kept.length, 12)
    assert.deepEqual(notes(database), kept)
    assert.equal(database.inTransaction, false)
  }))

test('run returns what the callback returned; rows and bytes pass through execute', () =>
  withScene(async ({ transactions }) => {
    const rows = await transactions.run((tx) =>
      transactions.execute(tx, 'SELECT ? AS a, ? AS b, ? AS c', [1, 'x', null]),
    )
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ a: 1, b: 'x', c: null }],
    )
  }))

test('a callback that ends the transaction itself is reported, not called a success', () =>
  withScene(async ({ database, transactions }) => {
    const run = transactions.run(async (tx) => {
      tx.exec('COMMIT')
    })
    await assert.rejects(run, { code: 'WB_NOT_IN_TRANSACTION' })
    await transactions.run(async () => {})
    assert.equal(database.inTransaction, false)
  }))

test('a transaction inside another one ends with a clear error instead of waiting for itself', () =>
  withScene(async ({ hasty }) => {
    const nested = hasty.run(() => hasty.run(async () => 'never'))
    await assert.rejects(nested, { code: 'WB_STORE_BUSY', message: /inside another/ })
    assert.equal(await hasty.run(async () => 'again'), 'again')
  }))

test('a transaction that other code began on the connection is waited for, then named', () =>
  withScene(async ({ database, hasty }) => {
    database.exec('BEGIN')
    await assert.rejects(
      hasty.run(async () => {}),
      { code: 'WB_STORE_BUSY', message: /other code/ },
    )
    database.exec('COMMIT')
    await hasty.run(async () => {})
  }))

test('a long busy timeout of the caller’s connection does not stop the event loop, and is left as it was', () =>
  withScene(async ({ file, database, hasty }) => {
    database.exec('PRAGMA busy_timeout = 3000')
    const other = new Database(file)
    other.exec('BEGIN IMMEDIATE')
    const startMs = performance.now()
    await assert.rejects(
      hasty.run(async () => {}),
      { code: 'WB_STORE_BUSY' },
    )
    assert(performance.now() - startMs < 1500, 'the deadline is 100 ms')
    other.exec('ROLLBACK')
    await hasty.run(async () => {})
    assert.deepEqual(
      select(database, 'PRAGMA busy_timeout').map((row) => row.timeout),
      [3000],
    )
    other.close()
  }))

test('check names what it got and how to do it right', () =>
  withScene(async ({ database, transactions }) => {
    const checked: Transactions<SqliteHandle> = transactions
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /undefined/],
      [{}, /class Object/],
      [new Map(), /class Map/],
      [database, /in no transaction.*waybill\.transaction\(async \(tx\).*BEGIN IMMEDIATE/s],
    ]
    for (const [value, text] of cases)
      assert.throws(() => checked.check(value), { code: 'WB_NOT_IN_TRANSACTION', message: text })
    database.exec('BEGIN IMMEDIATE')
    checked.check(database)
    database.exec('ROLLBACK')
  }))

test('the driver’s own synchronous transaction takes a message with its rows, or neither', () =>
  withScene(async ({ file, database, transactions }) => {
    const own = new Database(file)
    const store = sqlite(own)
    await store.migrate(outbox)
    const place = (note: string): void => {
      database.prepare('INSERT INTO orders (note) VALUES (?)').run([note])
      store.enqueueSync(transactions, database, [message()])
      if (note === 'bad') throw new Error('business failed')
    }
    database.transaction(place).immediate('good')
    assert.throws(() => database.transaction(place).immediate('bad'), /business failed/)
    assert.throws(() => place('outside'), { code: 'WB_NOT_IN_TRANSACTION' })
    assert.deepEqual(notes(database), ['good', 'outside'])
    assert.equal((await waitingIds(store)).length, 1)
    own.close()
  }))
