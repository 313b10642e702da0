import type { Transactions } from './transactions.js'

/** One message as a group's inbox knows it. */
export interface InboxEntry {
  readonly group: string
  /** The header's source; empty for records without a waybill header. */
  readonly source: string
  /** The header's message id; `<topic id>-<partition>-<offset>-<leader epoch>` for records without one. */
  readonly messageId: string
  /** A time taken from the message (the UUIDv7's, else the record timestamp), ms: one message always has the same one. */
  readonly timeMs: number
}

/**
 * Remembers which messages a group has handled, in the consumer's own database and in the handler's own transaction.
 */
export interface InboxStore {
  readonly dialect: Transactions<unknown>['dialect']
  /** Creates or upgrades the inbox table. Idempotent, also when several processes do it at once. */
  migrate(): Promise<void>
  /** Checks schema and settings: WB_SCHEMA_MISSING, WB_SCHEMA_NEWER, WB_STORE_UNSAFE. */
  open(): Promise<void>
  /**
   * Inserts the entry in the caller's transaction: true the first time, false when the group has handled it already.
   * Race: two consumers (one a zombie) handle the same message at once: both insert the same key, one waits for the
   * other's end and then gets false, or its transaction fails and is tried again. It never returns true to both of two
   * transactions that commit. The time belongs to the key: the same message always with the same one.
   */
  accept<Tx>(transactions: Transactions<Tx>, tx: Tx, entry: InboxEntry): Promise<boolean>
  /**
   * Deletes up to `limit` entries of the group whose time and whose acceptance are both older than `olderThanMs` by the
   * database clock; returns how many. The message's time alone would not do: a record of last year that is read back today
   * would be forgotten at once, and its second delivery would have a second effect. An adapter may keep some for longer, and
   * may forget many at once without counting them, where no group needs any of them: each group needs what this method was
   * not called for, and what it was called for with a greater age within the last hours.
   */
  purge(group: string, olderThanMs: number, limit: number): Promise<number>
  close(): Promise<void>
}
