import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Database from 'libsql'
import type { SqliteHandle } from '../../../src/sqlite.js'
import { bytesOf } from '../../../src/stores/sqlite/driver.js'
import { storeContract } from '../../../src/testing/store-contract.js'
import { sqliteWorld } from '../sqlite-world.js'
import type { Open } from '../sqlite-world.js'

// Type test: the real class fits the shape, or the build fails.
const libsqlFits: (database: InstanceType<typeof Database>) => SqliteHandle = (database) => database
void libsqlFits

/** A class of another driver, when this machine has it. */
async function driver(specifier: string, pick: (module: Record<string, unknown>) => unknown): Promise<Open | string> {
  let found: unknown
  try {
    // A variable, so that the compiler does not look for a module that is not installed.
    const loaded: unknown = await import(specifier)
    found = pick(loaded as Record<string, unknown>)
  } catch (error) {
    return `${specifier} cannot be loaded here (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`
  }
  if (typeof found !== 'function') return `${specifier} has no such class`
  const Driver = found as new (file: string) => SqliteHandle & { close(): unknown }
  return (file) => {
    const handle = new Driver(file)
    // better-sqlite3 is built with WAL_SYNCHRONOUS=1 (NORMAL), which the store refuses: see durability.test.ts.
    handle.exec('PRAGMA synchronous = FULL')
    return handle
  }
}

test('a blob that is a part of a larger buffer is read as that part', () => {
  const whole = Uint8Array.of(9, 9, 1, 2, 255, 9)
  assert.deepEqual(bytesOf(Buffer.from(whole.buffer, 2, 3)), Uint8Array.of(1, 2, 255))
  assert.deepEqual(bytesOf(Uint8Array.of(1, 2, 255).buffer), Uint8Array.of(1, 2, 255))
  assert.throws(() => bytesOf('text'), { code: 'WB_STORE_CORRUPT' })
})

const sources = [
  ['node:sqlite', await driver('node:sqlite', (module) => module.DatabaseSync)],
  ['better-sqlite3', await driver(process.env.WAYBILL_BETTER_SQLITE3 ?? 'better-sqlite3', (module) => module.default)],
] as const

for (const [name, open] of sources) {
  if (typeof open === 'string') test(`${name}: the whole contract`, { skip: open }, () => {})
  else
    for (const { name: promise, run } of storeContract({ fresh: async () => sqliteWorld(open) }))
      test(`${name}: ${promise}`, run)
}
