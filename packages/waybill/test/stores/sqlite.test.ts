import { test } from 'node:test'
import { storeContract } from '../../src/testing/store-contract.js'
import { openLibsql, sqliteWorld } from './sqlite-world.js'

for (const { name, run } of storeContract({ fresh: async () => sqliteWorld(openLibsql) })) test(`libsql: ${name}`, run)

for (const { name, run } of storeContract({ fresh: async () => sqliteWorld(openLibsql, { prefix: 'shop_2' }) }))
  if (/every|mark|released/.test(name)) test(`libsql, another prefix: ${name}`, run)
