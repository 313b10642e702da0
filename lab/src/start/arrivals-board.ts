import Database from 'libsql'
import type { Arrival } from './board-checker.js'

const arrivalsQuery = 'SELECT seq, number, origin, destination, delay FROM arrival ORDER BY seq'

/** The board's file, read with plain SQL on a connection of our own. Nothing is ever written. */
export class ArrivalsBoard {
  readonly #database: Database.Database

  /** The table must be there. */
  constructor(file: string) {
    this.#database = new Database(file)
    this.#database.exec('PRAGMA busy_timeout = 5000')
  }

  /** Rows so far. None is ever deleted and `seq` counts them without gaps, so the newest one tells. */
  rows(): number {
    return this.#number('SELECT coalesce(max(seq), 0) AS number FROM arrival', [])
  }

  /** True when this flight has an effect. */
  has(flight: number): boolean {
    return this.#number('SELECT count(*) AS number FROM arrival WHERE number = ?', [flight]) > 0
  }

  /** All effects in commit order. */
  arrivals(): readonly Arrival[] {
    return this.#database.prepare(arrivalsQuery).all([]) as Arrival[]
  }

  close(): void {
    this.#database.close()
  }

  #number(query: string, params: readonly number[]): number {
    const [row] = this.#database.prepare(query).all([...params]) as { number: number }[]
    return row?.number ?? 0
  }
}
