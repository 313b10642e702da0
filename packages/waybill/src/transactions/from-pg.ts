import type { SqlRow, SqlValue, Transactions } from '../ports/transactions.js'
import { describe, isObject, onlyInTransaction, refusal } from './refusal.js'

/** What is needed of a `pg` client. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: SqlRow[]; readonly command?: string }>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  /** From the server's last ReadyForQuery; absent in older versions and in pg-native. */
  getTransactionStatus?(): 'I' | 'T' | 'E' | null
  readonly pipeline?: boolean
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
 * Transactions of `pg` (node-postgres) on a pool. Any client with an open transaction can be passed to `send`; it is typed
 * as what `pool.connect()` gives, `fromPg<pg.ClientBase>(pool)` takes a `pg.Client`, too.
 *
 * A statement runs only in an open transaction. Where the client knows the server's transaction status (pg 8.x of today) that
 * costs nothing: `check` looks at once, and `execute` again at the moment the statement leaves the client's queue, so a
 * COMMIT that is queued before it (a forgotten `await` on `send`) is noticed. Else `execute` asks the server first, one round
 * trip. With `pipeline: true` statements leave before earlier ones are answered: a COMMIT queued before is noticed afterwards.
 */
export function fromPg<Client extends PgClient>(pool: PgPool<Client>): Transactions<Client> {
  return {
    dialect: 'postgres',
    async run(fn) {
      const client = await pool.connect()
      // Without a listener a connection that breaks here would end the process; the next statement rejects anyway.
      const broken = (): void => undefined
      client.on('error', broken)
      let clean = false
      try {
        const result = await within(client, fn)
        clean = true
        return result
      } catch (error) {
        clean = await client.query('rollback').then(
          () => true,
          () => false,
        )
        throw error
      } finally {
        client.removeListener('error', broken)
        client.release(!clean)
      }
    },
    check,
    execute,
  }
}

async function within<Client extends PgClient, T>(client: Client, fn: (tx: Client) => Promise<T>): Promise<T> {
  await client.query('begin')
  const result = await fn(client)
  // Ended or failed in the callback: what it did is committed or gone, and reporting success could be a lie.
  check(client)
  const { command } = await client.query('commit')
  if (command === 'ROLLBACK') throw refusal('the transaction had failed and was rolled back', fix)
  return result
}

function check(value: unknown): asserts value is PgClient {
  if (!isObject(value) || typeof value.query !== 'function') throw refusal(`${describe(value)} is no pg client`, fix)
  if ('totalCount' in value || typeof value.escapeLiteral !== 'function')
    throw refusal(`${describe(value)} is no pg client: a pool runs each statement on any connection`, fix)
  if (value._ending === true || value._queryable === false) throw refusal('this pg client is closed', fix)
  const wrong = wrongStatus(value)
  if (wrong !== undefined) throw refusal(wrong, fix)
}

function wrongStatus(client: { readonly getTransactionStatus?: unknown }): string | undefined {
  const { getTransactionStatus } = client
  if (typeof getTransactionStatus !== 'function') return undefined
  const status: unknown = getTransactionStatus.call(client)
  if (status === 'T') return undefined
  return status === 'E'
    ? 'a statement failed in this transaction before, it can only be rolled back'
    : 'this pg client is in no transaction (BEGIN not awaited, or already finished): the message would not commit with your rows'
}

async function execute(tx: PgClient, sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]> {
  if (tx.getTransactionStatus === undefined) await tx.query(onlyInTransaction)
  const { rows } = await tx.query(
    sql,
    params.map((value, i) => (i === 0 ? checkedAtSubmit(tx, value) : value)),
  )
  const wrong = tx.pipeline === true ? wrongStatus(tx) : undefined
  if (wrong !== undefined) throw refusal(`${wrong}. It was written on its own: await send before you commit`, fix)
  return rows
}

/** pg asks a value for its text when the statement's turn has come: all statements before it have been answered then. */
function checkedAtSubmit(
  client: PgClient,
  value: SqlValue,
): { toPostgres(prepare: (value: SqlValue) => unknown): unknown } {
  return {
    toPostgres(prepare) {
      const wrong = wrongStatus(client)
      if (wrong !== undefined) throw refusal(wrong, fix)
      return prepare(value)
    },
  }
}
