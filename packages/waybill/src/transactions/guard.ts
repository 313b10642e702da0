import type { SqlRow } from '../ports/transactions.js'
import { isObject, refusal } from './refusal.js'

type Run = (sql: string, params: readonly unknown[]) => Promise<readonly SqlRow[]>

/** No transaction: never begun, or finished. */
export const notOpen =
  'this transaction is not open (never begun or BEGIN not awaited, or already finished): the message would not commit with your rows'

/** PostgreSQL answers COMMIT of such a transaction with success, and rolls it back. */
export const failed = 'a statement of this transaction has failed, so it can only be rolled back'

// In small letters, so that nobody takes them for statements on waybill's tables.
/** Forgotten by PostgreSQL when the transaction ends; outside one, at once. */
const mark = `select set_config('waybill.open', 'yes', true)`
/** The first parameter where the mark is still there, else an error. */
const marked = `(case when current_setting('waybill.open', true) = 'yes' then $1
  else ('waybill.open' || coalesce(current_setting('waybill.open', true), ''))::int::text end)::text`
/** PostgreSQL refuses it outside a transaction block, and it takes no lock that a query wouldn't. */
const onlyInTransaction = 'lock table pg_catalog.pg_class in access share mode'

/**
 * One statement inside a transaction, for drivers that do not tell whether it is still open. They would run it on its own, and
 * asking before would not do: a COMMIT may be queued in between (a forgotten `await` on `send`). So the transaction gets a mark,
 * and the statement fails without it. The mark travels ahead on the same connection: a round trip only where the driver
 * does not pipeline. A statement whose first parameter is not `$1::text` is only preceded by a check.
 */
export async function guarded(
  run: Run,
  sql: string,
  params: readonly unknown[],
  fix: string,
): Promise<readonly SqlRow[]> {
  const text = sql.replace('$1::text', () => marked)
  try {
    if (text === sql) {
      await run(onlyInTransaction, [])
      return await run(sql, params)
    }
    const [, rows] = await Promise.all([run(mark, []), run(text, params)])
    return rows
  } catch (error) {
    throw isOutside(error) ? refusal(notOpen, fix, error) : error
  }
}

function isOutside(error: unknown): boolean {
  if (!isObject(error)) return false
  const unmarked = error.code === '22P02' && String(error.message).includes('"waybill.open')
  return unmarked || hasCode(error, '25P01') || isOutside(error.cause)
}

/**
 * Before the COMMIT of a transaction that waybill opened: is it still open, and can it commit? A callback may have ended it, or
 * caught the error of a statement; then PostgreSQL answers the COMMIT with success all the same. One round trip.
 */
export async function checkOpen(run: Run, fix: string): Promise<void> {
  try {
    await run(onlyInTransaction, [])
  } catch (error) {
    if (hasCode(error, '25P02')) throw refusal(failed, fix, error)
    throw isOutside(error) ? refusal(notOpen, fix, error) : error
  }
}

/** Drizzle and Prisma wrap the driver's error. */
function hasCode(error: unknown, code: string): boolean {
  if (!isObject(error)) return false
  const { meta } = error
  return (
    error.code === code ||
    error.originalCode === code ||
    (isObject(meta) && (meta.code === code || hasCode(meta.driverAdapterError, code))) ||
    hasCode(error.cause, code)
  )
}
