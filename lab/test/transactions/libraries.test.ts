import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { promises } from './cases.js'
import { openDrizzle, openDrizzleJs } from './libraries/drizzle.js'
import { openKnex } from './libraries/knex.js'
import { openPg } from './libraries/pg.js'
import { openPostgresJs } from './libraries/postgres-js.js'
import { openPrisma } from './libraries/prisma.js'
import { Stage, type Scene } from './stage.js'

const names = ['pg', 'knex', 'drizzle', 'drizzle-postgres-js', 'postgres-js', 'prisma'] as const

describe('the application sends in the transactions of its own library', () => {
  let stage: Stage | undefined
  before(async () => {
    stage = await Stage.open(names)
  })
  after(() => stage?.close())
  const on = (name: (typeof names)[number]) => (): Promise<Scene> => {
    assert.ok(stage)
    return stage.scene(name)
  }
  promises('pg', openPg, on('pg'))
  promises('knex', openKnex, on('knex'))
  promises('drizzle on node-postgres', openDrizzle, on('drizzle'))
  promises('drizzle on postgres.js', openDrizzleJs, on('drizzle-postgres-js'))
  promises('postgres.js', openPostgresJs, on('postgres-js'))
  promises('prisma', openPrisma, on('prisma'))
})
