import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createBroker } from '@waybill/broker'
import { logTail, ServerProcess } from '../../src/cluster/child-process.js'
import { freePorts } from '../../src/cluster/free-ports.js'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import { until } from '../../src/cluster/until.js'

const example = new URL('../../../../examples/express-prisma/', import.meta.url)
const entry = fileURLToPath(new URL('dist/src/server.js', example))
// The group of a killed process must not keep its partitions for 45 s.
const configs = { 'group.consumer.session.timeout.ms': '2000', 'group.consumer.heartbeat.interval.ms': '500' }
const topics = [{ name: 'orders.placed', partitions: 4 }]
const wait = { deadlineMs: 60_000, everyMs: 50 }

/** The example as a process: started, killed, started again on the same port. */
class Shop {
  readonly #address: string
  readonly #args: readonly string[]
  readonly #logFile: string
  #process: ServerProcess | undefined

  constructor(databaseUrl: string, brokers: string, port: number, folder: string) {
    this.#address = `http://127.0.0.1:${port}`
    const env = [`DATABASE_URL=${databaseUrl}`, `BROKERS=${brokers}`, `PORT=${port}`]
    this.#args = [...env, process.execPath, entry]
    this.#logFile = join(folder, 'shop.log')
  }

  get log(): string {
    return logTail(this.#logFile)
  }

  async start(): Promise<void> {
    const shop = await ServerProcess.start({ program: '/usr/bin/env', args: this.#args, logFile: this.#logFile })
    this.#process = shop
    const giveUp = (): void => {
      if (!shop.isRunning) throw new Error(`the shop ended:\n${this.log}`)
    }
    const answers = async (): Promise<boolean> => (await fetch(this.#address)).status === 404
    await until(answers, { ...wait, what: 'the shop', giveUp })
  }

  /** The order's id; undefined when the process was killed meanwhile and nobody knows. */
  async order(item: string, cents: number): Promise<string | undefined> {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify({ item, cents }) }
    const response = await fetch(`${this.#address}/orders`, request).catch(() => undefined)
    if (!response) return undefined
    const body = await response.text()
    assert.equal(response.status, 201, `${body}\n${this.log}`)
    return (JSON.parse(body) as { id: string }).id
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process?.signal(signal)
    return (await this.#process?.ended)?.code ?? null
  }
}

test('the quick start: every order has exactly one invoice, also when the service is killed twice', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-express-prisma-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const broker = await createBroker({ configs, topics })
  t.after(() => broker.close())
  const server = await startPostgres()
  t.after(() => server.close())
  const database = await server.createDatabase('shop')
  const migration = new URL('prisma/migrations/0001_orders/migration.sql', example)
  await server.query(await readFile(migration, 'utf8'), [], 'shop')
  const [port = 0] = await freePorts(1)
  const shop = new Shop(database, broker.bootstrap, port, folder)
  t.after(() => shop.end('SIGKILL'))

  const ids: (string | undefined)[] = []
  for (let kill = 0; kill < 2; kill++) {
    await shop.start()
    for (let n = 0; n < 20; n++) ids.push(await shop.order(`lamp ${n}`, n))
    const underWay = Array.from({ length: 20 }, (_, n) => shop.order(`chair ${n}`, n))
    const first = await Promise.race(underWay)
    await shop.end('SIGKILL')
    ids.push(first, ...(await Promise.all(underWay)))
  }
  await shop.start()
  ids.push(await shop.order('table', 1))

  const rows = (sql: string): Promise<readonly { id: string }[]> => server.query<{ id: string }>(sql, [], 'shop')
  const missing = (): Promise<readonly { id: string }[]> =>
    rows('SELECT id FROM orders WHERE id NOT IN (SELECT "orderId" FROM invoices)')
  await until(async () => (await missing()).length === 0, { ...wait, what: 'an invoice for each order' })
  assert.equal(await shop.end('SIGTERM'), 0, shop.log)

  const orders = (await rows('SELECT id FROM orders')).map(({ id }) => id)
  const invoices = (await rows('SELECT "orderId" AS id FROM invoices')).map(({ id }) => id)
  assert.deepEqual(invoices.toSorted(), orders.toSorted(), 'one invoice for each order')
  const known = new Set(ids.filter((id) => id !== undefined))
  assert.ok(known.size > 42, `${known.size} orders were confirmed`)
  assert.deepEqual(
    [...known].filter((id) => !orders.includes(id)),
    [],
    'confirmed and not there',
  )
})
