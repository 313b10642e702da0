import type { SqlRow, Transactions } from '../ports/transactions.js'
import { checkOpen, failed, guarded } from './guard.js'
import { opening } from './opening.js'
import { checkedAtTurn, checkStatus, tells } from './pg-status.js'
import { describe, isObject, refusal } from './refusal.js'

/** What is needed of a `pg` client. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: SqlRow[]; readonly command?: string }>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** What is needed of a `pg` pool. */
export interface PgPool<Client> {
  connect(): Promise<Client & { release(error?: Error | boolean): void }>
  connect(callback: (error: Error | undefined, client: never, done: never) => void): void
}

const fix =
  'Use the `tx` of waybill.transaction(async (tx) => …), or const client = await pool.connect(); ' +
  'await client.query("BEGIN"); … await waybill.send(client, message); await client.query("COMMIT")'

/**
 * Transactions of `pg` (node-postgres) on a pool. `send` takes any client with an open transaction; it is typed as what
 * `pool.connect()` gives, and with `fromPg<pg.ClientBase>(pool)` a `pg.Client` fits, too.
 *
 * No statement runs outside a transaction. A client that knows the server's transaction status is asked by `check`, and again
 * when the statement leaves the client's queue: that costs nothing, and also notices a COMMIT queued before (a forgotten
 * `await` on `send`). Older clients, pg-native and `pipeline: true` cost a round trip that asks the server.
 */
export function fromPg<Client extends PgClient>(pool: PgPool<Client>): Transactions<Client> {
  return {
    dialect: 'postgres',
    run: (fn) => opening(fn, (inside) => run(pool, inside)),
    check,
    async execute(tx, sql, params) {
      if (tells(tx) && !('pipeline' in tx && tx.pipeline === true))
        return (await tx.query(sql, checkedAtTurn(tx, params, fix))).rows
      return guarded(async (text, values) => (await tx.query(text, [...values])).rows, sql, params, fix)
    },
  }
}

async function run<Client extends PgClient, T>(pool: PgPool<Client>, fn: (tx: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // Without a listener a connection that breaks here would end the process; the next statement rejects anyway.
  const ignore = (): void => undefined
  client.on('error', ignore)
  let clean = false
  try {
    const result = await commitAfter(client, fn)
    clean = true
    return result
  } catch (error) {
    clean = await client.query('rollback').then(
      () => true,
      () => false,
    )
    throw error
  } finally {
    client.removeListener('error', ignore)
    client.release(!clean)
  }
}

async function commitAfter<Client extends PgClient, T>(client: Client, fn: (tx: Client) => Promise<T>): Promise<T> {
  await client.query('begin')
  const result = await fn(client)
  // Ended or failed in the callback: what it did is committed or gone, and reporting success could be a lie.
  if (tells(client)) checkStatus(client, fix)
  else await checkOpen(async (sql) => (await client.query(sql)).rows, fix)
  const { command } = await client.query('commit')
  if (command?.toLowerCase() === 'rollback') throw refusal(failed, fix)
  return result
}

function check(value: unknown): asserts value is PgClient {
  if (!isObject(value) || typeof value.query !== 'function' || typeof value.escapeLiteral !== 'function')
    throw refusal(`${describe(value)} is no client of pg (and a pool runs each statement on any connection)`, fix)
  if (value['_ending'] === true || value['_queryable'] === false) throw refusal('this pg client is closed', fix)
  if (tells(value)) checkStatus(value, fix)
}
