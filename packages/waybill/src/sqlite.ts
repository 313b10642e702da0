import type { Clock } from './ports/clock.js'
import type { Transactions } from './ports/transactions.js'
import type { SqliteHandle } from './stores/sqlite/driver.js'
import { sqliteInboxStore } from './stores/sqlite/inbox.js'
import type { SqliteInbox, SqliteInboxOptions as InboxStoreOptions } from './stores/sqlite/inbox.js'
import { sqliteStore } from './stores/sqlite/store.js'
import type { SqliteStore, SqliteStoreOptions } from './stores/sqlite/store.js'
import { sqliteTransactions } from './stores/sqlite/transactions.js'
import type { SqliteTransactionsOptions } from './stores/sqlite/transactions.js'
import { systemClock } from './system/clock.js'

export type { SqliteHandle, SqliteStatement } from './stores/sqlite/driver.js'
export type { SqliteInbox } from './stores/sqlite/inbox.js'
export type { SqliteStore } from './stores/sqlite/store.js'

type OwnClock<Options> = Omit<Options, 'clock'> & { readonly clock?: Clock }

/** Options of `sqlite`; see SqliteStoreOptions. `clock`: the machine's by default. */
export type SqliteOptions = OwnClock<SqliteStoreOptions>
/** Options of `sqliteInbox`; see SqliteInboxOptions. `clock`: the machine's by default. */
export type SqliteInboxOptions = OwnClock<InboxStoreOptions>
/** Options of `fromSqlite`; see SqliteTransactionsOptions. `clock`: the machine's by default. */
export type FromSqliteOptions = OwnClock<SqliteTransactionsOptions>

/** The outbox in a SQLite file; see `sqliteStore`. Give it a connection of its own. */
export function sqlite(database: SqliteHandle, options: SqliteOptions = {}): SqliteStore {
  return sqliteStore(database, { clock: systemClock, ...options })
}

/** The inbox of a database that only consumes; see `sqliteInboxStore`. Beside an outbox it is `sqlite(database).inbox`. */
export function sqliteInbox(database: SqliteHandle, options: SqliteInboxOptions = {}): SqliteInbox {
  return sqliteInboxStore(database, { clock: systemClock, ...options })
}

/** The application's transactions on its own SQLite connection; see `sqliteTransactions`. */
export function fromSqlite(database: SqliteHandle, options: FromSqliteOptions = {}): Transactions<SqliteHandle> {
  return sqliteTransactions(database, { clock: systemClock, ...options })
}
