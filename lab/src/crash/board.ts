import { Consumer } from '@platformatic/kafka'
import type Database from 'libsql'
import type { Flight } from '../start/scene.js'
import { connect } from './booking.js'
import { group, partitions, topic } from './scene.js'

const effectTable =
  'CREATE TABLE IF NOT EXISTS effect (place INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, origin TEXT NOT NULL)'

/** One effect of a handler, in the order in which they were committed. */
export interface Effect {
  readonly number: number
  readonly origin: string
}

/** What is wrong with the effects; all lists must be empty. */
export interface EffectFindings {
  readonly effects: number
  /** Committed flights without an effect. */
  readonly lost: readonly number[]
  /** Flights with a second effect. */
  readonly doubled: readonly number[]
  /** Effects behind a later one of their key. */
  readonly reordered: readonly number[]
  /** Effects of flights that were never committed, or under another key. */
  readonly phantoms: readonly number[]
}

/** The consumers' database, read with plain SQL. `effect` has no unique key: nothing but the inbox keeps it free of doubles. */
export class Board {
  readonly #database: Database.Database

  constructor(file: string) {
    this.#database = connect(file)
    this.#database.exec(effectTable)
    // A wait inside SQLite would stop the broker, which runs in this process.
    this.#database.exec('PRAGMA busy_timeout = 0')
  }

  /** All effects in commit order. */
  effects(): readonly Effect[] {
    return this.#database.prepare('SELECT number, origin FROM effect ORDER BY place').all([]) as Effect[]
  }

  /** Flights that had an effect. */
  handled(): number {
    const [row] = this.#database.prepare('SELECT count(DISTINCT number) AS count FROM effect').all([]) as {
      count: number
    }[]
    return row?.count ?? 0
  }

  /** True when nobody holds SQLite's only write lock at this moment. */
  isWritable(): boolean {
    try {
      // By exec: in libsql a prepared BEGIN that met a lock stays open.
      this.#database.exec('BEGIN IMMEDIATE')
    } catch {
      return false
    }
    this.#database.exec('ROLLBACK')
    return true
  }

  close(): void {
    this.#database.close()
  }
}

/** Compares what was committed with what was done for it. */
export function compareEffects(flights: readonly Flight[], effects: readonly Effect[]): EffectFindings {
  const committed = new Map(flights.map((flight) => [flight.number, flight]))
  const seen = new Set<number>()
  const newest = new Map<string, number>()
  const doubled: number[] = []
  const reordered: number[] = []
  for (const { number, origin } of effects) {
    if (seen.has(number)) doubled.push(number)
    // A double is not also out of order.
    else if (number < (newest.get(origin) ?? 0)) reordered.push(number)
    else newest.set(origin, number)
    seen.add(number)
  }
  return {
    effects: effects.length,
    lost: flights.map(({ number }) => number).filter((number) => !seen.has(number)),
    doubled,
    reordered,
    phantoms: effects.filter(({ number, origin }) => committed.get(number)?.origin !== origin).map((e) => e.number),
  }
}

/** The offsets that the group committed, as another client is told them. */
export async function committedOffsets(brokers: readonly string[]): Promise<readonly number[]> {
  const consumer = new Consumer({
    clientId: 'crash-checker',
    groupId: group,
    bootstrapBrokers: [...brokers],
    retries: 2,
    timeout: 5_000,
  })
  try {
    const numbers = Array.from({ length: partitions }, (_, partition) => partition)
    const offsets = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: numbers }] })
    return (offsets.get(topic) ?? []).map(Number)
  } finally {
    await new Promise<void>((resolve, reject) => {
      consumer.close(true, (error) => (error ? reject(error) : resolve()))
    })
  }
}
