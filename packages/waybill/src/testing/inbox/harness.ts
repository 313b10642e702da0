import type { InboxStore } from '../../ports/inbox-store.js'
import type { Transactions } from '../../ports/transactions.js'

/** One process's view: its inbox, and transactions on connections of its own. */
export interface InboxSide {
  readonly inbox: InboxStore
  readonly transactions: Transactions<unknown>
}

/** One empty database without the inbox's schema, seen by two processes. */
export interface InboxWorld extends InboxSide {
  readonly peer: InboxSide
  /** The database clock, ms. */
  nowMs(): Promise<number>
  /** Resolves when the database clock went on by at least `ms`: moves it where it can, waits where it cannot. */
  passTime(ms: number): Promise<void>
  /** Removes the database. */
  close(): Promise<void>
}

/** What an inbox's author provides to run the contract. */
export interface InboxHarness {
  /** Opens a world of its own for each case. */
  fresh(): Promise<InboxWorld>
}

/** One promise of the port, to be run by any test runner. */
export interface InboxCase {
  readonly name: string
  run(): Promise<void>
}

/** A case before it is bound to a harness. */
export interface InboxPromise {
  readonly name: string
  readonly keep: (world: InboxWorld) => Promise<void>
}
