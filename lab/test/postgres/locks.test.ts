import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WaybillError } from 'waybill'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { isPending, message, Scene, soon } from './scene.js'
import type { Message } from './scene.js'

const key = (text: string): Pick<Message, 'key'> => ({ key: Buffer.from(text) })
const many = (count: number, lane: number): Message[] =>
  Array.from({ length: count }, (_, i) => message({ lane, ...key(`many ${lane} ${i}`) }))
const values = (rows: readonly { readonly value: Uint8Array | null }[]): string[] =>
  rows.map(({ value }) => Buffer.from(value ?? []).toString())

let server: PostgresServer
before(async () => {
  server = await startPostgres({ settings: { max_prepared_transactions: '4' } })
})
after(() => server.close())

test('the second transaction of a key draws its id after the first one committed', async () => {
  await using scene = await Scene.open(server)
  const [first, second] = [await scene.begin(), await scene.begin()]
  await first.send(message({ value: Buffer.from('1') }))
  const waits = second.send(message({ value: Buffer.from('2') }))
  await soon(async () => (await scene.waiting()) === 1, 'the second transaction waits for the key')
  await first.send(message({ value: Buffer.from('1 again') }))
  await first.end()
  await waits
  await second.end()
  assert.deepEqual(values(await scene.read()), ['1', '1 again', '2'])
})

test('other keys, other topics and messages without a key do not wait', async () => {
  await using scene = await Scene.open(server)
  const [first, second] = [await scene.begin(), await scene.begin()]
  await first.send(message(), message({ key: null }))
  await second.send(message(key('other')), message({ topic: 'other' }), message({ key: null }))
  await second.end()
  await first.end()
  assert.equal((await scene.read()).length, 5)
})

test('two open transactions of one key of a topic without order both get through, alone and beside many others', async () => {
  await using scene = await Scene.open(server)
  const unordered = { unordered: true } as const
  const [first, second, third] = [await scene.begin(), await scene.begin(), await scene.begin()]
  await first.send(message({ ...unordered, value: Buffer.from('1') }))
  await second.send(
    message({ ...unordered, value: Buffer.from('2') }),
    message({ ...unordered, value: Buffer.from('3') }),
  )
  await third.send(...many(70, 0).map((one) => ({ ...one, ...unordered, key: Buffer.from('k') })))
  const open = await scene.openSenders()
  assert.equal(open.size, 3, 'reading minds all the same that they are open')
  for (const tx of [third, second, first]) await tx.end()
  assert.equal((await scene.read()).length, 73)
})

test('a call with more than 64 keys and a call with one of them wait for each other, both ways', async () => {
  await using scene = await Scene.open(server)
  for (const [one, two] of [
    [many(65, 1), [message({ lane: 1, ...key('many 1 7') })]],
    [[message({ lane: 1, ...key('many 1 7') })], many(65, 1)],
  ] as const) {
    const [first, second] = [await scene.begin(), await scene.begin()]
    await first.send(...one)
    const waits = second.send(...two)
    await soon(async () => (await scene.waiting()) === 1, 'the second call waits')
    await first.end()
    await waits
    await second.end()
  }
  const ids = (await scene.read()).filter((row) => Buffer.from(row.key ?? []).toString() === 'many 1 7')
  assert.equal(ids.length, 4)
})

test('a call with more than 64 keys does not wait for other lanes, and takes few locks', async () => {
  await using scene = await Scene.open(server)
  const [first, second] = [await scene.begin(), await scene.begin()]
  await first.send(message({ lane: 2 }))
  await second.send(...many(5_000, 1), message({ key: null, lane: 2 }))
  const locks = await second.client.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
  )
  assert.equal(locks.rows[0]?.n, 2)
  await second.end()
  await first.end()
  const rows = await scene.read()
  assert.equal(rows.length, 5_002)
  assert.deepEqual(
    values(rows.filter(({ lane, key: bytes }) => lane === 1 && bytes !== null)).length,
    5_000,
    'in several statements',
  )
})

test('calls with the same keys in opposite order end: locks are taken in one order', async () => {
  await using scene = await Scene.open(server)
  const some = Array.from({ length: 40 }, (_, i) => message({ lane: i % 4, ...key(`k${i}`) }))
  const send = async (own: readonly Message[]): Promise<void> => {
    const tx = await scene.begin()
    await tx.send(...own)
    await tx.end()
  }
  for (let round = 0; round < 10; round++)
    await Promise.all([send(some), send(some.toReversed()), send([...many(70, 3), ...many(70, 0)]), send(many(70, 0))])
  assert.equal((await scene.read()).length, 10 * (40 + 40 + 140 + 70))
})

test('two transactions that send keys in opposite order: one is told to try again', async () => {
  await using scene = await Scene.open(server)
  const [first, second] = [await scene.begin(), await scene.begin()]
  await first.send(message(key('a')))
  await second.send(message(key('b')))
  const results = await Promise.allSettled([first.send(message(key('b'))), second.send(message(key('a')))])
  const failed = results.filter((result) => result.status === 'rejected')
  assert.equal(failed.length, 1)
  const error: unknown = failed[0]?.reason
  assert(error instanceof WaybillError)
  assert.deepEqual([error.code, error.retryable], ['WB_STORE_BUSY', 'yes'])
  assert.match(error.message, /deadlock/)
  await Promise.all([first.end('ROLLBACK'), second.end('ROLLBACK')])
})

test('every open transaction that has drawn ids is named, and of others only who has not been open for long', async () => {
  await using scene = await Scene.open(server)
  const other = await scene.begin()
  const { rows } = await other.client.query<{ id: string }>(
    'SELECT pg_advisory_xact_lock(4711), pg_advisory_xact_lock(1, 2), txid_current()::text AS id',
  )
  const bystander = rows[0]?.id ?? ''
  assert((await scene.openSenders()).has(bystander), 'it may send at any moment')
  const first = await scene.begin()
  await first.send(message(key('of one that stays open')))
  const { rows: own } = await first.client.query<{ id: string }>('SELECT txid_current()::text AS id')
  for (let began = 0; began <= 256; began++) await scene.query('SELECT txid_current()')
  const open = await scene.openSenders()
  assert(!open.has(bystander), 'locks of the application are not ours')
  assert(open.has(own[0]?.id ?? ''))
  await other.client.query('SAVEPOINT a')
  await other.send(message(key('of one that sends after all')))
  assert((await scene.openSenders()).has(bystander), 'now it is a sender')
  await other.client.query('ROLLBACK TO SAVEPOINT a')
  assert(!(await scene.openSenders()).has(bystander), 'and has no rows any more')
  await first.end()
  await soon(async () => (await scene.openSenders()).size === 0, 'nobody is named')
  const names = new Set<string>()
  const txs = []
  for (const some of [[message(key('a'))], [message({ key: null })], many(70, 2)]) {
    const tx = await scene.begin()
    await tx.send(...some)
    txs.push(tx)
    for (const name of await scene.openSenders()) names.add(name)
    assert.equal(names.size, txs.length)
  }
  const [rolledBack, ...committed] = txs
  await rolledBack?.end('ROLLBACK')
  assert.equal((await scene.openSenders()).size, 2)
  for (const tx of committed) await tx.end()
  await soon(async () => (await scene.openSenders()).size === 0, 'nobody is named')
  await other.end()
})

test('a transaction with thousands of savepoints is named', async () => {
  await using scene = await Scene.open(server)
  const [tx, quick] = [await scene.begin(), await scene.begin()]
  await tx.send(message(key('a')))
  const { rows } = await tx.client.query<{ id: string }>('SELECT txid_current()::text AS id')
  await tx.client.query(`
    CREATE TEMPORARY TABLE saved (n int) ON COMMIT DROP;
    DO $$ BEGIN
      FOR i IN 1..1100 LOOP
        BEGIN INSERT INTO saved VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
      END LOOP;
    END $$`)
  await quick.send(message(key('b')))
  assert((await scene.openSenders()).has(rows[0]?.id ?? ''))
  await quick.end()
  assert((await scene.openSenders()).has(rows[0]?.id ?? ''))
  await tx.end()
  await soon(async () => (await scene.openSenders()).size === 0, 'nobody is named')
})

test('a prepared transaction keeps its name until it is committed', async () => {
  await using scene = await Scene.open(server)
  const tx = await scene.begin()
  await tx.client.query('SAVEPOINT a')
  await tx.send(message())
  const open = await scene.openSenders()
  assert(open.size > 0)
  await tx.end(`PREPARE TRANSACTION '${scene.schema}'`)
  const prepared = await scene.openSenders()
  assert(
    [...open].some((name) => prepared.has(name)),
    `${[...open].join()} became ${[...prepared].join()}`,
  )
  const later = await scene.begin()
  const waits = later.send(message())
  assert(await isPending(waits), 'the key is still locked')
  await scene.query(`COMMIT PREPARED '${scene.schema}'`)
  await waits
  await later.end()
  await soon(async () => (await scene.openSenders()).size === 0, 'nobody is named')
})

test('a row appears below what was seen only if its transaction was named, or began and ended since the look before', async () => {
  await using scene = await Scene.open(server)
  const stop = new AbortController()
  const writer = async (n: number): Promise<void> => {
    for (let i = 0; !stop.signal.aborted; i++) {
      const tx = await scene.begin()
      await tx.send(message(key(`${n} ${i}`)))
      await tx.end(i % 5 === 0 ? 'ROLLBACK' : 'COMMIT')
    }
  }
  const writers = [0, 1, 2].map(writer)
  const looks: { readonly newest: number; readonly named: boolean }[] = []
  const known = new Set<number>()
  for (let look = 0; look < 150; look++) {
    const page = await scene.store.read([{ lane: 0, afterId: 0 }], { rows: 100_000, bytes: 1 << 30 })
    const newest = Math.max(0, ...page.rows.map(({ id }) => id))
    // Named at that look or the one before; or it began after the look before and ended between the snapshot and the look.
    for (const { id } of page.rows) {
      if (known.has(id)) continue
      known.add(id)
      for (const [at, { newest: upTo, named }] of looks.entries()) {
        const earlier = looks[at - 1]
        const excused = named || !earlier || earlier.named || id > earlier.newest
        if (id < upTo) assert(excused, `row ${id} appeared below ${upTo}, and nobody was named`)
      }
    }
    assert(page.openSenders instanceof Set)
    looks.push({ newest, named: page.openSenders.size > 0 })
  }
  stop.abort()
  await Promise.all(writers)
})
