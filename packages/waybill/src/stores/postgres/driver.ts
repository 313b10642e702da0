/**
 * A row in column order, every value in PostgreSQL's own text form. Text, because it is the one form that no driver, no
 * type parser of the application and no `binary: true` changes (pg's binary mode corrupts bytes from 0x80 on).
 */
export type TextRow = readonly (string | null)[]

/** A parameter of the store's own statements. */
export type TextParam = string | number | null

/** What runs statements: a pool, or one connection of it. */
export interface Session {
  /**
   * Runs one statement. `name`: outside of a transaction, the server may keep it parsed under this name; a driver that does must
   * run it all the same where that does not work, and one that cannot leaves it.
   */
  query(sql: string, params: readonly TextParam[], name?: string): Promise<readonly TextRow[]>
}

/** One connection, for as long as it is held. */
export interface Connection extends Session {
  /** Runs several statements at once, without parameters. */
  script(sql: string): Promise<void>
  /** The server process behind it, to cancel what it runs; `undefined` where the driver does not tell. */
  readonly backendPid: number | undefined
  /** Gives it back; a broken one is closed instead. */
  release(broken: boolean): void
}

/** What `listen` reports. */
export interface Notices {
  notified(payload: string): void
  /** The connection is gone; nothing arrives any more. */
  lost(cause: unknown): void
}

/** Ends a `listen`. Safe twice. */
export interface Listener {
  close(): Promise<void>
}

/** One client library's pool, as the store uses it. Nothing here waits by itself: deadlines are the store's. */
export interface Driver {
  /** PostgreSQL inside this process, for tests: what it does in a crash of the machine is not judged. */
  readonly inProcess: boolean
  reserve(): Promise<Connection>
  /** Listens on a connection of its own; resolves once it listens. `statement` is the LISTEN for `channel`. */
  listen(channel: string, statement: string, notices: Notices): Promise<Listener>
}
