import Database from 'libsql'
import { createWaybill, jsonLog } from 'waybill'
import type { Failpoints, RelayOptions, Waybill } from 'waybill'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import type { SqliteHandle } from 'waybill/sqlite'
import { flightOf, lanes, perTransaction, source, topic } from './scene.js'

const flightTable = `CREATE TABLE IF NOT EXISTS flight (
  number INTEGER PRIMARY KEY, date TEXT NOT NULL, delay INTEGER NOT NULL, distance INTEGER NOT NULL,
  origin TEXT NOT NULL, destination TEXT NOT NULL)`
const insertFlight = 'INSERT INTO flight (number, date, delay, distance, origin, destination) VALUES (?, ?, ?, ?, ?, ?)'
const lastNumber = 'SELECT coalesce(max(number), 0) AS number FROM flight'

/** Opens a SQLite file as an application should: WAL, and on the disk when a commit returns. */
export function connect(file: string): Database.Database {
  const database = new Database(file)
  database.exec('PRAGMA busy_timeout = 5000')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}

/** How to open a booking office. */
export interface BookingOptions {
  readonly database: string
  readonly brokers: readonly string[]
  readonly failpoints?: Failpoints
  /** Default: no relay here. */
  readonly relay?: Partial<RelayOptions>
  /** Some flights are larger than the topic will take. */
  readonly oversized?: boolean
}

/** The business: flights and their messages in one transaction each. */
export class Booking {
  readonly #waybill: Waybill<SqliteHandle>
  readonly #own: Database.Database
  readonly #oversized: boolean

  private constructor(waybill: Waybill<SqliteHandle>, own: Database.Database, oversized: boolean) {
    this.#waybill = waybill
    this.#own = own
    this.#oversized = oversized
  }

  /** Creates the tables where they are missing. */
  static async open(options: BookingOptions): Promise<Booking> {
    const { database, brokers, failpoints, relay = false, oversized = false } = options
    const own = connect(database)
    own.exec(flightTable)
    const waybill = createWaybill({
      source,
      brokers,
      lanes,
      store: sqlite(connect(database)),
      transactions: fromSqlite(own),
      relay,
      // The business does not know that the topic's limit was lowered.
      topics: { [topic]: { maxMessageBytes: 1_048_576 } },
      log: jsonLog('error'),
      ...(failpoints ? { failpoints } : {}),
    })
    await waybill.start()
    return new Booking(waybill, own, oversized)
  }

  /** One transaction: the next flights, drawn inside it, and their messages. Answers the last number. */
  book(): Promise<number> {
    return this.#waybill.transaction(async (tx) => {
      const [row] = this.#own.prepare(lastNumber).all([]) as { number: number }[]
      const first = (row?.number ?? 0) + 1
      const flights = Array.from({ length: perTransaction }, (_, at) => flightOf(first + at, this.#oversized))
      for (const { number, date, delay, distance, origin, destination } of flights)
        this.#own.prepare(insertFlight).run([number, date, delay, distance, origin, destination])
      await this.#waybill.send(
        tx,
        flights.map((flight) => ({ topic, key: flight.origin, value: flight })),
      )
      return first + perTransaction - 1
    })
  }

  async close(): Promise<void> {
    await this.#waybill.stop({ drainMs: 2_000 })
    this.#own.close()
  }
}
