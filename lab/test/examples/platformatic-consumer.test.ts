import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBroker } from '@waybill/broker'
import Database from 'libsql'
import { brokerOptions, provesItself } from './stage.js'

test('@platformatic/kafka with progress and inbox: one invoice for each order, also when a consumer is killed', async (t) => {
  const broker = await createBroker(brokerOptions)
  t.after(() => broker.close())
  const folder = await mkdtemp(join(tmpdir(), 'waybill-example-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const file = join(folder, 'billing.db')
  const invoices = async (): Promise<readonly string[]> => {
    const db = new Database(file)
    try {
      const rows = db.prepare('SELECT order_id AS id FROM invoices ORDER BY rowid').all([]) as { id: string }[]
      return rows.map(({ id }) => id)
    } catch {
      return [] // not made yet, or locked
    } finally {
      db.close()
    }
  }
  const env = { DATABASE: file }
  const program = 'platformatic-consumer/dist/src/consumer.js'
  await provesItself(t, { program, bootstrap: broker.bootstrap, env, invoices })
})
