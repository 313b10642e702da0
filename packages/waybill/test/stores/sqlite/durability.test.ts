import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { fromSqlite, sqlite } from '../../../src/sqlite.js'
import { message, outbox, waiting } from '../../../src/testing/store/scene.js'
import { folder } from '../sqlite-world.js'

test('synchronous below FULL is refused on the store’s connection, with the fix', async () => {
  const home = folder()
  const database = new Database(join(home.path, 'shop.db'))
  for (const level of ['OFF', 'NORMAL']) {
    database.exec(`PRAGMA synchronous = ${level}`)
    for (const call of ['migrate', 'open'] as const)
      await assert.rejects(sqlite(database)[call](outbox), {
        code: 'WB_STORE_UNSAFE',
        message: /PRAGMA synchronous = FULL/,
      })
  }
  for (const level of ['FULL', 'EXTRA']) {
    database.exec(`PRAGMA synchronous = ${level}`)
    await sqlite(database).migrate(outbox)
  }
  database.close()
  home.remove()
})

test('synchronous below FULL is refused on the caller’s connection: its commit has to be durable', async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const [own, application] = [new Database(file), new Database(file)]
  const store = sqlite(own)
  const transactions = fromSqlite(application)
  await store.migrate(outbox)
  application.exec('PRAGMA synchronous = NORMAL')
  const send = (): Promise<void> => transactions.run((tx) => store.enqueue(transactions, tx, [message()]))
  await assert.rejects(send(), { code: 'WB_STORE_UNSAFE', message: /the transaction's connection/ })
  const sendSync = transactions.run(async (tx) => store.enqueueSync(transactions, tx, [message()]))
  await assert.rejects(sendSync, { code: 'WB_STORE_UNSAFE' })
  assert.deepEqual(await waiting(store), [])
  application.exec('PRAGMA synchronous = FULL')
  await send()
  assert.equal((await waiting(store)).length, 1)
  for (const database of [own, application]) database.close()
  home.remove()
})

test('a transaction on another file is refused: its message would never be sent', async () => {
  const home = folder()
  const [own, other] = ['a.db', 'b.db'].map((name) => new Database(join(home.path, name)))
  assert(own && other)
  const store = sqlite(own)
  await store.migrate(outbox)
  await sqlite(other).migrate(outbox)
  const transactions = fromSqlite(other)
  const send = transactions.run((tx) => store.enqueue(transactions, tx, [message()]))
  await assert.rejects(send, { code: 'WB_OPTION_INVALID', message: /b\.db.*a\.db/ })
  for (const database of [own, other]) database.close()
  home.remove()
})

test('a database in memory is refused, unless a test asks for it', async () => {
  const database = new Database(':memory:')
  await assert.rejects(sqlite(database).migrate(outbox), { code: 'WB_STORE_UNSAFE', message: /allowInMemory/ })
  const store = sqlite(database, { allowInMemory: true })
  await store.migrate(outbox)
  const transactions = fromSqlite(database)
  await store.changed()
  await transactions.run((tx) => store.enqueue(transactions, tx, [message()]))
  assert.equal(await store.changed(), true, 'a commit on the very connection of the store')
  assert.equal((await waiting(store)).length, 1)
  database.close()
})
