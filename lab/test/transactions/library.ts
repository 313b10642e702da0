import type { Transactions } from 'waybill'

/** An order of the example's tables (examples/express-prisma/prisma/migrations). */
export interface Order {
  readonly id: string
  readonly item: string
  readonly cents: number
}

/** A handle that must be refused, and what the error must say. */
export type Wrong = readonly [value: unknown, message: RegExp]

/** A library's own way of doing what the cases need. */
export interface Library<Tx> {
  readonly transactions: Transactions<Tx>
  /** The library's own transaction, as an application opens it. */
  begin<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /** A savepoint: released when `fn` resolves, rolled back to when it rejects, which it passes on. */
  nested(tx: Tx, fn: (tx: Tx) => Promise<void>): Promise<void>
  order(tx: Tx, order: Order): Promise<unknown>
  invoice(tx: Tx, order: Order): Promise<unknown>
  /** A statement that the server refuses. */
  fail(tx: Tx): Promise<unknown>
  /** Handles that are no open transaction, but for the finished one, which the cases make. */
  readonly wrong: readonly Wrong[]
  close(): Promise<void>
}

/** Connects a library to a database. */
export type Open<Tx> = (url: string) => Promise<Library<Tx>>
