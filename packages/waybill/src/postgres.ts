import type { Clock } from './ports/clock.js'
import type { PGliteLike } from './stores/postgres/drivers/pglite.js'
import type { PgPool } from './stores/postgres/drivers/pg.js'
import type { PostgresSql } from './stores/postgres/drivers/postgres.js'
import { postgresInboxStore } from './stores/postgres/inbox.js'
import type { PostgresInbox, PostgresInboxOptions as InboxStoreOptions } from './stores/postgres/inbox.js'
import { postgresStore } from './stores/postgres/store.js'
import type { PostgresStore, PostgresStoreOptions } from './stores/postgres/store.js'
import { systemClock } from './system/clock.js'

export type { PostgresInbox } from './stores/postgres/inbox.js'
export type { PostgresStore } from './stores/postgres/store.js'

/** The store's own connections: a `pg.Pool`, a client of the package `postgres`, or a PGlite. */
export type PostgresClient = PgPool | PostgresSql | PGliteLike

type OwnClock<Options> = Omit<Options, 'clock'> & { readonly clock?: Clock }

/** Options of `postgres`; see PostgresStoreOptions. `clock`: the machine's by default. */
export type PostgresOptions = OwnClock<PostgresStoreOptions>
/** Options of `postgresInbox`; see PostgresInboxOptions. `clock`: the machine's by default. */
export type PostgresInboxOptions = OwnClock<InboxStoreOptions>

/** The outbox in a PostgreSQL database; see `postgresStore`. */
export function postgres(client: PostgresClient, options: PostgresOptions = {}): PostgresStore {
  return postgresStore(client, { clock: systemClock, ...options })
}

/** The inbox of a database that only consumes; see `postgresInboxStore`. Beside an outbox it is `postgres(pool).inbox`. */
export function postgresInbox(client: PostgresClient, options: PostgresInboxOptions = {}): PostgresInbox {
  return postgresInboxStore(client, { clock: systemClock, ...options })
}
