import assert from 'node:assert/strict'
import pg from 'pg'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import type { PostgresOptions, PostgresStore } from 'waybill/postgres'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { until } from '../../src/cluster/until.js'

type Messages = Parameters<PostgresStore['enqueue']>[2]
export type Message = Messages[number]
export type Row = Awaited<ReturnType<PostgresStore['read']>>['rows'][number]

export const outbox = { source: 'lab', lanes: 4 } as const

let scenes = 0
let messages = 0

/** A message of lane 0, topic `orders`, key `k` unless told otherwise. */
export function message(over: Partial<Message> = {}): Message {
  const messageId = (++messages).toString(16).padStart(32, '0')
  const value = Buffer.from(`v${messages}`)
  return { lane: 0, messageId, topic: 'orders', key: Buffer.from('k'), headers: [], value, ...over }
}

/** A migrated outbox in a schema of its own, and an application's connections. */
export class Scene implements AsyncDisposable {
  readonly schema: string
  readonly url: string
  readonly pool: pg.Pool
  readonly application: pg.Pool
  readonly store: PostgresStore
  readonly #closers: (() => Promise<unknown>)[] = []
  readonly #held = new Set<pg.PoolClient>()

  private constructor(url: string, options: PostgresOptions) {
    this.schema = `scene_${process.pid}_${++scenes}`
    this.url = url
    this.pool = new pg.Pool({ connectionString: url, max: 4 })
    this.application = new pg.Pool({ connectionString: url, max: 20 })
    this.store = postgres(this.pool, { schema: this.schema, ...options })
    this.#closers.push(() => this.store.close())
    for (const pool of [this.pool, this.application]) {
      pool.on('error', () => {})
      this.#closers.push(() => pool.end())
    }
  }

  static async open(server: PostgresServer, options: PostgresOptions = {}): Promise<Scene> {
    const scene = new Scene(server.url, options)
    await scene.store.migrate(outbox)
    return scene
  }

  /** Another process's store, or one of another role. */
  peer(url: string = this.url, options: PostgresOptions = {}): PostgresStore {
    const pool = new pg.Pool({ connectionString: url, max: 4 })
    pool.on('error', () => {})
    const store = postgres(pool, { schema: this.schema, ...options })
    this.#closers.unshift(
      () => store.close(),
      () => pool.end(),
    )
    return store
  }

  /** A connection of the application inside a transaction. */
  async begin(): Promise<Tx> {
    const client = await this.application.connect()
    this.#held.add(client)
    await client.query('BEGIN')
    return new Tx(this, client, () => this.#held.delete(client))
  }

  async query(sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.application.query<Record<string, unknown>>(sql, params)).rows
  }

  async read(): Promise<readonly Row[]> {
    const lanes = Array.from({ length: outbox.lanes }, (_, lane) => ({ lane, afterId: 0 }))
    return (await this.store.read(lanes, { rows: 10_000, bytes: 1 << 30 })).rows
  }

  async openSenders(): Promise<ReadonlySet<string>> {
    const { openSenders } = await this.store.read([{ lane: 0, afterId: 0 }], { rows: 1, bytes: 1, looksAlways: true })
    assert(openSenders instanceof Set)
    return openSenders
  }

  /** How many sessions wait for an advisory lock. */
  async waiting(): Promise<number> {
    const [row] = await this.query(
      "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    )
    return Number(row?.n)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that failed left them open, and a pool waits for its connections for ever.
    for (const client of this.#held) client.release(true)
    for (const close of this.#closers.splice(0)) await close()
  }
}

/** An open transaction of the application. */
export class Tx {
  readonly #scene: Scene
  readonly client: pg.PoolClient
  readonly #released: () => void

  constructor(scene: Scene, client: pg.PoolClient, released: () => void) {
    this.#scene = scene
    this.client = client
    this.#released = released
  }

  send(...some: readonly Message[]): Promise<void> {
    return this.#scene.store.enqueue(fromPg(this.#scene.application), this.client, some)
  }

  async end(how: string = 'COMMIT'): Promise<void> {
    await this.client.query(how)
    this.#released()
    this.client.release()
  }
}

/** Waits until `look` gives true, at most 20 s. */
export async function soon(look: () => Promise<boolean>, what: string): Promise<void> {
  await until(look, { what, deadlineMs: 20_000, everyMs: 10 })
}

/** True when the promise is still under way after everything that can happen now has happened. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setTimeout(resolve, 50, 'pending'))
  return (await Promise.race([promise.catch(() => 'failed'), later])) === 'pending'
}

/** The promise must be rejected with this code; gives the error. */
export async function rejected(promise: Promise<unknown>, code: string): Promise<Error & { retryable?: unknown }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert(error instanceof Error && 'code' in error, `expected ${code}, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}
