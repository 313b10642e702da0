import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { Transactions, Waybill } from '../../src/waybill.js'
import { fromPg } from '../../src/pg.js'

test('fromPg refuses what cannot carry a transaction, and says what to pass', () => {
  const transactions: Transactions<pg.PoolClient> = fromPg(new pg.Pool())
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [
      new pg.Pool(),
      /BoundPool is no client of pg \(and a pool runs each statement on any connection\).*waybill\.transaction/,
    ],
    [new pg.Client(), /this transaction is not open \(never begun or BEGIN not awaited/],
    [{}, /class Object is no client of pg/],
    [{ query: () => undefined }, /class Object is no client of pg/],
    [null, /null is no client of pg/],
    [undefined, /undefined is no client of pg/],
    ['BEGIN', /BEGIN is no client of pg/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => transactions.check(value), { code: 'WB_NOT_IN_TRANSACTION', message })
})

// Compiled, never run: pg's own types must go on fitting.
export function fits(pool: pg.Pool): Transactions<pg.PoolClient> {
  return fromPg(pool)
}

export function alsoClients(pool: pg.Pool): Transactions<pg.ClientBase> {
  return fromPg<pg.ClientBase>(pool)
}

export async function sends(
  waybill: Waybill<pg.PoolClient>,
  either: Waybill<pg.ClientBase>,
  handles: { readonly pool: pg.Pool; readonly client: pg.Client; readonly tx: pg.PoolClient },
): Promise<void> {
  const message = { topic: 'orders', value: 1 }
  await waybill.send(handles.tx, message)
  await either.send(handles.tx, message)
  await either.send(handles.client, message)
  await waybill.transaction(async (tx) => (await tx.query<{ id: number }>('select 1 as id')).rows[0]?.id)
  // @ts-expect-error a pool runs each statement on another connection
  await waybill.send(handles.pool, message)
  // @ts-expect-error the same with the wider type
  await either.send(handles.pool, message)
  // @ts-expect-error a plain object
  await waybill.send({}, message)
}
