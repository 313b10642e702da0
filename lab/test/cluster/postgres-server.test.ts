import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { type PostgresServer, startPostgres } from '../../src/cluster/postgres-server.js'
import { childrenOf, isRunning } from '../../src/cluster/process-family.js'
import { until } from '../../src/cluster/until.js'

const deadlineMs = 10_000

test('the server is as safe as PostgreSQL is by default, on loopback only, and does not run as root', async () => {
  await using server = await startPostgres({ settings: { work_mem: '5MB' } })
  const setting = async (name: string) =>
    (await server.query<{ v: string }>(`SELECT current_setting($1) AS v`, [name]))[0]?.v
  assert.deepEqual(
    await Promise.all(['fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'work_mem'].map(setting)),
    ['on', 'on', 'on', '127.0.0.1', '5MB'],
  )
  const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? []
  assert.notEqual(uid, '0')
  const url = await server.createDatabase('a "strange" name')
  assert.deepEqual(await server.query('SELECT current_database() AS d', [], 'a "strange" name'), [
    { d: 'a "strange" name' },
  ])
  assert.match(url, new RegExp(`^postgresql://postgres@127.0.0.1:${server.port}/`))
  const { folder } = server
  await server.close()
  assert.equal(existsSync(folder), false)
  await server.close()
})

test('a committed row is there after kill -9, an open transaction is not, and no backend is left', async () => {
  await using server = await startPostgres()
  await server.query('CREATE TABLE kept (id int)')
  await using open = await session(server)
  await open.client.query('BEGIN')
  await open.client.query('INSERT INTO kept VALUES (2)')
  await server.query('INSERT INTO kept VALUES (1)')
  const family = [server.pid ?? assert.fail('not running'), ...childrenOf(server.pid ?? 0)]
  assert.ok(family.length > 4, 'a postmaster has children')

  await server.kill()
  assert.deepEqual(family.filter(isRunning), [])
  await server.restart()
  assert.deepEqual(await server.query('SELECT id FROM kept'), [{ id: 1 }])
  await server.restart() // from a fast shutdown
  assert.deepEqual(await server.query('SELECT id FROM kept'), [{ id: 1 }])
})

test('a paused server answers nothing and keeps its connections', async () => {
  await using server = await startPostgres()
  await using open = await session(server)
  server.pause()
  const answer = open.client.query('SELECT 1 AS one')
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, 'nothing'))])
  assert.equal(first, 'nothing')
  server.resume()
  assert.deepEqual((await answer).rows, [{ one: 1 }])

  server.pause()
  await server.stop() // also from a pause
  assert.equal(server.pid, undefined)
})

test('a database restored from a backup taken mid-run has forgotten what came later, sequences included', async () => {
  await using server = await startPostgres()
  await server.query('CREATE TABLE row (id serial, name text)')
  await server.query(`INSERT INTO row (name) SELECT 'before' FROM generate_series(1, 100)`)
  const backup = join(server.folder, 'backup')
  await server.backup(backup)
  await server.query(`INSERT INTO row (name) SELECT 'after' FROM generate_series(1, 100)`)
  for (let round = 0; round < 2; round++) {
    await server.restoreFrom(backup)
    assert.deepEqual(await server.query('SELECT count(*)::int AS n, max(id) AS last FROM row'), [{ n: 100, last: 100 }])
    const [next] = await server.query<{ id: number }>(`INSERT INTO row (name) VALUES ('again') RETURNING id`)
    assert.ok(next !== undefined && next.id < 200, `the sequence was rewound, yet gave ${next?.id}`)
  }
})

test('a standby follows, refuses writes, and becomes a primary when promoted', async () => {
  await using server = await startPostgres()
  const standby = await server.standby()
  await server.query('CREATE TABLE row (id int)')
  await standby.caughtUpWith(server)
  assert.deepEqual(await standby.query('SELECT id FROM row'), [])
  await assert.rejects(standby.query('INSERT INTO row VALUES (1)'), /read-only transaction/)
  await server.kill()
  await standby.promote()
  await standby.query('INSERT INTO row VALUES (1)')
  await server.close()
  assert.equal(standby.pid, undefined)
  assert.equal(existsSync(standby.folder), false)
})

test('a server that cannot start says so at once, with the tail of its log, which is kept', async () => {
  const settings = { shared_preload_libraries: 'no_such_library' }
  const error: unknown = await startPostgres({ settings }).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error)
  assert.match(error.message, /ended before it was ready\n--- \/.*server\.log\n[^]*no_such_library/)
  const folder = /--- (\/.*waybill-postgres-\w+)\//.exec(error.message)?.[1] ?? assert.fail('no folder in the error')
  assert.equal(existsSync(folder), true)
  await rm(folder, { recursive: true })
})

const noSetpriv = existsSync('/usr/bin/setpriv') ? false : 'setpriv is not installed here'
test("neither postmaster nor backends outlive their owner's kill -9", { skip: noSetpriv }, async () => {
  const module = new URL('../../src/cluster/postgres-server.js', import.meta.url).href
  const source = `
    import { startPostgres } from ${JSON.stringify(module)}
    const server = await startPostgres()
    console.log(JSON.stringify({ pid: server.pid, folder: server.folder }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const { pid, folder } = JSON.parse(chunk.toString()) as { pid: number; folder: string }
  // The backend that answered the readiness probe may be ending just now.
  const family = [pid, ...childrenOf(pid).filter(isRunning)]
  assert.ok(isRunning(pid) && family.length > 1, family.join())
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(async () => !family.some(isRunning), { what: 'the end of the whole server', deadlineMs })
  await rm(folder, { recursive: true })
})

/** A connection that may be cut. */
async function session(server: PostgresServer): Promise<{ client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: server.url })
  client.on('error', () => undefined)
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => undefined) }
}
