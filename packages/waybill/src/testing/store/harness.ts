import type { Incarnation } from '../../model/flight.js'
import type { WaitingRow } from '../../model/message.js'
import type { OutboxStore } from '../../ports/outbox-store.js'
import type { Transactions } from '../../ports/transactions.js'

/** A row of `outbox_sent` as the harness reads it from the database. */
export interface SentView extends WaitingRow {
  readonly partition: number
  readonly offset: number
  readonly incarnation: Incarnation
  readonly sequence: number
  readonly leaderEpoch: number
}

/** A row of `outbox_parked` as the harness reads it from the database. */
export interface ParkedView extends WaitingRow {
  readonly reason: string
  readonly attempts: number
}

/** A row of `outbox_discarded` as the harness reads it from the database. */
export interface DiscardedView {
  /** The parked id. */
  readonly id: number
  readonly messageId: string
  readonly topic: string
  readonly key: Uint8Array | null
  readonly reason: string
  readonly who: string
  readonly why: string
  /** Database clock, ms since 1970. */
  readonly discardedAtMs: number
  /** Names of all columns, so that a case can see that neither value nor headers were kept. */
  readonly columns: readonly string[]
}

/** One empty database without the schema, seen by two processes. */
export interface StoreWorld {
  readonly store: OutboxStore
  readonly transactions: Transactions<unknown>
  /** What another process would have: another store and other connections on the same data. */
  readonly peer: { readonly store: OutboxStore; readonly transactions: Transactions<unknown> }
  /** Resolves when the database clock went on by at least `ms`: moves it where it can, waits where it cannot. */
  passTime(ms: number): Promise<void>
  /** All sent rows by id. */
  sent(): Promise<readonly SentView[]>
  /** All parked rows by id. */
  parked(): Promise<readonly ParkedView[]>
  /** All rows of the audit table of discarded messages by id. */
  discarded(): Promise<readonly DiscardedView[]>
  /** Removes the database. */
  close(): Promise<void>
}

/** What a store's author provides to run the contract. */
export interface StoreHarness {
  /** Opens a world of its own for each case. */
  fresh(): Promise<StoreWorld>
}

/** One promise of the port, to be run by any test runner. */
export interface StoreCase {
  readonly name: string
  run(): Promise<void>
}

/** A case before it is bound to a harness. */
export interface StorePromise {
  readonly name: string
  readonly keep: (world: StoreWorld) => Promise<void>
}
