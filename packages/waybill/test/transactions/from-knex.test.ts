import assert from 'node:assert/strict'
import { test } from 'node:test'
import knexOf, { type Knex } from 'knex'
import { fromKnex } from '../../src/knex.js'
import { toKnex } from '../../src/transactions/from-knex.js'
import type { Transactions, Waybill } from '../../src/waybill.js'

const knex = knexOf({ client: 'pg' })

test('every placeholder gets its own binding, also a repeated one, and a question mark stays one', () => {
  const bytes = Uint8Array.of(0, 255)
  assert.deepEqual(toKnex('select $2::bytea, $1::text || $1::text', ['a', bytes]), [
    'select ?::bytea, ?::text || ?::text',
    [Buffer.from(bytes), 'a', 'a'],
  ])
  assert.deepEqual(toKnex(`select '{}'::jsonb ? 'a?' and $1::bigint > 0`, [12345678901234567n]), [
    `select '{}'::jsonb \\? 'a\\?' and ?::bigint > 0`,
    ['12345678901234567'],
  ])
  assert.deepEqual(toKnex('select $10::int, $1::text', [null, 2, 3, 4, 5, 6, 7, 8, 9, 10]), [
    'select ?::int, ?::text',
    [10, null],
  ])
  // What PostgreSQL would get of it in the end.
  const { sql, bindings } = knex
    .raw(...toKnex(`select '{}'::jsonb ? 'a', $1::text`, ['b']))
    .toSQL()
    .toNative()
  assert.equal(sql, `select '{}'::jsonb ? 'a', $1::text`)
  assert.deepEqual(bindings, ['b'])
})

test('a statement with more placeholders than parameters is refused before it is sent', () => {
  assert.throws(() => toKnex('select $2::text', ['a']), { code: 'WB_INTERNAL', message: /no parameter \$2/ })
})

test('fromKnex refuses knex itself and what is no transaction, and says what to pass', () => {
  const transactions: Transactions<Knex.Transaction> = fromKnex(knex)
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [knex, /this is knex itself, which runs each statement on any connection.*knex\.transaction/],
    [knex('orders'), /is no Knex transaction|is knex itself/],
    [{}, /class Object is no Knex transaction/],
    [undefined, /undefined is no Knex transaction/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => transactions.check(value), { code: 'WB_NOT_IN_TRANSACTION', message })
})

test('fromKnex refuses another database than PostgreSQL', () => {
  const other = { client: { dialect: 'mysql' }, transaction: knex.transaction.bind(knex) }
  assert.throws(() => fromKnex(other), { code: 'WB_OPTION_INVALID', message: /client: 'pg'.* this is mysql/ })
})

// Compiled, never run: Knex's own types must go on fitting.
export async function sends(
  waybill: Waybill<Knex.Transaction>,
  handles: { readonly tx: Knex.Transaction; readonly knex: Knex },
): Promise<void> {
  const message = { topic: 'orders', value: 1 }
  await waybill.send(handles.tx, message)
  await handles.knex.transaction((tx) => waybill.send(tx, message))
  await waybill.transaction(async (tx) => tx('orders').insert({ id: 1 }))
  // @ts-expect-error knex itself runs each statement on any connection
  await waybill.send(handles.knex, message)
  // @ts-expect-error a query builder
  await waybill.send(handles.tx('orders'), message)
}
