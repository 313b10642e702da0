import { test } from 'node:test'
import { createBroker } from '@waybill/broker'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import { brokerOptions, provesItself } from './stage.js'
import { invoicesTable } from './invoices.js'

test('kafkajs with progress and inbox: one invoice for each order, also when a consumer is killed', async (t) => {
  const broker = await createBroker(brokerOptions)
  t.after(() => broker.close())
  const server = await startPostgres()
  t.after(() => server.close())
  const url = await server.createDatabase('billing')
  const invoices = await invoicesTable(server, 'billing')
  const env = { DATABASE_URL: url }
  const program = 'kafkajs-consumer/dist/src/consumer.js'
  await provesItself(t, { program, bootstrap: broker.bootstrap, env, invoices })
})
