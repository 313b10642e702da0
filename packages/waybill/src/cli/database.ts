import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { WaybillError } from '../model/errors.js'
import { fromPg } from '../pg.js'
import type { OutboxAdmin } from '../ports/outbox-admin.js'
import type { OutboxStore } from '../ports/outbox-store.js'
import type { Transactions } from '../ports/transactions.js'
import { postgres } from '../postgres.js'
import { fromSqlite, sqlite } from '../sqlite.js'
import type { SqliteHandle } from '../sqlite.js'
import { makeDurable } from '../stores/sqlite/durability.js'
import { storeFailure } from '../stores/sqlite/failure.js'
import type { Call } from './command.js'
import { needed, textOf, UsageError } from './command.js'

/** An opened database and what was made of it. */
export interface Database {
  readonly store: OutboxStore
  readonly admin: OutboxAdmin
  readonly transactions: Transactions<unknown>
  /** For people and logs: never with user or password. */
  readonly name: string
  close(): Promise<void>
}

/** How a database is opened. */
export interface Opening {
  /** A SQLite file that is not there: refused, made, or only imagined (for a plan). */
  readonly missingFile?: 'refuse' | 'create' | 'imagine'
  /** Most connections to a database server. */
  readonly connections?: number
}

/** Opens what `--database` or WAYBILL_DATABASE names. Throws UsageError for a URL that cannot be understood. */
export function openDatabase({ values, env }: Call, opening: Opening = {}): Promise<Database> {
  const url = needed(textOf(values, 'database') ?? env.WAYBILL_DATABASE, '--database (or WAYBILL_DATABASE)')
  const prefix = textOf(values, 'prefix')
  const schema = textOf(values, 'schema')
  const names = { ...(prefix !== undefined && { prefix }), ...(schema !== undefined && { schema }) }
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, names, opening)
  if (!url.startsWith('sqlite:'))
    throw new UsageError('--database must be postgres://user@host:5432/database or sqlite:path/to/file.db')
  if (schema !== undefined) throw new UsageError('--schema is for PostgreSQL; SQLite has --prefix')
  return openSqlite(url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), prefix, opening)
}

/** Runs `work` on the opened database and closes it. */
export async function withDatabase<T>(
  call: Call,
  work: (database: Database) => Promise<T>,
  opening?: Opening,
): Promise<T> {
  const database = await openDatabase(call, opening)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** The same for commands that need the tables: WB_SCHEMA_MISSING with the command that makes them, WB_SCHEMA_NEWER. */
export async function withOutbox<T>(call: Call, work: (database: Database, shape: Shape) => Promise<T>): Promise<T> {
  return withDatabase(call, async (database) => work(database, await openOutbox(database)))
}

type Shape = NonNullable<Awaited<ReturnType<OutboxAdmin['shape']>>>

/** Checks the tables; returns whose they are. */
export async function openOutbox({ store, admin, name }: Database): Promise<Shape> {
  const shape = await admin.shape()
  if (!shape)
    throw new WaybillError(
      'WB_SCHEMA_MISSING',
      `there is no outbox in ${name}. Make it with: waybill migrate --database … --source NAME --lanes 32 --execute`,
    )
  await store.open(shape)
  return shape
}

async function openPostgres(
  url: string,
  names: { prefix?: string; schema?: string },
  opening: Opening,
): Promise<Database> {
  if (!URL.canParse(url)) throw new UsageError('--database is not a URL; a password may need percent-encoding')
  const { hostname, port, pathname } = new URL(url)
  const { Pool } = classesOf(await load('pg', 'npm install pg'))
  const max = opening.connections ?? 3
  const pool = new Pool({ connectionString: url, max, application_name: 'waybill', connectionTimeoutMillis: 5_000 })
  const store = postgres(pool, names)
  return {
    store,
    admin: store.admin,
    transactions: fromPg(pool),
    name: `postgres://${hostname}${port === '' ? '' : `:${port}`}${pathname}`,
    async close() {
      await store.close()
      await pool.end()
    },
  }
}

interface Pool {
  end(): Promise<void>
}
type PoolClass = new (
  options: Readonly<Record<string, unknown>>,
) => Parameters<typeof postgres>[0] & Parameters<typeof fromPg>[0] & Pool

function classesOf(found: { readonly default?: unknown }): { readonly Pool: PoolClass } {
  return (found.default ?? found) as { readonly Pool: PoolClass }
}

type SqliteClass = new (path: string) => SqliteHandle & { close(): unknown }

async function openSqlite(path: string, prefix: string | undefined, opening: Opening): Promise<Database> {
  if (path === '' || path.startsWith(':memory:'))
    throw new UsageError('--database sqlite: needs the path of a file, e.g. sqlite:shop.db')
  const isThere = existsSync(path)
  const { missingFile = 'refuse' } = opening
  if (!isThere && missingFile === 'refuse')
    throw new WaybillError(
      'WB_SCHEMA_MISSING',
      `there is no file ${path}; check the path, or make it with waybill migrate`,
    )
  const Driver = await sqliteDriver()
  const imagined = !isThere && missingFile === 'imagine'
  const handle = openFile(Driver, imagined ? ':memory:' : path)
  const store = sqlite(handle, { ...(prefix !== undefined && { prefix }), allowInMemory: imagined })
  return {
    store,
    admin: store.admin,
    transactions: fromSqlite(handle),
    name: `sqlite:${path}`,
    async close() {
      await store.close()
      handle.close()
    },
  }
}

function openFile(Driver: SqliteClass, path: string): InstanceType<SqliteClass> {
  try {
    const handle = new Driver(path)
    makeDurable(handle)
    return handle
  } catch (error) {
    throw storeFailure(error, `open ${path}`)
  }
}

/** The first driver that is installed. */
async function sqliteDriver(): Promise<SqliteClass> {
  for (const name of ['libsql', 'better-sqlite3', 'node:sqlite']) {
    const found = await tryLoad(name)
    const candidate = name === 'node:sqlite' ? found?.DatabaseSync : found?.default
    if (typeof candidate === 'function') return candidate as SqliteClass
  }
  throw new WaybillError(
    'WB_OPTION_INVALID',
    'a sqlite: database needs a driver: run `npm install libsql` or `npm install better-sqlite3`, or use Node 22.16 or later',
  )
}

type Loaded = Readonly<Record<string, unknown>>

async function load(name: string, fix: string): Promise<Loaded> {
  const found = await tryLoad(name)
  if (found) return found
  throw new WaybillError('WB_OPTION_INVALID', `the package "${name}" is not installed: run \`${fix}\``)
}

/** From beside waybill, else from the working directory: waybill may be installed globally, or run by npx. */
async function tryLoad(name: string): Promise<Loaded | undefined> {
  try {
    return (await import(name)) as Loaded
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  try {
    const path = createRequire(join(process.cwd(), 'package.json')).resolve(name)
    return (await import(pathToFileURL(path).href)) as Loaded
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE'].includes(String(code))
}
