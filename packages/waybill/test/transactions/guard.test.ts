import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import type { SqlRow } from '../../src/ports/transactions.js'
import { checkOpen, guarded } from '../../src/transactions/guard.js'

// A driver that does not tell its transaction status: one connection, statements in the order given.
const lite = new PGlite()
const run = async (sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> =>
  (await lite.query<Record<string, unknown>>(sql, [...params])).rows
const insert = 'insert into note (name) values ($1::text) returning name'
const write = (name: string): Promise<readonly SqlRow[]> => guarded(run, insert, [name], 'Do it so.')
const refused = { code: 'WB_NOT_IN_TRANSACTION', message: /this transaction is not open.*Do it so\./ }

before(() => lite.exec('create table note (name text)'))
afterEach(() => lite.exec('rollback'))
after(() => lite.close())

async function names(): Promise<readonly unknown[]> {
  return (await run('select name from note', [])).map(({ name }) => name)
}

test('inside a transaction a guarded statement runs as it is, as often as one likes', async () => {
  await lite.exec('begin')
  assert.deepEqual(await write('a'), [{ name: 'a' }])
  assert.deepEqual(await write(`it's "b"`), [{ name: `it's "b"` }])
  await lite.exec('savepoint s')
  await write('c')
  await lite.exec('rollback to savepoint s')
  await write('d')
  assert.deepEqual(await names(), ['a', `it's "b"`, 'd'])
})

test('outside a transaction it is refused and writes nothing, also after one that was marked', async () => {
  await assert.rejects(write('a'), refused)
  await lite.exec('begin')
  await write('b')
  await lite.exec('rollback')
  await assert.rejects(write('c'), refused)
  assert.deepEqual(await names(), [])
})

test('a COMMIT queued before it is noticed, wherever it lands', async () => {
  for (const turns of [0, 1, 2, 3]) {
    await lite.exec('begin')
    const ended: Promise<unknown>[] = []
    let statements = 0
    const interrupted = (sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> => {
      if (statements++ === turns) ended.push(lite.query('rollback'))
      return run(sql, params)
    }
    const outcome = guarded(interrupted, insert, ['late'], 'Do it so.')
    await (turns < 2 ? assert.rejects(outcome, refused) : outcome)
    await Promise.all(ended)
    await lite.exec('rollback')
    assert.deepEqual(await names(), [], `after ${turns} statements`)
  }
})

test('a statement without a text as its first parameter is checked before it runs', async () => {
  const purge = 'delete from note where length(name) > $1::int'
  await assert.rejects(guarded(run, purge, [1], 'Do it so.'), refused)
  await lite.exec('begin')
  assert.deepEqual(await guarded(run, purge, [1], 'Do it so.'), [])
})

test('an error of the statement itself stays what it is', async () => {
  await lite.exec('begin')
  const failing = guarded(run, 'select $1::text::int', ['waybill'], 'Do it so.')
  await assert.rejects(failing, { code: '22P02' })
})

test('a transaction that is over, or in which a statement failed, is noticed before its COMMIT', async () => {
  await assert.rejects(checkOpen(run, 'Do it so.'), refused)
  await lite.exec('begin')
  await checkOpen(run, 'Do it so.')
  await assert.rejects(run('select 1 / $1::int', [0]))
  await assert.rejects(checkOpen(run, 'Do it so.'), {
    code: 'WB_NOT_IN_TRANSACTION',
    message: /has failed.*Do it so/,
  })
})
