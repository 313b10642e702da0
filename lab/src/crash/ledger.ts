import Database from 'libsql'
import { type Findings, compare } from '../start/checker.js'
import type { AirlineDatabase } from '../start/database.js'
import type { TopicRecord } from '../start/topic-reader.js'

/** What one topic and one database say of each other when the case is over. */
export interface TopicVerdict {
  readonly found: Findings
  /** Flights that neither lie in the topic nor wait nor are set aside. */
  readonly lost: readonly number[]
  readonly parked: readonly number[]
  readonly waiting: readonly number[]
}

interface Held {
  readonly rows: number
  readonly attemptsMin: number
}

/** The source database as the checker reads it: plain SQL on connections of its own. */
export class Ledger {
  readonly airline: AirlineDatabase
  readonly #database: Database.Database

  constructor(airline: AirlineDatabase, file: string) {
    this.airline = airline
    this.#database = new Database(file)
    this.#database.exec('PRAGMA busy_timeout = 5000')
  }

  /** Nothing waits and no flight is open. */
  isDrained(): boolean {
    return this.airline.progress().waiting === 0 && this.airline.openFlights() === 0
  }

  /** Open flights on lanes of this relay. */
  openFlightsOf(owner: string): number {
    const query = 'SELECT count(*) AS n FROM outbox_flight JOIN outbox_lane USING (lane) WHERE owner = ?'
    const [row] = this.#database.prepare(query).all([owner]) as { n: number }[]
    return row?.n ?? 0
  }

  /** Lanes on which this relay has a lease that it was not denied since. */
  lanesOf(owner: string): number {
    const query = 'SELECT count(*) AS n FROM outbox_lane WHERE owner = ?'
    const [row] = this.#database.prepare(query).all([owner]) as { n: number }[]
    return row?.n ?? 0
  }

  /** Messages whose keys are held, and how often the least refused of them was. */
  held(): Held {
    const query = 'SELECT count(*) AS rows, coalesce(min(attempts), 0) AS attemptsMin FROM outbox_hold'
    return (this.#database.prepare(query).all([]) as Held[])[0] ?? { rows: 0, attemptsMin: 0 }
  }

  /** Flight numbers in the table, oldest first. */
  numbersIn(table: 'outbox' | 'outbox_parked'): readonly number[] {
    const query = `SELECT CAST(json_extract(CAST(value AS TEXT), '$.number') AS INTEGER) AS number FROM ${table} ORDER BY id`
    return (this.#database.prepare(query).all([]) as { number: number }[]).map(({ number }) => number)
  }

  /** `ok`, or what SQLite finds wrong with its file. */
  integrity(): string {
    const rows = this.#database.prepare('PRAGMA integrity_check').all([]) as { integrity_check: string }[]
    return rows.map((row) => row.integrity_check).join('; ')
  }

  /** Compares the books with the records. */
  compareWith(records: readonly TopicRecord[]): TopicVerdict {
    const found = compare(this.airline.books(), records, this.airline.receiptsOfFlights())
    const parked = this.numbersIn('outbox_parked')
    const aside = new Set(parked)
    const lost = found.lost.map(({ number }) => number).filter((number) => !aside.has(number))
    return { found, lost, parked, waiting: this.numbersIn('outbox') }
  }

  /**
   * The naive arm: what any ordinary producer forgets when its process dies, and no message ids, by which waybill would still
   * recognize in the topic what it has sent.
   */
  forgetIdentity(): void {
    this.#database.exec('BEGIN IMMEDIATE')
    this.#database.exec('DELETE FROM outbox_flight')
    this.#database.exec('DELETE FROM outbox_stream')
    this.#database.exec('UPDATE outbox_lane SET producer_id = NULL')
    this.#database.exec('UPDATE outbox SET message_id = randomblob(16)')
    this.#database.exec('COMMIT')
  }

  close(): void {
    this.airline.close()
    this.#database.close()
  }
}
