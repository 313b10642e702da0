import assert from 'node:assert/strict'
import { test } from 'node:test'
import postgres from 'postgres'
import { fromPostgresJs } from '../../src/postgres-js.js'
import type { Transactions, Waybill } from '../../src/waybill.js'

test('fromPostgresJs refuses the sql of postgres() and what is no transaction, and says what to pass', () => {
  const sql = postgres()
  const transactions: Transactions<postgres.TransactionSql> = fromPostgresJs(sql)
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [sql, /this is the sql of postgres\(\) itself, which runs each statement on any connection.*sql\.begin/],
    [{}, /class Object is no transaction of postgres\.js/],
    [null, /null is no transaction of postgres\.js/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => transactions.check(value), { code: 'WB_NOT_IN_TRANSACTION', message })
})

// Compiled, never run: the library's own types must go on fitting, also with types of the application.
export function alsoWithTypes(
  sql: postgres.Sql<{ bigint: bigint }>,
): Transactions<postgres.TransactionSql<{ bigint: bigint }>> {
  return fromPostgresJs(sql)
}

export async function sends(
  waybill: Waybill<postgres.TransactionSql>,
  handles: { readonly tx: postgres.TransactionSql; readonly sql: postgres.Sql },
): Promise<void> {
  const message = { topic: 'orders', value: 1 }
  await waybill.send(handles.tx, message)
  await handles.sql.begin(async (tx) => {
    await waybill.send(tx, message)
    await tx.savepoint((savepoint) => waybill.send(savepoint, message))
  })
  await waybill.transaction(async (tx) => tx`select ${1}::int as one`)
  // @ts-expect-error the sql of postgres() runs each statement on any connection
  await waybill.send(handles.sql, message)
}
