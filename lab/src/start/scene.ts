import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The topic that the airline's messages go to. */
export const topic = 'flights'
/** Kafka partitions of that topic. */
export const partitions = 8
/** waybill's name for the sending application. */
export const source = 'airline'
/** The consumer group that keeps the arrivals board. */
export const arrivalsGroup = 'arrivals'
/** The group of the consumer that is usually written (`--naive`). */
export const naiveGroup = 'arrivals-naive'
/** Handlers at once, in both. */
export const workers = 16
/** The consumers' process names: waybill's and the naive one. */
export type ConsumerName = 'arrivals' | 'naive'
/** How long the broker waits for a killed member before another one gets its partitions; Kafka's default is 45 s. */
export const sessionTimeoutMs = 2_000
/** Transactions that the airline begins and then takes back: one before each so-manieth flight. */
export const cancelledEvery = 40
/** Numbers of flights that were taken back start here; none of them may ever be seen in the topic. */
export const cancelledFrom = 1_000_000_000

/** Where a run keeps its files. */
export interface Places {
  readonly folder: string
  /** The airline's SQLite file: business table and outbox. */
  readonly database: string
  /** The arrivals board: effects and inbox. */
  readonly board: string
  /** The board of the naive consumer. */
  readonly naiveBoard: string
  /** The broker's data directory. */
  readonly broker: string
}

/** The files of a run below `folder`. */
export function placesIn(folder: string): Places {
  return {
    folder,
    database: join(folder, 'airline.db'),
    board: join(folder, 'arrivals.db'),
    naiveBoard: join(folder, 'arrivals-naive.db'),
    broker: join(folder, 'broker'),
  }
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
