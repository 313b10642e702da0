import { WaybillError } from '../model/errors.js'
import type { SqlRow, SqlValue, Transactions } from '../ports/transactions.js'
import { checkOpen, notOpen } from './guard.js'
import { opening } from './opening.js'
import { describe, isObject, refusal } from './refusal.js'
import { rowsOf } from './rows.js'

/** What is needed of a Knex transaction. */
export interface KnexTransaction {
  raw(sql: string, bindings: readonly (string | number | Buffer | null)[]): PromiseLike<unknown>
  readonly isCompleted: () => boolean
}

/** What is needed of a Knex instance. */
export interface KnexInstance<Tx> {
  transaction<T>(scope: (tx: Tx) => Promise<T>): Promise<T>
  readonly client: unknown
}

const fix =
  'Use the `tx` of waybill.transaction(async (tx) => …) or of knex.transaction(async (tx) => { … await waybill.send(tx, message) }), ' +
  'inside the callback'

/** Transactions of Knex, savepoints included. Knex itself refuses statements of a finished transaction. PostgreSQL only yet. */
export function fromKnex<Tx extends KnexTransaction>(knex: KnexInstance<Tx>): Transactions<Tx> {
  const { client } = knex
  const dialect = isObject(client) ? client.dialect : undefined
  if (dialect !== 'postgresql')
    throw new WaybillError(
      'WB_OPTION_INVALID',
      `fromKnex() works with knex({ client: 'pg' }), this is ${String(dialect)}`,
    )
  return {
    dialect: 'postgres',
    run: (fn) =>
      opening(fn, (inside) =>
        knex.transaction(async (tx) => {
          const result = await inside(tx)
          await checkOpen((sql) => execute(tx, sql, []), fix)
          return result
        }),
      ),
    check,
    execute,
  }
}

async function execute(tx: KnexTransaction, sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]> {
  check(tx)
  return rowsOf(await tx.raw(...toKnex(sql, params)))
}

function check(value: unknown): asserts value is KnexTransaction {
  if (!isKnex(value)) throw refusal(`${describe(value)} is no Knex transaction`, fix)
  if (value.isTransaction !== true || value.isCompleted === undefined)
    throw refusal('this is knex itself, which runs each statement on any connection', fix)
  if (value.isCompleted()) throw refusal(notOpen, fix)
}

function isKnex(value: unknown): value is Partial<KnexTransaction> & { readonly isTransaction?: boolean } {
  return isObject(value) && typeof value.raw === 'function'
}

/** `$1` becomes `?` with a binding of its own, and a `?` of the SQL (an operator) is escaped, also in quotes: Knex looks there, too. */
export function toKnex(
  sql: string,
  params: readonly SqlValue[],
): [string, readonly (string | number | Buffer | null)[]] {
  const bindings: (string | number | Buffer | null)[] = []
  const text = sql.replace(/\\*\?|\$(\d+)/g, (found, place?: string) => {
    if (place === undefined) return `\\${found}`
    const value = params[Number(place) - 1]
    if (value === undefined) throw new WaybillError('WB_INTERNAL', `no parameter ${found}`)
    bindings.push(typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? bytes(value) : value)
    return '?'
  })
  return [text, bindings]
}

function bytes({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
