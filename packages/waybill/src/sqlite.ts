import type { Clock } from './ports/clock.js'
import type { Transactions } from './ports/transactions.js'
import type { SqliteHandle } from './stores/sqlite/driver.js'
import { sqliteStore } from './stores/sqlite/store.js'
import type { SqliteStore, SqliteStoreOptions } from './stores/sqlite/store.js'
import { sqliteTransactions } from './stores/sqlite/transactions.js'
import type { SqliteTransactionsOptions } from './stores/sqlite/transactions.js'
import { systemClock } from './system/clock.js'

export type { SqliteHandle, SqliteStatement } from './stores/sqlite/driver.js'
export type { SqliteStore } from './stores/sqlite/store.js'

type OwnClock<Options> = Omit<Options, 'clock'> & { readonly clock?: Clock }

/** Options of `sqlite`; see SqliteStoreOptions. `clock`: the machine's by default. */
export type SqliteOptions = OwnClock<SqliteStoreOptions>
/** Options of `fromSqlite`; see SqliteTransactionsOptions. `clock`: the machine's by default. */
export type FromSqliteOptions = OwnClock<SqliteTransactionsOptions>

/** The outbox in a SQLite file; see `sqliteStore`. Give it a connection of its own. */
export function sqlite(database: SqliteHandle, options: SqliteOptions = {}): SqliteStore {
  return sqliteStore(database, { clock: systemClock, ...options })
}

/** The application's transactions on its own SQLite connection; see `sqliteTransactions`. */
export function fromSqlite(database: SqliteHandle, options: FromSqliteOptions = {}): Transactions<SqliteHandle> {
  return sqliteTransactions(database, { clock: systemClock, ...options })
}
