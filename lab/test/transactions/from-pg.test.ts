import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Transactions } from 'waybill'
import { fromPg } from 'waybill/pg'
import { type PostgresServer, startPostgres } from '../../src/cluster/postgres-server.js'

const insert = 'INSERT INTO note (name) VALUES ($1::text) RETURNING name'
const refused = { code: 'WB_NOT_IN_TRANSACTION', message: /this transaction is not open/ }

/** A client as older versions of pg and pg-native have it: without a transaction status. */
class SilentClient extends pg.Client {
  override getTransactionStatus = undefined as never
}

/** What a case is given. */
interface Given {
  readonly pool: pg.Pool
  readonly client: pg.PoolClient
  readonly transactions: Transactions<pg.PoolClient>
  names(): Promise<readonly string[]>
}

describe('fromPg on a real server', () => {
  let server: PostgresServer | undefined
  before(async () => {
    server = await startPostgres()
  })
  after(() => server?.close())

  const given = async (config: pg.PoolConfig, run: (given: Given) => Promise<void>): Promise<void> => {
    assert.ok(server)
    const database = `note_${Math.trunc(performance.now() * 1000)}`
    const pool = new pg.Pool({ connectionString: await server.createDatabase(database), ...config })
    const client = await pool.connect()
    try {
      await client.query('CREATE TABLE note (name text)')
      const names = async (): Promise<readonly string[]> =>
        (await server?.query<{ name: string }>('SELECT name FROM note ORDER BY name', [], database))?.map(
          ({ name }) => name,
        ) ?? []
      await run({ pool, client, transactions: fromPg(pool), names })
    } finally {
      client.release(true)
      await pool.end()
    }
  }

  for (const [kind, config] of [
    ['a client that tells its status', {}],
    ['a client that does not (older versions, pg-native)', { Client: SilentClient }],
    ['a client in pipeline mode', { pipeline: true }],
  ] as const) {
    test(`${kind}: a statement runs in its open transaction only`, () => given(config, inOpenTransactionOnly))
    test(`${kind}: a COMMIT or ROLLBACK queued before the statement is noticed`, () => given(config, queuedEnd))
    test(`${kind}: run commits, rolls back, and reports no success of a transaction that failed`, () =>
      given(config, runs))
  }
  test('a connection that breaks inside run rejects, and the pool goes on', () => given({}, breaks))
})

async function inOpenTransactionOnly({ client, transactions, names }: Given): Promise<void> {
  const write = (name: string): Promise<unknown> => transactions.execute(client, insert, [name])
  await assert.rejects(write('before'), refused)
  await client.query('BEGIN')
  assert.deepEqual(await write('a'), [{ name: 'a' }])
  await client.query('COMMIT')
  await assert.rejects(write('after'), refused)
  await client.query('BEGIN')
  await assert.rejects(client.query('SELECT 1 / 0'))
  await assert.rejects(write('failed'))
  await client.query('ROLLBACK')
  assert.deepEqual(await names(), ['a'])
}

async function queuedEnd({ client, transactions, names }: Given): Promise<void> {
  for (const end of ['COMMIT', 'ROLLBACK']) {
    await client.query('BEGIN')
    const ended = client.query(end)
    await assert.rejects(transactions.execute(client, insert, [end]), refused)
    await ended
  }
  assert.deepEqual(await names(), [])
}

async function runs(given: Given): Promise<void> {
  const { names } = given
  const transactions: Transactions<pg.PoolClient> = given.transactions
  const kept = transactions.run(async (tx) => {
    transactions.check(tx)
    return transactions.execute(tx, insert, ['kept'])
  })
  assert.deepEqual(await kept, [{ name: 'kept' }])
  const failing = transactions.run(async (tx) => {
    await transactions.execute(tx, insert, ['gone'])
    throw new Error('business fails')
  })
  await assert.rejects(failing, /business fails/)
  const swallowing = transactions.run(async (tx) => {
    await transactions.execute(tx, insert, ['gone'])
    await assert.rejects(tx.query('SELECT 1 / 0'))
  })
  await assert.rejects(swallowing, { code: 'WB_NOT_IN_TRANSACTION', message: /has failed/ })
  const endedByItself = transactions.run(async (tx) => {
    await tx.query('ROLLBACK')
  })
  await assert.rejects(endedByItself, { code: 'WB_NOT_IN_TRANSACTION' })
  assert.deepEqual(await names(), ['kept'])
}

async function breaks({ pool, transactions, names }: Given): Promise<void> {
  const broken = transactions.run(async (tx) => {
    await transactions.execute(tx, insert, ['gone'])
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await tx.query('SELECT pg_sleep(10)')
  })
  await assert.rejects(broken)
  assert.deepEqual(await transactions.run((tx) => transactions.execute(tx, insert, ['kept'])), [{ name: 'kept' }])
  assert.deepEqual(await names(), ['kept'])
}
