import { after, before, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { inboxContract } from '../../../src/testing/inbox-contract.js'
import { storeContract } from '../../../src/testing/store-contract.js'
import { pgliteWorld, usedWorld } from './pglite-world.js'

/** These hold a transaction open and ask on another connection; PGlite has one. A real server runs them (lab/test/postgres). */
const needTwoConnections = [
  'no other process sees a message before its transaction committed',
  'a requeued message comes after those of its key whose transaction is still open',
  'a second transaction learns the outcome of the first: new when that rolled back, known when it committed',
]

let db: PGlite
before(async () => {
  db = await PGlite.create()
})
after(() => db.close())

// Cases about a schema that is not there get a new one, the others one that was used before.
const aboutSchema = /without the schema|migrate is|another lane count|need no tables|tables are missing/
for (const { name, run } of storeContract({ fresh: async () => pgliteWorld(db) }))
  if (aboutSchema.test(name)) test(`pglite: ${name}`, run)
for (const { name, run } of storeContract({ fresh: async () => usedWorld(db) }))
  if (!aboutSchema.test(name) && !needTwoConnections.includes(name)) test(`pglite: ${name}`, run)

for (const { name, run } of storeContract({ fresh: async () => pgliteWorld(db, { prefix: 'Shop_2' }) }))
  if (/every relay|a mark moves|released one/.test(name)) test(`pglite, another prefix: ${name}`, run)

const inbox = inboxContract({
  async fresh() {
    const world = pgliteWorld(db)
    const [own, peer] = world.inboxes
    return {
      ...world,
      inbox: own,
      peer: { inbox: peer, transactions: world.peer.transactions },
      nowMs: () => world.store.nowMs(),
    }
  },
})
for (const { name, run } of inbox) if (!needTwoConnections.includes(name)) test(`pglite inbox: ${name}`, run)
