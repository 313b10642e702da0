import { WaybillError } from '../model/errors.js'
import type { SqlRow, Transactions } from '../ports/transactions.js'
import { checkOpen, guarded, notOpen } from './guard.js'
import { opening } from './opening.js'
import { checkedAtTurn, checkStatus, tells } from './pg-status.js'
import { describe, isObject, refusal } from './refusal.js'
import { rowsOf } from './rows.js'

/** What is needed of a transaction of Drizzle. */
export interface DrizzleTransaction {
  execute(statement: { getSQL(): unknown } | string): PromiseLike<unknown>
  rollback(): never
}

/** What is needed of a Drizzle database. */
export interface DrizzleDatabase<Tx> {
  transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
}

const fix =
  'Use the `tx` of waybill.transaction(async (tx) => …) or of db.transaction(async (tx) => { … await waybill.send(tx, message) }), ' +
  'inside the callback'

/**
 * Transactions of Drizzle, savepoints included, on any of its PostgreSQL drivers. Drizzle runs statements of a finished
 * transaction on a connection that may be another's by then, so the driver below is looked at: node-postgres and PGlite know
 * whether a transaction is open; with others `execute` asks the server first (one round trip). PostgreSQL only yet.
 */
export function fromDrizzle<Tx extends DrizzleTransaction>(db: DrizzleDatabase<Tx>): Transactions<Tx> {
  const kind = isObject(db) ? kindOf(db.dialect) : describe(db)
  if (kind !== 'PgDialect')
    throw new WaybillError(
      'WB_OPTION_INVALID',
      `fromDrizzle() works with a PostgreSQL database of Drizzle, this is ${kind}`,
    )
  return {
    dialect: 'postgres',
    run: (fn) =>
      opening(fn, (inside) =>
        db.transaction(async (tx) => {
          hear(clientOf(tx))
          const result = await inside(tx)
          // Asked of the server: pg rejects a statement before it learns the status that follows (seen: still 'T').
          await checkOpen((text, values) => execute(tx, text, values), fix)
          return result
        }),
      ),
    check,
    async execute(tx, sql, params) {
      check(tx)
      const run = (text: string, values: readonly unknown[]): Promise<readonly SqlRow[]> => execute(tx, text, values)
      const client = clientOf(tx)
      if (tells(client)) return run(sql, checkedAtTurn(client, params, fix))
      const values = params.map((value) => (typeof value === 'bigint' ? String(value) : value))
      return knowsItsEnd(client) ? run(sql, values) : guarded(run, sql, values, fix)
    },
  }
}

function check(value: unknown): asserts value is DrizzleTransaction {
  if (!isObject(value) || typeof value.execute !== 'function')
    throw refusal(`${describe(value)} is no transaction of Drizzle`, fix)
  // Only a transaction can be rolled back.
  if (typeof value.rollback !== 'function')
    throw refusal('this is the db of Drizzle itself, which runs each statement on any connection', fix)
  const client = clientOf(value)
  if (tells(client)) checkStatus(client, fix)
  if (knowsItsEnd(client) && client.closed) throw refusal(notOpen, fix)
}

async function execute(tx: DrizzleTransaction, sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
  // What its `sql` template makes, without a dependency on it: text and parameters go to the driver as they are.
  const statement = { getSQL: () => ({ toQuery: () => ({ sql, params }) }) }
  try {
    return rowsOf(await tx.execute(statement))
  } catch (error) {
    // Its error repeats statement and parameters, 1 MiB of them perhaps; they are ours. The driver's says what happened.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error
  }
}

const heard = new WeakSet<object>()

/** Nobody else listens while a client of pg is out of its pool: a connection that breaks there would end the process. */
function hear(client: object): void {
  if (!tells(client) || heard.has(client) || !('on' in client) || typeof client.on !== 'function') return
  heard.add(client)
  Reflect.apply(client.on, client, ['error', () => undefined])
}

/** The driver's client or transaction below. */
function clientOf(tx: object): object {
  const session = 'session' in tx && isObject(tx.session) ? tx.session.client : undefined
  return isObject(session) ? session : {}
}

/** A transaction of PGlite. */
function knowsItsEnd(client: object): client is { readonly closed: boolean } {
  return 'closed' in client && typeof client.closed === 'boolean'
}

/** Drizzle marks its classes, so that they are known across copies and after minification. */
function kindOf(value: unknown): string {
  const kind =
    isObject(value) && isObject(value.constructor) ? value.constructor[Symbol.for('drizzle:entityKind')] : undefined
  return typeof kind === 'string' ? kind : describe(value)
}
