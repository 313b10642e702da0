import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import postgresJs from 'postgres'
import { postgres } from 'waybill/postgres'
import type { PostgresStore } from 'waybill/postgres'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { Scene, soon } from './scene.js'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

/** A store that listens, and what it was told. */
class Ears implements AsyncDisposable {
  woken = 0
  readonly states: boolean[] = []
  readonly causes: string[] = []
  readonly #end = new AbortController()
  readonly #listening: Promise<void>

  constructor(store: PostgresStore) {
    const hooks = {
      woken: () => {
        this.woken++
      },
      state: (listening: boolean, cause?: string) => {
        this.states.push(listening)
        if (cause !== undefined) this.causes.push(cause)
      },
    }
    this.#listening = store.listen?.(hooks, this.#end.signal) ?? assert.fail('no listen')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    await this.#listening
  }
}

test('an announcement reaches the listeners of other processes, once for many', async () => {
  await using scene = await Scene.open(server)
  await using ears = new Ears(scene.store)
  await soon(async () => ears.states.at(-1) === true, 'it listens')
  const speaker = scene.peer()
  const wokenBefore = ears.woken
  for (let i = 0; i < 1000; i++) speaker.announce?.()
  await soon(async () => ears.woken > wokenBefore, 'woken')
  await speaker.close()
  assert(ears.woken - wokenBefore <= 5, `${ears.woken - wokenBefore} notifications for 1000 announcements at once`)
})

test('thousands of sends a second are announced less often than a few', async () => {
  await using scene = await Scene.open(server)
  await using ears = new Ears(scene.store)
  await soon(async () => ears.states.at(-1) === true, 'it listens')
  const speaker = scene.peer()
  const wokenBefore = ears.woken
  const startMs = performance.now()
  for (let ms = 0; ms < 1000; ms = performance.now() - startMs) {
    for (let i = 0; i < 1000; i++) speaker.announce?.()
    await new Promise(setImmediate)
  }
  const woken = ears.woken - wokenBefore
  await speaker.close()
  assert(woken >= 2 && woken <= 30, `${woken} notifications within a second`)
})

test('close waits for what was announced', async () => {
  await using scene = await Scene.open(server)
  await using ears = new Ears(scene.store)
  await soon(async () => ears.states.at(-1) === true, 'it listens')
  const wokenBefore = ears.woken
  const speaker = scene.peer()
  speaker.announce?.()
  await speaker.close()
  await soon(async () => ears.woken > wokenBefore, 'woken')
})

test('postgres.js listens and announces, too', async () => {
  await using scene = await Scene.open(server)
  const sql = postgresJs(server.url, { max: 2, onnotice: () => {} })
  const store = postgres(sql, { schema: scene.schema })
  {
    await using ears = new Ears(store)
    await soon(async () => ears.states.at(-1) === true, 'it listens')
    const wokenBefore = ears.woken
    scene.store.announce?.()
    await soon(async () => ears.woken > wokenBefore, 'woken')
    store.announce?.()
    await soon(async () => ears.woken > wokenBefore + 1, 'woken by itself')
  }
  await store.close()
  await sql.end()
})

test('a connection that is lost is told, and made again', async () => {
  await using scene = await Scene.open(server)
  await using ears = new Ears(scene.store)
  await soon(async () => ears.states.at(-1) === true, 'it listens')
  await scene.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
  await soon(async () => ears.states.includes(false), 'the loss was told')
  await soon(async () => ears.states.at(-1) === true, 'it listens again')
  const wokenBefore = ears.woken
  scene.peer().announce?.()
  await soon(async () => ears.woken > wokenBefore, 'woken')
})

test('a listener ends at once when told to, also while the server is away', async () => {
  await using scene = await Scene.open(server)
  const away = new pg.Pool({ connectionString: 'postgresql://postgres@127.0.0.1:1/postgres' })
  const store = postgres(away, { schema: scene.schema })
  {
    await using ears = new Ears(store)
    await soon(async () => ears.states.at(-1) === false, 'it cannot listen')
    assert.match(ears.causes[0] ?? '', /ECONNREFUSED/)
  }
  await store.close()
  await away.end()
})

/** A pool behind a pooler in transaction mode: the LISTEN is executed, and its notifications go nowhere. */
class DeafPool extends pg.Pool {
  override async connect(): Promise<pg.PoolClient>
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void,
  ): void
  override connect(callback?: unknown): Promise<pg.PoolClient> | void {
    if (callback !== undefined) return super.connect(callback as never)
    return this.#deaf()
  }

  async #deaf(): Promise<pg.PoolClient> {
    const client = await super.connect()
    const on = client.on.bind(client) as (event: string, listener: unknown) => pg.PoolClient
    const deafOn = (event: string, listener: unknown): pg.PoolClient =>
      event === 'notification' ? client : on(event, listener)
    client.on = deafOn
    return client
  }
}

test('a pooler that swallows notifications is noticed, and the cause says what to do', async () => {
  await using scene = await Scene.open(server)
  const pool = new DeafPool({ connectionString: server.url })
  const store = postgres(pool, { schema: scene.schema })
  {
    await using ears = new Ears(store)
    await soon(async () => ears.states.at(-1) === false, 'it does not listen')
    assert.match(ears.causes[0] ?? '', /pooler in session mode/)
    assert(!ears.states.includes(true))
  }
  await store.close()
  await pool.end()
})

test('a pool of one connection does not give it away to listen', async () => {
  await using scene = await Scene.open(server)
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  const store = postgres(pool, { schema: scene.schema })
  {
    await using ears = new Ears(store)
    await soon(async () => ears.states.at(-1) === false, 'it does not listen')
    assert.match(ears.causes[0] ?? '', /set max to 2/)
    assert.equal((await store.heartbeat('a', 1000)).relays, 1)
  }
  await store.close()
  await pool.end()
})

test('business transactions carry no NOTIFY', async () => {
  await using scene = await Scene.open(server)
  const [row] = await scene.query(
    "SELECT count(*)::int AS n FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE s.nspname = $1 AND p.prosrc ILIKE '%notify%'",
    [scene.schema],
  )
  assert.equal(row?.n, 0)
  const triggers = await scene.query(
    'SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1::regnamespace',
    [scene.schema],
  )
  assert.deepEqual(triggers, [])
})
