import { once } from 'node:events'
import { PrismaPg } from '@prisma/adapter-pg'
import express from 'express'
import pg from 'pg'
import { createWaybill } from 'waybill'
import { postgres } from 'waybill/postgres'
import { fromPrisma } from 'waybill/prisma'
import { type Order, PrismaClient } from './generated/client.js'

const { DATABASE_URL: connectionString = '', BROKERS = 'localhost:9092', PORT = '3000' } = process.env

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
const pool = new pg.Pool({ connectionString }) // the relay's own connections
const waybill = createWaybill({
  source: 'shop',
  brokers: BROKERS.split(','),
  store: postgres(pool),
  transactions: fromPrisma(prisma), // types every `tx` below
  migrate: true, // in production: npx waybill migrate
})
await waybill.start()

const app = express().use(express.json())
app.post('/orders', async (req, res) => {
  const { item, cents } = req.body as Order
  const order = await prisma.$transaction(async (tx) => {
    const placed = await tx.order.create({ data: { item, cents } })
    await waybill.send(tx, { topic: 'orders.placed', key: placed.id, value: placed }) // commits or vanishes with the order
    return placed
  })
  res.status(201).json(order)
})

await waybill.consume({
  group: 'billing',
  topics: ['orders.placed'],
  inbox: true, // an order that is delivered twice is invoiced once
  handle: async (message, { tx }) => {
    const { id, cents } = message.json<Order>()
    await tx.invoice.create({ data: { orderId: id, cents } })
  },
})

const server = app.listen(Number(PORT))
await once(process, 'SIGTERM')
server.close()
await waybill.stop() // drains relay and consumers
await Promise.all([prisma.$disconnect(), pool.end()])
