import type { SqlRow, Transactions } from '../ports/transactions.js'
import { checkOpen, notOpen } from './guard.js'
import { opening } from './opening.js'
import { describe, isObject, refusal } from './refusal.js'
import { rowsOf } from './rows.js'

/** What is needed of a transaction client of Prisma; the root client, which has `$connect`, does not fit. */
export interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...params: unknown[]): Promise<unknown>
  readonly $connect?: never
}

/** What is needed of a Prisma client. */
export interface PrismaRoot<Tx> {
  $transaction<T>(fn: (tx: Tx) => Promise<T>, options?: PrismaTransactionOptions): Promise<T>
}

/** Prisma's own options of an interactive transaction, milliseconds; its defaults are 2000 and 5000. */
export interface PrismaTransactionOptions {
  /** How long to wait for a connection. */
  readonly maxWait?: number
  /** How long the transaction, and with the inbox a handler, may take. */
  readonly timeout?: number
}

const fix =
  'Use the `tx` of waybill.transaction(async (tx) => …) or of prisma.$transaction(async (tx) => { … await waybill.send(tx, message) }), ' +
  'inside the callback'

/**
 * Interactive transactions of Prisma on PostgreSQL. `options` are for the transactions that waybill opens. Prisma itself
 * refuses statements of a finished transaction (P2028), so `execute` costs no round trip more. PostgreSQL only yet.
 */
export function fromPrisma<Tx extends object>(
  prisma: PrismaRoot<Tx>,
  options?: PrismaTransactionOptions,
): Transactions<Tx & PrismaTransaction> {
  return {
    dialect: 'postgres',
    run: <T>(fn: (tx: Tx & PrismaTransaction) => Promise<T>) =>
      opening(fn, (inside) =>
        prisma.$transaction(async (tx) => {
          check(tx)
          const result = await inside(tx)
          await checkOpen((sql, params) => execute(tx, sql, params), fix)
          return result
        }, options),
      ),
    check,
    execute,
  }
}

async function execute(tx: PrismaTransaction, sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
  try {
    return rowsOf(await tx.$queryRawUnsafe(sql, ...params))
  } catch (error) {
    throw isObject(error) && error.code === 'P2028' ? refusal(notOpen, fix, error) : error
  }
}

function check<Tx>(value: Tx): asserts value is Tx & PrismaTransaction {
  if (!isObject(value) || typeof value.$queryRawUnsafe !== 'function')
    throw refusal(`${describe(value)} is no transaction of Prisma`, fix)
  if (typeof value.$connect === 'function')
    throw refusal('this is the Prisma client itself, which runs each statement on any connection', fix)
}
