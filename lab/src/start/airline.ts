// The airline's service, a process of its own: each flight and its message commit in one SQLite transaction, or neither
// does. It never talks to Kafka (`relay: false`), so it goes on whatever happens there.
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import Database from 'libsql'
import { createWaybill, jsonLog } from 'waybill'
import type { Waybill } from 'waybill'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import type { SqliteHandle } from 'waybill/sqlite'
import { type SlowDown, fail, leave, tellParent } from './messages.js'
import { type Flight, cancelledEvery, cancelledFrom, source, topic } from './scene.js'

/** The first argument, as JSON. */
export interface AirlineSettings {
  readonly database: string
  readonly brokers: readonly string[]
  readonly count: number
  /** Flights a second at most; 0 = as many as possible. */
  readonly perSecond: number
}

const flightsTable = `CREATE TABLE IF NOT EXISTS flight (
  number INTEGER PRIMARY KEY, date TEXT NOT NULL, delay INTEGER NOT NULL, distance INTEGER NOT NULL,
  origin TEXT NOT NULL, destination TEXT NOT NULL)`
const insertFlight = 'INSERT INTO flight (number, date, delay, distance, origin, destination) VALUES (?, ?, ?, ?, ?, ?)'
// Enough for a neighbour's commit; while it waits the process stands still.
const busyTimeoutMs = 5_000
/** Transactions between two turns of the event loop: SQLite works synchronously, and signals want to be heard. */
const turnEvery = 10

const slowGapMs = 50
/** Slow in a small run, too, whose normal pace is no faster than that. */
const slowFactor = 5
const lagMsMax = 100

type Booking = (flight: Flight) => Promise<void>

async function run({ database, brokers, count, perSecond }: AirlineSettings): Promise<void> {
  const own = connect(database)
  const waybill = createWaybill({
    source,
    brokers,
    store: sqlite(connect(database)),
    transactions: fromSqlite(own),
    relay: false,
    log: jsonLog('warn'),
  })
  await waybill.start()
  own.exec(flightsTable)
  const before = lastNumber(own)
  tellParent({ kind: 'ready' })
  const book = booking(waybill, own)
  const flights = realFlights()
  const pace = new Pace(perSecond)
  let takenBack = 0
  for (let done = 0; done < count; done++) {
    const number = before + done + 1
    const flight = { ...flightAt(flights, number - 1), number }
    if (number % cancelledEvery === 0) takenBack += await takeBack(waybill, own, flight)
    await book(flight)
    if (done % turnEvery === 0) await nextTurn()
    await pace.keep(number)
  }
  await waybill.stop()
  leave({ kind: 'done', committed: count, takenBack }, 0)
}

/** The whole point: business row and message in one transaction. */
function booking(waybill: Waybill<SqliteHandle>, database: Database.Database): Booking {
  const insert = database.prepare(insertFlight)
  return (flight) =>
    waybill.transaction(async (tx) => {
      const { number, date, delay, distance, origin, destination } = flight
      insert.run([number, date, delay, distance, origin, destination])
      await waybill.send(tx, { topic, key: origin, value: flight })
    })
}

class Cancelled extends Error {}

/** A transaction that sends and then fails: its message must never be seen. Returns 1. */
async function takeBack(waybill: Waybill<SqliteHandle>, database: Database.Database, flight: Flight): Promise<1> {
  const cancelled = { ...flight, number: cancelledFrom + flight.number }
  const { number, date, delay, distance, origin, destination } = cancelled
  try {
    await waybill.transaction(async (tx) => {
      database.prepare(insertFlight).run([number, date, delay, distance, origin, destination])
      await waybill.send(tx, { topic, key: origin, value: cancelled })
      throw new Cancelled('the crew is ill')
    })
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
  }
  return 1
}

function connect(file: string): Database.Database {
  const database = new Database(file)
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  database.exec('PRAGMA journal_mode = WAL')
  // Every commit is on the disk when it returns. waybill refuses anything weaker.
  database.exec('PRAGMA synchronous = FULL')
  return database
}

function lastNumber(database: Database.Database): number {
  const [row] = database.prepare('SELECT coalesce(max(number), 0) AS number FROM flight').all() as { number: number }[]
  return row?.number ?? 0
}

/** Keeps the airline from being done before the faults are; a pace that was lost is not made up for. */
class Pace {
  readonly #gapMs: number
  #slowFrom = Number.POSITIVE_INFINITY
  #nextMs = performance.now()

  constructor(perSecond: number) {
    this.#gapMs = perSecond === 0 ? 0 : 1000 / perSecond
    process.on('message', (message: SlowDown) => {
      this.#slowFrom = message.slowFrom
    })
  }

  async keep(number: number): Promise<void> {
    const now = performance.now()
    const gapMs = number >= this.#slowFrom ? Math.max(slowGapMs, slowFactor * this.#gapMs) : this.#gapMs
    this.#nextMs = Math.max(this.#nextMs + gapMs, now - lagMsMax)
    if (this.#nextMs - now >= 2) await sleep(this.#nextMs - now)
  }
}

type RealFlight = Omit<Flight, 'number'>

/** Flights within the USA in the first months of 2001, as published with the vega data sets. */
function realFlights(): readonly RealFlight[] {
  // The package exports only its module, node_modules/vega-datasets/build/index.js; the data lie beside that folder.
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'))
  return JSON.parse(readFileSync(file, 'utf8')) as RealFlight[]
}

function flightAt(flights: readonly RealFlight[], index: number): RealFlight {
  const flight = flights[index % flights.length]
  if (!flight) throw new Error('vega-datasets has no flights')
  return flight
}

process.once('SIGTERM', () => process.exit(0))
run(JSON.parse(process.argv[2] ?? '{}') as AirlineSettings).catch(fail)
