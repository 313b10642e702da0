import assert from 'node:assert/strict'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { fromSqlite, sqlite } from '../../../src/sqlite.js'
import { message, outbox, waiting } from '../../../src/testing/store/scene.js'
import { folder, select } from '../sqlite-world.js'

/** A migrated file with `count` waiting rows of 2000 bytes, all of it in the main file. */
async function filled(file: string, count: number): Promise<void> {
  const database = new Database(file)
  const store = sqlite(database)
  await store.migrate(outbox)
  const transactions = fromSqlite(database)
  const rows = Array.from({ length: count }, () => message({ value: new Uint8Array(2000).fill(65) }))
  await transactions.run((tx) => store.enqueue(transactions, tx, rows))
  select(database, 'PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

function overwrite(file: string, at: number, length: number): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, new Uint8Array(length).fill(0xa5), 0, length, at)
  closeSync(descriptor)
}

test('garbage over the header is WB_STORE_CORRUPT', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  await filled(file, 5)
  overwrite(file, 0, 100)
  const database = new Database(file)
  await assert.rejects(sqlite(database).open(outbox), { code: 'WB_STORE_CORRUPT', message: /restore a backup/ })
  database.close()
  home.remove()
})

test('a flipped page is WB_STORE_CORRUPT when it is read, never a wrong row', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  await filled(file, 400)
  const before = await rowsOf(file)
  const pages = statSync(file).size / 4096
  let corrupt = 0
  for (let page = 30; page < pages; page += 20) {
    // Only the page's own header: bytes inside a value have no checksum in SQLite (the wire's CRC and the header show those).
    overwrite(file, page * 4096, 8)
    const rows = await rowsOf(file).catch((error: unknown) => {
      assert(error instanceof Error && 'code' in error && error.code === 'WB_STORE_CORRUPT', String(error))
      corrupt++
      return before
    })
    assert.deepEqual(rows, before)
  }
  assert(corrupt > 0, 'no damage was met')
  home.remove()
})

async function rowsOf(file: string): Promise<unknown> {
  const database = new Database(file)
  try {
    return (await waiting(sqlite(database))).map((row) => [row.id, row.messageId, row.value?.length])
  } finally {
    database.close()
  }
}

test('a full disk is WB_STORE_FULL, changes nothing, and sending works again when there is room', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const [own, application] = [new Database(file), new Database(file)]
  const store = sqlite(own)
  await store.migrate(outbox)
  const transactions = fromSqlite(application)
  const [pages] = select(application, 'PRAGMA page_count')
  select(application, `PRAGMA max_page_count = ${Number(pages?.page_count) + 3}`)
  const send = (): Promise<void> =>
    transactions.run((tx) => store.enqueue(transactions, tx, [message(), message({ value: new Uint8Array(100_000) })]))
  await assert.rejects(send(), { code: 'WB_STORE_FULL', retryable: 'yes' })
  assert.deepEqual(await waiting(store), [])
  select(application, 'PRAGMA max_page_count = 100000')
  await send()
  assert.equal((await waiting(store)).length, 2)
  for (const database of [own, application]) database.close()
  home.remove()
})

test('locked for longer than the deadline is WB_STORE_BUSY; the event loop turns meanwhile', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const [own, application, blocker] = [new Database(file), new Database(file), new Database(file)]
  const store = sqlite(own, { busyTimeoutMs: 150 })
  await store.migrate(outbox)
  const transactions = fromSqlite(application, { busyTimeoutMs: 150 })
  blocker.exec('BEGIN IMMEDIATE')
  let turns = 0
  const ticker = setInterval(() => turns++, 5)
  await assert.rejects(store.take('relay', 1, 1000), { code: 'WB_STORE_BUSY', retryable: 'yes' })
  await assert.rejects(
    transactions.run((tx) => store.enqueue(transactions, tx, [message()])),
    { code: 'WB_STORE_BUSY' },
  )
  clearInterval(ticker)
  assert(turns >= 6, `${turns} turns in 300 ms`)
  assert.deepEqual(await waiting(store), [], 'readers are not blocked')
  const late = store.take('relay', 1, 1000)
  blocker.exec('ROLLBACK')
  assert.equal((await late).length, 1)
  for (const database of [own, application, blocker]) database.close()
  home.remove()
})

test('a store on the application’s connection waits for its transaction and never becomes part of it', async () => {
  const home = folder()
  const database = new Database(join(home.path, 'shop.db'))
  const store = sqlite(database)
  await store.migrate(outbox)
  const transactions = fromSqlite(database)
  let taken: Promise<unknown> | undefined
  let early = false
  await assert.rejects(
    transactions.run(async (tx) => {
      await store.enqueue(transactions, tx, [message()])
      taken = store.take('relay', 4, 60_000).then(() => (early = true))
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(early, false)
      throw new Error('rolled back')
    }),
    /rolled back/,
  )
  await taken
  assert.deepEqual([await waiting(store), (await store.heartbeat('relay', 60_000)).leases.length], [[], 4])
  database.close()
  home.remove()
})

test('a closed connection is refused, and the process lives on', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const [own, application] = [new Database(file), new Database(file)]
  const store = sqlite(own)
  const transactions = fromSqlite(application)
  await store.migrate(outbox)
  own.close()
  application.close()
  await assert.rejects(store.take('relay', 1, 1000), { code: 'WB_STOPPED' })
  await assert.rejects(store.enqueue(transactions, application, [message()]), { code: 'WB_NOT_IN_TRANSACTION' })
  await assert.rejects(
    transactions.run(async () => {}),
    { code: 'WB_NOT_IN_TRANSACTION' },
  )
  await store.close()
  home.remove()
})
