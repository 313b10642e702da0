import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BrokerOptions } from '@waybill/broker'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { ServerProcess, logTail } from '../../src/cluster/child-process.js'
import { until } from '../../src/cluster/until.js'

/** Every example reads this topic in this group, and writes one invoice for each order. */
const topic = 'orders.placed'
const group = 'billing'
const partitions = 4
const orders = 2_000
const keys = 50
/** Killed when so many invoices are there. */
const killAt = 600
const wait = { deadlineMs: 90_000, everyMs: 50 }
const examples = new URL('../../../../examples/', import.meta.url)

/** An example, the Kafka and the database it is given. */
export interface Example {
  /** Path of its program, below examples/ or absolute. */
  readonly program: string
  readonly bootstrap: string
  readonly env: Readonly<Record<string, string>>
  /** The orders that have an invoice, in the order of the invoices' commits; one for each row. */
  invoices(): Promise<readonly string[]>
}

/**
 * Runs two processes of the example, kills one with -9 in the middle, starts another in its place, and ends them as asked when
 * everything is committed. Then each order has exactly one invoice, and those of one key are in the order of the orders.
 */
export async function provesItself(t: TestContext, example: Example): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-example-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const kafka = new Kafka({ brokers: [example.bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  await place(kafka)
  const logFile = join(folder, 'example.log')
  const env = Object.entries({ ...example.env, BROKERS: example.bootstrap }).map(([name, value]) => `${name}=${value}`)
  const args = [...env, process.execPath, fileURLToPath(new URL(example.program, examples))]
  const start = async (): Promise<ServerProcess> => {
    const child = await ServerProcess.start({ program: '/usr/bin/env', args, logFile })
    t.after(() => child.signal('SIGKILL'))
    return child
  }
  const isThere = async (count: number): Promise<boolean> => (await example.invoices()).length >= count
  const first = await start()
  await until(() => isThere(1), { ...wait, what: `the first invoice; ${logTail(logFile)}` })
  const second = await start()
  await until(() => isThere(killAt), { ...wait, what: `${killAt} invoices` })
  first.signal('SIGKILL')
  assert.ok(!(await isThere(orders)), 'it was killed in the middle')
  const third = await start()
  await until(() => isCommitted(admin), { ...wait, what: 'the commit of the last order' }).catch((error: unknown) => {
    throw new Error(logTail(logFile), { cause: error })
  })
  for (const child of [second, third]) child.signal('SIGTERM')
  assert.equal((await second.ended).code, 0, logTail(logFile))
  // On a busy machine the others may have been through before it was ready to be asked.
  const { code, signal } = await third.ended
  assert.ok(code === 0 || signal === 'SIGTERM', `${code} ${signal} ${logTail(logFile)}`)
  checkOnce(await example.invoices())
}

async function place(kafka: Kafka): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: orders }, (_, n) => ({
    key: `customer ${n % keys}`,
    value: JSON.stringify({ id: String(n), cents: n }),
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

async function isCommitted(admin: Admin): Promise<boolean> {
  const ends = await admin.fetchTopicOffsets(topic)
  const [held] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  const committed = new Map(held?.partitions.map(({ partition, offset }) => [partition, offset]))
  assert.equal(ends.length, partitions)
  return ends.every(({ partition, high }) => high === '0' || committed.get(partition) === high)
}

function checkOnce(invoices: readonly string[]): void {
  const all = Array.from({ length: orders }, (_, n) => String(n))
  assert.deepEqual(
    all.filter((id) => !invoices.includes(id)),
    [],
    'orders without an invoice',
  )
  assert.equal(invoices.length, orders, 'orders with two')
  for (let key = 0; key < keys; key++) {
    const own = invoices.map(Number).filter((n) => n % keys === key)
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
      `order of customer ${key}`,
    )
  }
}

/** The topic, and times that let the group forget a killed member soon. */
export const brokerOptions: BrokerOptions = {
  topics: [{ name: topic, partitions }],
  configs: { 'group.initial.rebalance.delay.ms': '100' },
}
