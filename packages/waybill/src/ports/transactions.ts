/** A row as a driver returns it. */
export type SqlRow = Readonly<Record<string, unknown>>

/** A value that every supported driver can bind. */
export type SqlValue = string | number | bigint | Uint8Array | null

/**
 * The caller's own transactions. One adapter per library (15 to 60 lines), taken by structural type.
 *
 * Rule: nothing in waybill starts or ends a transaction that the caller opened; `execute` runs inside it, in call order.
 * Race it prevents: a statement that runs on another connection commits although the business transaction rolls back.
 */
export interface Transactions<Tx> {
  /** Which store's SQL fits this handle. */
  readonly dialect: 'sqlite' | 'postgres' | 'mysql' | 'memory'
  /** Opens a transaction, runs `fn`, commits; rolls back when `fn` rejects. Never nests. */
  run<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Throws WB_NOT_IN_TRANSACTION unless `value` is a handle with an open transaction: a pool, a closed client or a
   * finished transaction would commit the message without the business change. The message names the fix.
   */
  check(value: unknown): asserts value is Tx
  /** Runs one statement inside the transaction. Result columns are single words: applications let their library rename others. */
  execute(tx: Tx, sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]>
  /** The same at once, where the driver is synchronous (SQLite). */
  executeSync?(tx: Tx, sql: string, params: readonly SqlValue[]): readonly SqlRow[]
}
