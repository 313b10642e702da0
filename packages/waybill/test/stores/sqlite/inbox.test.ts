import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { sqliteSql } from '../../../src/generated/sql.js'
import { fromSqlite, sqlite, sqliteInbox } from '../../../src/sqlite.js'
import { inboxContract } from '../../../src/testing/inbox-contract.js'
import type { InboxWorld } from '../../../src/testing/inbox-contract.js'
import { accept, entry, isNew } from '../../../src/testing/inbox/scene.js'
import { message, outbox, waiting } from '../../../src/testing/store/scene.js'
import { folder, openLibsql, select } from '../sqlite-world.js'
import type { Open } from '../sqlite-world.js'

type Kind = 'alone' | 'beside an outbox'

function inboxWorld(open: Open, kind: Kind, prefix?: string): InboxWorld {
  const home = folder()
  const connections = Array.from({ length: 4 }, () => open(join(home.path, 'board.db')))
  const [own, application, peerOwn, peerApplication] = connections
  assert(own && application && peerOwn && peerApplication)
  const options = prefix === undefined ? {} : { prefix }
  const inboxOf = (handle: typeof own): InboxWorld['inbox'] =>
    kind === 'alone' ? sqliteInbox(handle, options) : sqlite(handle, options).inbox
  const nowMs = (): Promise<number> => sqlite(own).nowMs()
  return {
    inbox: inboxOf(own),
    transactions: fromSqlite(application),
    peer: { inbox: inboxOf(peerOwn), transactions: fromSqlite(peerApplication) },
    nowMs,
    async passTime(ms) {
      const until = (await nowMs()) + ms
      while ((await nowMs()) < until) await new Promise((resolve) => setImmediate(resolve))
    },
    async close() {
      for (const connection of connections) connection.close()
      home.remove()
    },
  }
}

for (const { name, run } of inboxContract({ fresh: async () => inboxWorld(openLibsql, 'alone') }))
  test(`alone: ${name}`, run)

for (const { name, run } of inboxContract({ fresh: async () => inboxWorld(openLibsql, 'beside an outbox', 'shop_2') }))
  if (/once|migrate|independent|purge/.test(name)) test(`of an outbox with another prefix: ${name}`, run)

async function withFile(keep: (file: string, database: InstanceType<typeof Database>) => Promise<void>): Promise<void> {
  const home = folder()
  const file = join(home.path, 'board.db')
  const database = new Database(file)
  try {
    await keep(file, database)
  } finally {
    database.close()
    home.remove()
  }
}

const tables = (database: InstanceType<typeof Database>): unknown[] =>
  select(
    database,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  ).map((row) => row.name)

test('an inbox needs no outbox, and lives beside one in the same file whichever came first', () =>
  withFile(async (file, database) => {
    await sqliteInbox(database).migrate()
    assert.deepEqual(tables(database), ['inbox', 'inbox_meta'])
    const store = sqlite(database)
    await assert.rejects(store.open(outbox), { code: 'WB_SCHEMA_MISSING' })
    await store.inbox.open()
    await store.migrate(outbox)
    await store.inbox.migrate()
    const application = new Database(file)
    const transactions = fromSqlite(application)
    await transactions.run(async (tx) => {
      assert.equal(await store.inbox.accept(transactions, tx, entry()), true)
      await store.enqueue(transactions, tx, [message()])
    })
    assert.equal((await waiting(store)).length, 1)
    await store.close()
    await assert.rejects(store.inbox.open(), { code: 'WB_STOPPED' })
    application.close()
  }))

test('inboxes of two prefixes know nothing of each other; the tables of an outbox are not taken for an inbox', () =>
  withFile(async (file, database) => {
    const application = new Database(file)
    const transactions = fromSqlite(application)
    const [one, two] = [sqliteInbox(database), sqliteInbox(database, { prefix: 'board_in' })]
    await one.migrate()
    await assert.rejects(two.open(), { code: 'WB_SCHEMA_MISSING' })
    await two.migrate()
    const own = entry()
    assert.equal(await isNew({ inbox: one, transactions }, own), true)
    assert.equal(await isNew({ inbox: two, transactions }, own), true)
    await sqlite(database, { prefix: 'shop' }).migrate(outbox)
    const wrong = sqliteInbox(database, { prefix: 'shop' })
    await assert.rejects(wrong.migrate(), { code: 'WB_OPTION_INVALID' })
    await assert.rejects(wrong.open(), { code: 'WB_OPTION_INVALID' })
    for (const prefix of ['', 'a b', 'a;DROP', 'sqlite_x'])
      assert.throws(() => sqliteInbox(database, { prefix }), { code: 'WB_OPTION_INVALID' }, prefix)
    application.close()
  }))

test('a newer breaking schema of the inbox stops an older waybill, a newer compatible one does not', () =>
  withFile(async (_, database) => {
    const inbox = sqliteInbox(database)
    await inbox.migrate()
    database.exec("UPDATE inbox_meta SET value = '99' WHERE name = 'schema_version'")
    await inbox.open()
    await inbox.migrate()
    database.exec("UPDATE inbox_meta SET value = '98' WHERE name = 'schema_breaking'")
    await assert.rejects(inbox.open(), { code: 'WB_SCHEMA_NEWER' })
    await assert.rejects(inbox.migrate(), { code: 'WB_SCHEMA_NEWER' })
  }))

test('the handler’s connection must be on the inbox’s file and durable', () =>
  withFile(async (file, database) => {
    const other = new Database(`${file}.other`)
    const application = new Database(file)
    const inbox = sqliteInbox(database)
    await inbox.migrate()
    await sqliteInbox(other).migrate()
    await assert.rejects(isNew({ inbox, transactions: fromSqlite(other) }, entry()), {
      code: 'WB_OPTION_INVALID',
      message: /where its effects are/,
    })
    application.exec('PRAGMA synchronous = NORMAL')
    const side = { inbox, transactions: fromSqlite(application) }
    await assert.rejects(isNew(side, entry()), { code: 'WB_STORE_UNSAFE' })
    application.exec('PRAGMA synchronous = FULL')
    assert.equal(await isNew(side, entry()), true)
    for (const connection of [other, application]) connection.close()
  }))

test('a transaction that cannot become a writer fails as a whole, and its second try sees the entry', () =>
  withFile(async (file, database) => {
    const [one, other] = [new Database(file), new Database(file)]
    const inbox = sqliteInbox(database)
    await inbox.migrate()
    const own = entry()
    const transactions = fromSqlite(one)
    // A plain BEGIN takes its snapshot at the first read and may find it too old when it first writes.
    one.exec('BEGIN')
    one.prepare('SELECT count(*) FROM inbox').all()
    assert.equal(await isNew({ inbox, transactions: fromSqlite(other) }, own), true)
    await assert.rejects(inbox.accept(transactions, one, own), { code: 'WB_STORE_BUSY', retryable: 'yes' })
    one.exec('ROLLBACK')
    // On another connection: libsql's stays stuck, see sqliteInboxStore.
    const again = new Database(file)
    assert.equal(await isNew({ inbox, transactions: fromSqlite(again) }, own), false)
    for (const connection of [one, other, again]) connection.close()
  }))

test('purge goes along its index', () =>
  withFile(async (_, database) => {
    await sqliteInbox(database).migrate()
    const planOf = (sql: string): string[] =>
      select(database, `EXPLAIN QUERY PLAN ${sql.replaceAll('?', '1')}`).map((row) => String(row.detail))
    const details = planOf(sqliteSql['inbox-purge'])
    assert(!details.some((detail) => /^SCAN inbox|TEMP B-TREE/.test(detail)), details.join('\n'))
    assert(
      details.some((detail) => detail.includes('inbox_by_age (group_id=? AND keep_from<?)')),
      details.join('\n'),
    )
  }))

test('own ids take 16 bytes of the inbox', (context) =>
  withFile(async (file, database) => {
    const inbox = sqliteInbox(database)
    await inbox.migrate()
    const application = new Database(file)
    const transactions = fromSqlite(application)
    const count = 20_000
    const started = performance.now()
    await accept({ inbox, transactions }, ...Array.from({ length: count }, () => entry()))
    const perEntry = ((performance.now() - started) * 1000) / count
    assert.deepEqual(select(database, 'SELECT DISTINCT length(message_id) AS n, typeof(message_id) AS t FROM inbox'), [
      { n: 16, t: 'blob' },
    ])
    context.diagnostic(`accept in one transaction: ${perEntry.toFixed(1)} µs each`)
    application.close()
  }))

const handler = join(import.meta.dirname, 'inbox-handler.js')

/** A process that handles the messages it is told to. */
class Handler {
  readonly #process: ChildProcess
  readonly #ended: Promise<number | null>
  #lines: string[] = []
  #errors = ''

  constructor(...args: readonly string[]) {
    this.#process = spawn(process.execPath, [handler, ...args], { stdio: 'pipe' })
    let rest = ''
    this.#process.stdout?.on('data', (data: Buffer) => {
      const parts = (rest + data.toString()).split('\n')
      rest = parts.pop() ?? ''
      this.#lines.push(...parts)
    })
    this.#process.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()))
    this.#ended = new Promise((resolve) => this.#process.once('close', resolve))
  }

  /** Its next line, with a deadline. */
  async says(): Promise<string> {
    const until = performance.now() + 20_000
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      assert(performance.now() < until && this.#process.exitCode === null, `no answer; ${this.#errors}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  tell(number: number): void {
    this.#process.stdin?.write(`${number}\n`)
  }

  async end(): Promise<void> {
    this.#process.stdin?.end()
    assert.equal(await this.#ended, 0, this.#errors)
  }
}

test('two processes that handle the same 500 messages at once: one effect each', { timeout: 60_000 }, (context) =>
  withFile(async (file, database) => {
    const count = 500
    await sqliteInbox(database).migrate()
    database.exec('CREATE TABLE effect (message INTEGER NOT NULL, handler TEXT NOT NULL)')
    const handlers = ['one', 'two'].map((name) => new Handler(file, name))
    for (const each of handlers) assert.equal(await each.says(), 'ready')
    const firsts = [0, 0]
    // In step, or one would do all before the other has its first turn: a writer that loops rarely leaves the lock free.
    for (let number = 0; number < count; number++) {
      for (const each of number % 2 === 0 ? handlers : handlers.toReversed()) each.tell(number)
      const answers = await Promise.all(handlers.map((each) => each.says()))
      assert.deepEqual([...answers].sort(), [`known ${number}`, `new ${number}`])
      const first = answers.findIndex((answer) => answer.startsWith('new'))
      firsts[first] = (firsts[first] ?? 0) + 1
    }
    await Promise.all(handlers.map((each) => each.end()))
    const effects = select(database, 'SELECT message, count(*) AS n FROM effect GROUP BY message')
    assert.equal(effects.length, count)
    assert.deepEqual(
      effects.filter((row) => row.n !== 1),
      [],
    )
    context.diagnostic(`first: ${firsts.join(' and ')}`)
  }),
)
