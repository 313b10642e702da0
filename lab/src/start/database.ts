import { existsSync } from 'node:fs'
import Database from 'libsql'
import type { Books, Receipt, ReceiptsOfFlights } from './checker.js'
import type { Flight } from './scene.js'

/** How far things are, as the database file says. */
export interface Progress {
  readonly committed: number
  readonly acknowledged: number
  readonly waiting: number
  /** Committed, but neither acknowledged nor waiting nor set aside: always 0, or waybill broke its first promise. */
  readonly lost: number
  /** Age of the oldest waiting message, ms. */
  readonly oldestMs: number
}

interface ProgressRow {
  readonly committed: number
  readonly acknowledged: number
  readonly waiting: number
  readonly parked: number
  readonly oldest: number | null
}

const progressQuery = `SELECT (SELECT count(*) FROM flight) AS committed,
  (SELECT count(*) FROM outbox_sent) AS acknowledged,
  (SELECT count(*) FROM outbox) AS waiting,
  (SELECT count(*) FROM outbox_parked) AS parked,
  (SELECT created_at FROM outbox ORDER BY id LIMIT 1) AS oldest`
const flightsQuery = 'SELECT number, date, delay, distance, origin, destination FROM flight ORDER BY number'
const receiptsQuery = `SELECT lower(hex(message_id)) AS messageId, partition, offset FROM outbox_sent ORDER BY id`
const receiptsOfFlightsQuery = `SELECT CAST(json_extract(CAST(value AS TEXT), '$.number') AS INTEGER) AS number,
  lower(hex(message_id)) AS messageId, partition, offset FROM outbox_sent`
const waitingQuery = 'SELECT CAST(value AS TEXT) AS value FROM outbox ORDER BY id'

/** The database file, read with plain SQL on a connection of our own. Nothing is ever written. */
export class AirlineDatabase {
  readonly #database: Database.Database

  constructor(file: string) {
    this.#database = new Database(file)
    this.#database.exec('PRAGMA busy_timeout = 5000')
  }

  progress(): Progress {
    // One statement sees one state of the database, so that these figures may be added up.
    const [row] = this.#all<ProgressRow>(progressQuery)
    if (!row) throw new Error('the database gives no progress')
    const { committed, acknowledged, waiting, parked, oldest } = row
    const oldestMs = oldest === null ? 0 : Math.max(0, Date.now() - oldest)
    return { committed, acknowledged, waiting, lost: committed - acknowledged - waiting - parked, oldestMs }
  }

  /** The newest flight's number: numbers have no gaps, so this is also how many there are. */
  committed(): number {
    return this.#all<{ number: number }>('SELECT coalesce(max(number), 0) AS number FROM flight')[0]?.number ?? 0
  }

  /** Flights (claimed rows of a stream) that are open now. */
  openFlights(): number {
    return this.#count('outbox_flight')
  }

  /** All that the checker compares. */
  books(): Books {
    return {
      flights: this.#all<Flight>(flightsQuery),
      receipts: this.#all<Receipt>(receiptsQuery),
      waiting: this.#all<{ value: string }>(waitingQuery).map(({ value }) => value),
      parked: this.#count('outbox_parked'),
      openFlights: this.openFlights(),
    }
  }

  /** Which receipt belongs to which flight, from the payload that waybill keeps with it. */
  receiptsOfFlights(): ReceiptsOfFlights {
    const rows = this.#all<Receipt & { number: number }>(receiptsOfFlightsQuery)
    return new Map(rows.map(({ number, ...receipt }) => [number, receipt]))
  }

  close(): void {
    this.#database.close()
  }

  #count(table: string): number {
    return this.#all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)[0]?.count ?? 0
  }

  #all<Row>(query: string): Row[] {
    return this.#database.prepare(query).all([]) as Row[]
  }
}

/** The last flight of an earlier run in this folder, 0 when there is none. Throws when the file is no sound SQLite database. */
export function lastFlight(file: string): number {
  if (!existsSync(file)) return 0
  const database = new Database(file)
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = 'flight'").all([])
    if (tables.length === 0) return 0
    const [row] = database.prepare('SELECT coalesce(max(number), 0) AS number FROM flight').all([]) as {
      number: number
    }[]
    return row?.number ?? 0
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error(`${file} cannot be read: ${cause}. Restore it from a copy, or choose another --dir`, {
      cause: error,
    })
  } finally {
    database.close()
  }
}
