// The arrivals board as its writers see it: one row for each handled message, in a second SQLite file.
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'libsql'
import { tellParent } from './messages.js'
import type { Flight } from './scene.js'

// `number` is deliberately not unique: a second effect of one message must be seen, not be refused.
const arrivalTable = `CREATE TABLE IF NOT EXISTS arrival (
  seq INTEGER PRIMARY KEY, number INTEGER NOT NULL, origin TEXT NOT NULL, destination TEXT NOT NULL, delay INTEGER NOT NULL)`
const arrivalIndex = 'CREATE INDEX IF NOT EXISTS arrival_number ON arrival (number)'
const insertArrival = 'INSERT INTO arrival (number, origin, destination, delay) VALUES (?, ?, ?, ?)'
const busyTimeoutMs = 5_000

/** All flights so slow would not fit into a run: SQLite runs one transaction at a time. */
const slowMs = 10

/** Opens the board's file and creates its table. */
export function openBoard(file: string): Database.Database {
  const database = connectBoard(file)
  database.exec(arrivalTable)
  database.exec(arrivalIndex)
  return database
}

/** Another connection to the board's file. */
export function connectBoard(file: string): Database.Database {
  const database = new Database(file)
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}

/**
 * What a handler does with a flight, inside the transaction that is open on `database`: some work, then the row. Both
 * consumers, waybill's and the naive one, run exactly this. Each `slowEvery`th flight takes 10 ms; the parent is told of these before they begin.
 */
export function arriving(database: Database.Database, slowEvery: number): (flight: Flight) => Promise<void> {
  const insert = database.prepare(insertArrival)
  return async ({ number, origin, destination, delay }) => {
    if (number % slowEvery === 0) {
      tellParent({ kind: 'handling', number })
      await sleep(slowMs)
    }
    insert.run([number, origin, destination, delay])
  }
}
