import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@waybill/example-express-prisma/prisma'
import { drizzle } from 'drizzle-orm/node-postgres'
import knexOf from 'knex'
import pg from 'pg'
import postgres from 'postgres'
import { fromDrizzle } from 'waybill/drizzle'
import { fromKnex } from 'waybill/knex'
import { fromPg } from 'waybill/pg'
import { fromPostgresJs } from 'waybill/postgres-js'
import { fromPrisma } from 'waybill/prisma'

const connectionString = 'postgres://postgres@127.0.0.1:1/none'

test('a transaction that cannot be opened is the world, not the message: to be tried again, with every library', async () => {
  const pool = new pg.Pool({ connectionString })
  const knex = knexOf({ client: 'pg', connection: connectionString, acquireConnectionTimeout: 2_000 })
  const sql = postgres(connectionString)
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
  const runs: Readonly<Record<string, () => Promise<unknown>>> = {
    pg: () => fromPg(pool).run(async () => undefined),
    knex: () => fromKnex(knex).run(async () => undefined),
    drizzle: () => fromDrizzle(drizzle(pool)).run(async () => undefined),
    'postgres.js': () => fromPostgresJs(sql).run(async () => undefined),
    prisma: () => fromPrisma(prisma).run(async () => undefined),
  }
  for (const [name, run] of Object.entries(runs))
    await assert.rejects(run, { code: 'WB_STORE_UNREACHABLE', retryable: 'yes' }, name)
  await Promise.all([pool.end(), knex.destroy(), sql.end(), prisma.$disconnect()])
})
