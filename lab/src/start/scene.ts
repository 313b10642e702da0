import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The topic that the airline's messages go to. */
export const topic = 'flights'
/** Kafka partitions of that topic. */
export const partitions = 8
/** waybill's name for the sending application. */
export const source = 'airline'
/** Transactions that the airline begins and then takes back: one before each so-manieth flight. */
export const cancelledEvery = 40
/** Numbers of flights that were taken back start here; none of them may ever be seen in the topic. */
export const cancelledFrom = 1_000_000_000

/** Where a run keeps its files. */
export interface Places {
  readonly folder: string
  /** The airline's SQLite file: business table and outbox. */
  readonly database: string
  /** The broker's data directory. */
  readonly broker: string
}

/** The files of a run below `folder`. */
export function placesIn(folder: string): Places {
  return { folder, database: join(folder, 'airline.db'), broker: join(folder, 'broker') }
}

/** A compiled module beside this one, as a path for `node`. */
export function moduleBeside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** One flight as the airline stores it and as its message says. */
export interface Flight {
  readonly number: number
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}
