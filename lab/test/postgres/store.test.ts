import { after, before, test } from 'node:test'
import { storeContract } from 'waybill/testing'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { openPg, openPostgresJs, postgresWorld } from './world.js'
import type { Open } from './world.js'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

const drivers: Readonly<Record<string, Open>> = { pg: openPg, 'postgres.js': openPostgresJs }
for (const [driver, open] of Object.entries(drivers))
  for (const { name, run } of storeContract({ fresh: async () => postgresWorld(server, open) }))
    test(`${driver}: ${name}`, run)
