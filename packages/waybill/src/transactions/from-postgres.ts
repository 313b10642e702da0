import type { SqlRow, Transactions } from '../ports/transactions.js'
import { guarded, notOpen } from './guard.js'
import { opening } from './opening.js'
import { describe, isObject, refusal } from './refusal.js'
import { rowsOf } from './rows.js'

/** What is needed of a transaction of postgres.js. */
export interface PostgresJsTransaction {
  /** `never`: its own parameter types depend on the application's. */
  unsafe(sql: string, params: never[], options: { readonly prepare: boolean }): PromiseLike<readonly unknown[]>
  typed(value: string, oid: number): unknown
  savepoint(...args: never[]): unknown
}

/** What is needed of postgres.js. */
export interface PostgresJs<Tx> {
  begin(fn: (sql: Tx) => Promise<void>): Promise<unknown>
  begin(options: string, fn: (sql: Tx) => Promise<void>): Promise<unknown>
}

const fix =
  'Use the `tx` of waybill.transaction(async (tx) => …) or of sql.begin(async (tx) => { … await waybill.send(tx, message) }), ' +
  'inside the callback'

/** pg_type's "unknown": the server infers the type from the cast in the SQL, and no serializer of the application changes the text. */
const unknownOid = 705

/**
 * Transactions of postgres.js (porsager). It does not tell whether a transaction is still open, and runs statements of a
 * finished one on their own. Those that waybill opens are known; in others each statement is guarded (see `guarded`).
 */
export function fromPostgresJs<Tx extends PostgresJsTransaction>(sql: PostgresJs<Tx>): Transactions<Tx> {
  const known = new WeakMap<object, 'open' | 'ended'>()
  const check: Transactions<Tx>['check'] = (value) => {
    checkShape(value)
    if (known.get(value) === 'ended') throw refusal(notOpen, fix)
  }
  return {
    dialect: 'postgres',
    async run<T>(fn: (tx: Tx) => Promise<T>) {
      const results: T[] = []
      const keep = async (tx: Tx): Promise<void> => {
        known.set(tx, 'open')
        try {
          results.push(await fn(tx))
        } finally {
          known.set(tx, 'ended')
        }
      }
      await opening(keep, async (inside) => {
        await sql.begin(inside)
      })
      return results[0] as T
    },
    check,
    async execute(tx, text, params) {
      check(tx)
      const run = async (statement: string, values: readonly unknown[]): Promise<readonly SqlRow[]> =>
        rowsOf(await tx.unsafe(statement, [...values] as never[], { prepare: values.length > 0 }))
      const values = params.map((value) => (value === null ? null : tx.typed(textOf(value), unknownOid)))
      return known.has(tx) ? run(text, values) : guarded(run, text, values, fix)
    },
  }
}

function checkShape(value: unknown): asserts value is PostgresJsTransaction {
  if (!isObject(value) || typeof value.unsafe !== 'function')
    throw refusal(`${describe(value)} is no transaction of postgres.js`, fix)
  if (typeof value.savepoint !== 'function')
    throw refusal('this is the sql of postgres() itself, which runs each statement on any connection', fix)
}

function textOf(value: string | number | bigint | Uint8Array): string {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}
