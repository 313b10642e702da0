import { WaybillError } from '../../model/errors.js'
import type { SqlRow, Transactions } from '../../ports/transactions.js'
import type { SqliteConnection } from './connection.js'
import { textOf } from './driver.js'
import { checkSynchronous } from './durability.js'
import { fileOf } from './schema.js'

/**
 * Judges the connections that callers bring: is there a transaction open, is its commit durable, is it on our own file?
 * What needs the database is asked once per connection.
 */
export class Callers {
  readonly #db: SqliteConnection
  readonly #why: string
  readonly #checked = new WeakSet<object>()

  /** `why`: what it means for another file to be refused. */
  constructor(db: SqliteConnection, why: string) {
    this.#db = db
    this.#why = why
  }

  /** WB_NOT_IN_TRANSACTION, WB_STORE_UNSAFE or WB_OPTION_INVALID unless `tx` may carry our rows. */
  async check<Tx>(transactions: Transactions<Tx>, tx: Tx): Promise<void> {
    checkHandle(transactions, tx)
    if (this.#isChecked(tx)) return
    const synchronous = await transactions.execute(tx, this.#db.sql('pragma-synchronous'), [])
    this.#judge(tx, synchronous, await transactions.execute(tx, this.#db.sql('pragma-database-list'), []))
  }

  /** The same at once. */
  checkSync<Tx>(transactions: Transactions<Tx>, tx: Tx, execute: (sql: string) => readonly SqlRow[]): void {
    checkHandle(transactions, tx)
    if (this.#isChecked(tx)) return
    this.#judge(tx, execute(this.#db.sql('pragma-synchronous')), execute(this.#db.sql('pragma-database-list')))
  }

  #isChecked(tx: unknown): boolean {
    return typeof tx === 'object' && tx !== null && this.#checked.has(tx)
  }

  #judge(tx: unknown, synchronous: readonly SqlRow[], list: readonly SqlRow[]): void {
    checkSynchronous(synchronous, "the transaction's connection")
    const file = textOf(list.find((row) => row.name === 'main')?.file ?? '')
    const ours = fileOf(this.#db)
    if (file !== ours || (file === '' && tx !== this.#db.handle))
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `the transaction is on "${file || ':memory:'}", the ${this.#db.prefix} on "${ours || ':memory:'}": ${this.#why}`,
      )
    if (typeof tx === 'object' && tx !== null) this.#checked.add(tx)
  }
}

/** Throws unless `tx` is an open transaction of a SQLite adapter. */
function checkHandle(transactions: Transactions<unknown>, tx: unknown): void {
  if (transactions.dialect !== 'sqlite')
    throw new WaybillError('WB_OPTION_INVALID', `the sqlite store cannot use ${transactions.dialect} transactions`)
  transactions.check(tx)
}
