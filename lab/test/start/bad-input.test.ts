// What `npm start` says to bad input and to a world that is out of order: a clear error or state each, nothing lost.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { type Waybill, createWaybill, silentLog } from 'waybill'
import { type SqliteHandle, fromSqlite, sqlite } from 'waybill/sqlite'
import { placesIn } from '../../src/start/scene.js'
import { StartProcess, dirIn, homeFor } from './start-process.js'

const runMs = 90_000

test('an unknown option is refused with exit code 2 before anything starts', async (t) => {
  const start = StartProcess.start(t, ['--sede', '7'])
  assert.equal(await start.ended(10_000), 2)
  assert.match(start.output, /--sede/)
  assert.match(start.output, /--seed <n>/)
  await start.nothingRuns()
})

test('no broker listening: the airline goes on, the display says so, every message waits, nothing is lost', async (t) => {
  const start = StartProcess.start(t, ['--no-broker', '--count', '600', '--seed', '1'])
  assert.equal(await start.ended(runMs), 0, start.output)
  assert.match(start.output, /Kafka unreachable for [1-9]\d* s, \d+ waiting, 0 lost/)
  const proof =
    'PROOF start committed=600 in-topic=0 waiting=600 handled=0 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=0 seed=1'
  assert.equal(start.lastLine, proof, start.output)
  await start.nothingRuns()
})

test('a full disk under the broker: the relay waits, nothing is lost, and it goes on when there is room', async (t) => {
  const start = StartProcess.start(t, ['--no-faults', '--full-disk', '--count', '1000', '--seed', '2'])
  assert.equal(await start.ended(runMs), 0, start.output)
  assert.match(start.output, /the disk under the broker is full[^]*\d waiting, the oldest for [1-9][^]*has room again/)
  const proof =
    'PROOF start committed=1000 in-topic=1000 handled=1000 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=0 seed=2'
  assert.equal(start.lastLine, proof, start.output)
})

test('a corrupt SQLite file is named with what to do, and is left as it was', async (t) => {
  const home = homeFor(t)
  const { folder, database } = placesIn(dirIn(home))
  mkdirSync(folder, { recursive: true })
  const garbage = 'this is no database, '.repeat(1_000)
  writeFileSync(database, garbage)
  const start = StartProcess.start(t, ['--dir', folder, '--count', '200'], home)
  assert.equal(await start.ended(runMs), 1)
  assert.match(start.output, /start failed: .*airline\.db cannot be read: .*not a database/)
  assert.match(start.output, /another --dir/)
  assert.equal(readFileSync(database, 'utf8'), garbage)
  assert.doesNotMatch(start.output, /PROOF/)
  await start.nothingRuns()
})

test('a SQLite file whose pages are damaged fails the run with an error, not with a proof', async (t) => {
  const home = homeFor(t)
  const { folder, database } = placesIn(dirIn(home))
  mkdirSync(folder, { recursive: true })
  const sound = new Database(database)
  sound.exec('CREATE TABLE flight (number INTEGER PRIMARY KEY)')
  sound.exec('INSERT INTO flight VALUES (1)')
  sound.close()
  const header = 100
  const page = Buffer.alloc(4_096, 0xff)
  writeFileSync(database, page.subarray(header), { flag: 'r+' })
  const start = StartProcess.start(t, ['--dir', folder, '--count', '200'], home)
  assert.equal(await start.ended(runMs), 1, start.output)
  assert.match(start.output, /start failed: /)
  assert.doesNotMatch(start.output, /PROOF/)
})

test('a file that has another lane count stops the run with an error that names both', async (t) => {
  const home = homeFor(t)
  const { folder, database } = placesIn(dirIn(home))
  mkdirSync(folder, { recursive: true })
  const other = secondProcess(database, 8)
  await other.waybill.start()
  await other.close()
  const start = StartProcess.start(t, ['--dir', folder, '--count', '200'], home)
  assert.equal(await start.ended(runMs), 1)
  assert.match(start.output, /WB_LANES_MISMATCH: this outbox has 8 lanes, not 32/)
  await start.nothingRuns()
})

test('a second process on the same file with another lane count is refused and does not disturb the run', async (t) => {
  const home = homeFor(t)
  const start = StartProcess.start(t, ['--no-faults', '--count', '2000', '--seed', '5', '--dir', dirIn(home)], home)
  await start.says(/acknowledged [1-9]/)
  const other = secondProcess(join(dirIn(home), 'airline.db'), 16)
  await assert.rejects(other.waybill.start(), { code: 'WB_LANES_MISMATCH' })
  await other.close()
  assert.equal(await start.ended(runMs), 0, start.output)
  assert.match(start.lastLine, /^PROOF start committed=2000 in-topic=2000 handled=2000 lost=0 /)
})

interface Second {
  readonly waybill: Waybill<SqliteHandle>
  close(): Promise<void>
}

/** waybill on this file, as another application would open it. */
function secondProcess(file: string, lanes: number): Second {
  const database = new Database(file)
  database.exec('PRAGMA busy_timeout = 5000')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  const transactions = fromSqlite(database)
  const brokers = ['127.0.0.1:1']
  const options = { source: 'airline', brokers, store: sqlite(database), transactions, lanes, log: silentLog }
  const waybill = createWaybill({ ...options, relay: false as const })
  return {
    waybill,
    async close() {
      await waybill.stop()
      database.close()
    },
  }
}
