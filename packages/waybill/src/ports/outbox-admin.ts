import type { Header } from '../model/message.js'
import type { Alert } from './outbox-store.js'

/** One schema change that is not applied yet. */
export interface PendingMigration {
  readonly version: number
  /** Older binaries refuse to work once it is applied. */
  readonly breaking: boolean
  /** The statements as they would be executed, names filled in. */
  readonly sql: string
}

/** What `migrate` would do. */
export interface MigrationPlan {
  /** Version of the tables; 0 when there are none. */
  readonly version: number
  /** Version this binary needs. */
  readonly target: number
  readonly pending: readonly PendingMigration[]
}

/** A lane as the store knows it. */
export interface LaneStatus {
  readonly lane: number
  /** The relay that holds the lease; `null` when free. */
  readonly owner: string | null
  readonly fence: number
  /** Time left by the database clock; 0 or less when expired. */
  readonly leaseLeftMs: number
  readonly producerId: number | null
  /** Rows that wait, flights included. */
  readonly waiting: number
  /** Rows of open flights: claimed, and not acknowledged yet. */
  readonly inFlight: number
}

/** A key (or, without a key, a row) that waits behind a refused message. */
export interface HoldStatus {
  readonly rowId: number
  readonly lane: number
  readonly topic: string
  readonly key: Uint8Array | null
  readonly attempts: number
  readonly reason: string
  readonly sinceMs: number
  /** Rows that wait because of it, the refused one included. */
  readonly size: number
}

/** A message that was set aside. */
export interface ParkedMessage {
  readonly id: number
  readonly lane: number
  readonly messageId: string
  readonly topic: string
  readonly key: Uint8Array | null
  readonly headers: readonly Header[]
  readonly value: Uint8Array | null
  readonly createdAtMs: number
  readonly parkedAtMs: number
  readonly reason: string
  readonly attempts: number
}

/**
 * What operators ask and do. Every method is one transaction; what changes state says how much it changed. Ids that are not
 * there (any more) are left out, so that a command may be repeated.
 */
export interface OutboxAdmin {
  /** Needs no tables. WB_SCHEMA_NEWER when the tables have a breaking change that this binary does not know. */
  plan(): Promise<MigrationPlan>
  /** Whose outbox this is; `undefined` when there are no tables. */
  shape(): Promise<{ readonly source: string; readonly lanes: number } | undefined>
  lanes(): Promise<readonly LaneStatus[]>
  /** Oldest first. */
  holds(limit: number): Promise<readonly HoldStatus[]>
  /** In id order, above `afterId`. */
  parked(page: {
    readonly afterId: number
    readonly limit: number
    readonly topic?: string
  }): Promise<readonly ParkedMessage[]>
  parkedById(id: number): Promise<ParkedMessage | undefined>
  /**
   * Puts parked messages back into the outbox under their message ids, with new row ids drawn as `enqueue` draws them.
   * Race: an old row id would lie below the readers' floor. Returns the ids that were there.
   */
  requeue(ids: readonly number[]): Promise<readonly number[]>
  /**
   * Gives parked messages up: removes them and notes what, who, why and when in an audit table (without the value, which
   * may be what had to go). Returns the ids that were there.
   */
  discard(ids: readonly number[], by: { readonly who: string; readonly why: string }): Promise<readonly number[]>
  /** Newest first, resolved ones included. */
  alerts(limit: number): Promise<readonly Alert[]>
  /** Resolves open alerts by hand, e.g. findings, which no relay resolves. Returns the ids that were open. */
  resolve(alertIds: readonly number[]): Promise<readonly number[]>
}
