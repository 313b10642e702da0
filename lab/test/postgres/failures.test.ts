import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import type { PostgresClient } from 'waybill/postgres'
import { freePorts } from '../../src/cluster/free-ports.js'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { message, outbox, rejected, Scene, soon } from './scene.js'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

/** A role of its own with these rights on the scene's schema; its connection URL. */
async function role(scene: Scene, ...statements: readonly string[]): Promise<string> {
  const name = `role_${scene.schema}`
  await scene.query(`CREATE ROLE ${name} LOGIN`)
  for (const statement of statements)
    await scene.query(statement.replaceAll('ROLE_NAME', name).replaceAll('SCHEMA_NAME', scene.schema))
  return server.url.replace('postgres@', `${name}@`)
}

test('what is no pool is refused with the fix', () => {
  const client = new pg.Client({ connectionString: server.url })
  for (const [value, words] of [
    [client, /single connection.*pg\.Pool/s],
    [server.url, /a text/],
    [undefined, /undefined/],
    [{}, /class Object/],
    [() => {}, /a function/],
  ] as const)
    assert.throws(
      () => postgres(value as PostgresClient),
      (error: Error & { code?: string }) => error.code === 'WB_OPTION_INVALID' && words.test(error.message),
    )
  const pool = new pg.Pool({ connectionString: server.url })
  for (const options of [{ schema: 'a"b' }, { prefix: '' }, { schema: 'pg_mine' }])
    assert.throws(() => postgres(pool, options), { code: 'WB_OPTION_INVALID' })
})

test('a server that is not there, a database or a role that does not exist', async () => {
  await using scene = await Scene.open(server)
  const [port] = await freePorts(1)
  for (const url of [
    `postgresql://postgres@127.0.0.1:${port}/postgres`,
    server.urlOf('nowhere'),
    server.url.replace('postgres@', 'nobody@'),
  ])
    assert.equal((await rejected(scene.peer(url).open(outbox), 'WB_STORE_UNREACHABLE')).retryable, 'yes')
})

test('a missing right is named with its object', async () => {
  await using scene = await Scene.open(server)
  const store = scene.peer(await role(scene))
  assert.match((await rejected(store.open(outbox), 'WB_STORE_DENIED')).message, new RegExp(`USAGE.*${scene.schema}`))
  await scene.query(`GRANT USAGE ON SCHEMA ${scene.schema} TO role_${scene.schema}`)
  assert.match((await rejected(store.heartbeat('a', 1000), 'WB_STORE_DENIED')).message, /GRANT .*outbox_relay/)
  // Everybody may ask by default; a hardened server may have revoked it.
  assert.equal(await store.databaseIdentity(), await scene.store.databaseIdentity())
  await scene.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
  try {
    assert.match((await rejected(store.databaseIdentity(), 'WB_STORE_DENIED')).message, /pg_control_system/)
  } finally {
    await scene.query('GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC')
  }
})

test('a role that may only send sends, and nothing else', async () => {
  await using scene = await Scene.open(server)
  const url = await role(
    scene,
    'GRANT USAGE ON SCHEMA SCHEMA_NAME TO ROLE_NAME',
    'GRANT INSERT ON SCHEMA_NAME.outbox TO ROLE_NAME',
  )
  const pool = new pg.Pool({ connectionString: url })
  const transactions = fromPg(pool)
  await transactions.run((tx) => scene.store.enqueue(transactions, tx, [message(), message({ key: null })]))
  assert.equal((await scene.read()).length, 2)
  await assert.rejects(pool.query(`SELECT * FROM ${scene.schema}.outbox`), { code: '42501' })
  await pool.end()
})

test('the rights that docs/postgres.md lists for a relay suffice; without more, partitions are told to be missing', async () => {
  await using scene = await Scene.open(server)
  const url = await role(
    scene,
    'GRANT USAGE ON SCHEMA SCHEMA_NAME TO ROLE_NAME',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA SCHEMA_NAME TO ROLE_NAME',
  )
  const tx = await scene.begin()
  await tx.send(message(), message())
  await tx.end()
  const store = scene.peer(url)
  await store.open(outbox)
  await store.adoptIdentity({ cluster: 'c', database: await store.databaseIdentity() })
  await store.heartbeat('relay', 60_000)
  const [state] = await store.take('relay', 1, 60_000)
  assert(state && (await store.setProducerId(state.lease, 7)))
  const { rows } = await store.read([{ lane: 0, afterId: 0 }], { rows: 10, bytes: 1 << 20 })
  const [first, second] = rows.map(({ id }) => id)
  assert(first !== undefined && second !== undefined)
  const { fence } = state.lease
  const place = { lane: 0, topic: 'orders', partition: 0, incarnation: { producerId: 7, producerEpoch: 0 } }
  const flight = { ...place, firstSequence: 0 }
  const results = await store.advance([
    { kind: 'claim', fence, topicId: 't', rowIds: [first], openedAtOffset: -1, ...flight },
    { kind: 'mark', fence, flight, baseOffset: 0, leaderEpoch: 0 },
    { kind: 'park', lane: 0, fence, rowId: second, reason: 'x' },
  ])
  assert(results.every(({ kind }) => kind === 'done'))
  assert.deepEqual(await store.admin.requeue([second]), [second])
  await store.openAlert({ cause: 'a', kind: 'k', detail: 'd' })
  assert.equal((await store.dueAlerts('log', 1000, 10)).length, 1)
  assert.equal((await store.backlog()).waiting, 1)
  await store.saveTopicLimits([{ topic: 'orders', maxMessageBytes: 1 }])
  assert.equal((await store.admin.lanes()).length, outbox.lanes)
  const denied = store.maintain?.({}) ?? assert.fail('no maintain')
  assert.match((await rejected(denied, 'WB_STORE_DENIED')).message, new RegExp(scene.schema))
  await store.leave('relay')
})

test('the rights that docs/postgres.md lists for an inbox suffice: without more, old entries go row by row', async () => {
  await using scene = await Scene.open(server)
  await scene.store.inbox.migrate()
  const url = await role(
    scene,
    'GRANT USAGE ON SCHEMA SCHEMA_NAME TO ROLE_NAME',
    'GRANT SELECT, INSERT, DELETE ON SCHEMA_NAME.inbox, SCHEMA_NAME.inbox_meta TO ROLE_NAME',
    'GRANT SELECT, INSERT, UPDATE ON SCHEMA_NAME.inbox_group TO ROLE_NAME',
  )
  const dayMs = 86_400_000
  const oldMs = Math.floor(Date.now() / dayMs) * dayMs - 10 * dayMs
  await scene.query(`SELECT ${scene.schema}.inbox_part_add($1, $2)`, [oldMs, oldMs + dayMs])
  const pool = new pg.Pool({ connectionString: url })
  const transactions = fromPg(pool)
  const { inbox } = scene.peer(url)
  await inbox.open()
  const entry = { group: 'billing', source: 'shop', messageId: 'a', timeMs: oldMs }
  const accept = (): Promise<boolean> => transactions.run((tx) => inbox.accept(transactions, tx, entry))
  assert.deepEqual([await accept(), await accept()], [true, false])
  await scene.query(`UPDATE ${scene.schema}.inbox SET keep_from = time_ms`)
  assert.deepEqual([await inbox.purge('billing', 7 * dayMs, 10), await accept()], [1, true])
  await pool.end()
})

test('a replica and a read-only role are refused', async () => {
  await using scene = await Scene.open(server)
  const readOnly = await role(scene, 'ALTER ROLE ROLE_NAME SET default_transaction_read_only = on')
  await rejected(scene.peer(readOnly).open(outbox), 'WB_STORE_READ_ONLY')
  await using standby = await server.standby()
  const store = scene.peer(standby.url)
  await rejected(store.open(outbox), 'WB_STORE_READ_ONLY')
  await rejected(store.heartbeat('a', 1000), 'WB_STORE_READ_ONLY')
})

test('a promoted standby and another database have another identity, a restart has not', async () => {
  await using scene = await Scene.open(server)
  const own = await scene.store.databaseIdentity()
  assert.notEqual(await scene.peer(await server.createDatabase(`db_${scene.schema}`)).databaseIdentity(), own)
  await using standby = await server.standby()
  await standby.caughtUpWith(server)
  await standby.promote()
  assert.notEqual(await scene.peer(standby.url).databaseIdentity(), own)
  await server.restart()
  assert.equal(await scene.store.databaseIdentity(), own)
})

test('commits that a crash may lose are refused, at open and at every mark', async () => {
  await using scene = await Scene.open(server)
  for (const value of ['off', 'local']) {
    await scene.query(`ALTER ROLE postgres SET synchronous_commit = ${value}`)
    try {
      const store = scene.peer()
      await rejected(store.open(outbox), 'WB_STORE_UNSAFE')
      await rejected(store.advance([{ kind: 'hold-lift', lane: 0, fence: 1, rowId: 1 }]), 'WB_STORE_UNSAFE')
    } finally {
      await scene.query('ALTER ROLE postgres RESET synchronous_commit')
    }
  }
})

test('a lane that somebody has locked: the call ends in time, nothing was done, and later it works', async () => {
  await using scene = await Scene.open(server, { timeoutMs: 1_500 })
  const [state] = await scene.store.take('relay', 1, 600_000)
  assert(state)
  const tx = await scene.begin()
  await tx.client.query(`SELECT * FROM ${scene.schema}.outbox_lane FOR UPDATE`)
  const step = { kind: 'hold-lift', lane: 0, fence: state.lease.fence, rowId: 1 } as const
  assert.equal((await rejected(scene.store.advance([step]), 'WB_STORE_BUSY')).retryable, 'yes')
  await tx.end('ROLLBACK')
  assert.deepEqual(await scene.store.advance([step]), [{ kind: 'done' }])
})

test('a statement without end is given up in time and cancelled on the server', async () => {
  await using scene = await Scene.open(server, { timeoutMs: 1_500 })
  const tx = await scene.begin()
  await tx.client.query(`LOCK TABLE ${scene.schema}.outbox_relay IN ACCESS EXCLUSIVE MODE`)
  await rejected(scene.store.heartbeat('relay', 1000), 'WB_STORE_FAILED')
  await soon(async () => {
    const [row] = await scene.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%outbox_relay%'",
    )
    return Number(row?.n) === 0
  }, 'the server runs it no more')
  await tx.end('ROLLBACK')
  assert.equal((await scene.store.heartbeat('relay', 1000)).relays, 1)
})

test('a frozen and a killed server: every call ends in time, and all is well again afterwards', async () => {
  await using scene = await Scene.open(server, { timeoutMs: 2_000 })
  await scene.store.heartbeat('relay', 60_000)
  server.pause()
  const startedMs = performance.now()
  const results = await Promise.allSettled([
    scene.store.heartbeat('relay', 60_000),
    scene.store.advance([{ kind: 'hold-lift', lane: 0, fence: 1, rowId: 1 }]),
    scene.store.nowMs(),
  ])
  const tookMs = performance.now() - startedMs
  server.resume()
  assert(results.every(({ status }) => status === 'rejected') && tookMs < 10_000, `${tookMs} ms`)
  await server.kill()
  const down = await scene.store.nowMs().then(
    () => undefined,
    (error: unknown) => error,
  )
  assert(down instanceof Error && 'code' in down)
  assert.match(String(down.code), /^WB_STORE_(UNREACHABLE|FAILED|BUSY)$/)
  await server.restart()
  await soon(() => scene.store.nowMs().then(Boolean, () => false), 'the store goes on')
})

test('a connection lost during the commit: the outcome is unknown, and the call says so', async () => {
  await using scene = await Scene.open(server)
  // A proxy that takes the statement to the server and cuts the connection before the answer.
  let cut = false
  const proxy = net.createServer((near) => {
    const far = net.connect(server.port, '127.0.0.1')
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => (cut ? near.destroy() : near.write(bytes)))
    for (const socket of [near, far]) socket.on('error', () => {})
    near.on('close', () => far.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as net.AddressInfo
  const store = scene.peer(`postgresql://postgres@127.0.0.1:${port}/postgres`)
  await store.heartbeat('a', 60_000)
  cut = true
  assert.equal((await rejected(store.heartbeat('b', 60_000), 'WB_STORE_FAILED')).retryable, 'unknown')
  cut = false
  assert.equal((await store.heartbeat('a', 60_000)).relays, 2, 'it was committed')
  await store.close()
  proxy.close()
})
