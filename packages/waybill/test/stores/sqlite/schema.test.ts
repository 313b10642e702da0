import assert from 'node:assert/strict'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { sqliteSql } from '../../../src/generated/sql.js'
import { sqlite } from '../../../src/sqlite.js'
import { folder } from '../sqlite-world.js'

const outbox = { source: 'shop', lanes: 4 }

async function withFile(keep: (file: string, database: InstanceType<typeof Database>) => Promise<void>): Promise<void> {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const database = new Database(file)
  try {
    await keep(file, database)
  } finally {
    database.close()
    home.remove()
  }
}

test('a newer breaking schema stops an older waybill, a newer compatible one does not', () =>
  withFile(async (_, database) => {
    const store = sqlite(database)
    await store.migrate(outbox)
    database.exec("UPDATE outbox_meta SET value = '99' WHERE name = 'schema_version'")
    await store.open(outbox)
    await store.migrate(outbox)
    database.exec("UPDATE outbox_meta SET value = '98' WHERE name = 'schema_breaking'")
    await assert.rejects(store.open(outbox), { code: 'WB_SCHEMA_NEWER' })
    await assert.rejects(store.migrate(outbox), { code: 'WB_SCHEMA_NEWER' })
  }))

test('two outboxes with different prefixes live in one file and know nothing of each other', () =>
  withFile(async (_, database) => {
    const one = sqlite(database)
    const two = sqlite(database, { prefix: 'audit_out' })
    await one.migrate(outbox)
    await assert.rejects(two.open(outbox), { code: 'WB_SCHEMA_MISSING' })
    await two.migrate({ source: 'audit', lanes: 8 })
    await one.take('relay', 4, 60_000)
    assert.equal((await two.take('relay', 8, 60_000)).length, 8)
    await one.open(outbox)
  }))

test('a prefix that is no plain name is refused', () =>
  withFile(async (_, database) => {
    for (const prefix of ['', 'a b', 'a"b', 'a;DROP', '1a', 'sqlite_x', 'x'.repeat(41), 'größe'])
      assert.throws(() => sqlite(database, { prefix }), { code: 'WB_OPTION_INVALID' }, prefix)
  }))

test('what is no SQLite connection is refused when the store is made', () => {
  for (const value of [{}, null, 'shop.db', { prepare() {}, exec() {} }])
    assert.throws(() => sqlite(value as never), { code: 'WB_OPTION_INVALID' })
})

test('a copy that took the place of the file has another identity', () =>
  withFile(async (file, database) => {
    const store = sqlite(database)
    await store.migrate(outbox)
    const before = await store.databaseIdentity()
    copyFileSync(file, `${file}.copy`)
    renameSync(`${file}.copy`, file)
    assert.notEqual(await store.databaseIdentity(), before)
    assert(before.includes(file))
  }))

test('sequences wrap to 0 after 2147483647 inside a flight', () =>
  withFile(async (_, database) => {
    const store = sqlite(database)
    await store.migrate(outbox)
    const insert = database.prepare(
      "INSERT INTO outbox (lane, message_id, topic, key, headers, value, created_at) VALUES (0, zeroblob(16), 't', NULL, zeroblob(0), NULL, 1)",
    )
    for (let i = 0; i < 4; i++) insert.run([])
    const [state] = await store.take('relay', 1, 60_000)
    assert(state)
    const { fence } = state.lease
    const incarnation = { producerId: 7, producerEpoch: 0 }
    const flight = { lane: 0, topic: 't', partition: 0, incarnation, firstSequence: 0 }
    const claim = { kind: 'claim', ...flight, fence, topicId: 'x', openedAtOffset: -1 } as const
    await store.advance([
      { ...claim, rowIds: [1] },
      { kind: 'mark', fence, flight, baseOffset: 0, leaderEpoch: 0 },
    ])
    database.exec('UPDATE outbox_stream SET next_sequence = 2147483646')
    const late = { ...flight, firstSequence: 2_147_483_646 }
    const results = await store.advance([
      { ...claim, ...late, rowIds: [2, 3, 4] },
      { kind: 'mark', fence, flight: late, baseOffset: 1, leaderEpoch: 0 },
    ])
    assert.deepEqual(
      results.map((result) => result.kind),
      ['done', 'done'],
    )
    const sent = database.prepare('SELECT sequence FROM outbox_sent ORDER BY id').all() as { sequence: number }[]
    assert.deepEqual(
      sent.map((row) => row.sequence),
      [0, 2_147_483_646, 2_147_483_647, 0],
    )
    const [stream] = database.prepare('SELECT next_sequence FROM outbox_stream').all() as { next_sequence: number }[]
    assert.equal(stream?.next_sequence, 1)
  }))

test('a lane is read through its index in id order, without a sort', () =>
  withFile(async (_, database) => {
    await sqlite(database).migrate(outbox)
    const planOf = (sql: string): readonly string[] => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all([0, 0, 10]) as { detail: string }[]
      return plan.map((row) => row.detail)
    }
    const search = 'SEARCH outbox USING INDEX outbox_by_lane'
    assert.deepEqual(planOf(sqliteSql['read-sizes']), [`${search} (lane=? AND rowid>?)`])
    assert.deepEqual(planOf(sqliteSql.read), [`${search} (lane=? AND rowid>? AND rowid<?)`])
  }))
