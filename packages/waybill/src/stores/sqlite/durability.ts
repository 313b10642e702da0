import { WaybillError } from '../../model/errors.js'
import type { SqlRow } from '../../ports/transactions.js'
import { sqliteSql } from '../../generated/sql.js'
import type { SqliteConnection } from './connection.js'
import { numberOf, rowsOf, textOf } from './driver.js'
import type { SqliteHandle } from './driver.js'

/** `PRAGMA synchronous`: 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA. In WAL mode only FULL and EXTRA sync the log at each commit. */
const full = 2
const names = ['OFF', 'NORMAL', 'FULL', 'EXTRA']

/**
 * Throws WB_STORE_UNSAFE when this connection's commits may be lost at power loss. It is refused, not repaired: the
 * application's own connection has the same setting and only its owner can change that one.
 */
export function checkSynchronous(rows: readonly SqlRow[], whose: string): void {
  const level = numberOf(rows[0]?.synchronous)
  if (level >= full) return
  throw new WaybillError(
    'WB_STORE_UNSAFE',
    `PRAGMA synchronous is ${names[level] ?? level} on ${whose}: the last commits may be gone after a power loss. ` +
      'Run `PRAGMA synchronous = FULL` on this connection right after opening it',
    { facts: { synchronous: level } },
  )
}

/** Makes the commits of a connection durable that nobody but us uses. */
export function makeDurable(handle: SqliteHandle): void {
  // Read something first, for the reason below.
  rowsOf(handle, handle.prepare(sqliteSql['pragma-journal-mode']), [])
  rowsOf(handle, handle.prepare(sqliteSql['meta-exists']), [])
  handle.exec(sqliteSql['pragma-set-synchronous'])
}

/** Checks the store's own connection. */
export function checkDurable(db: SqliteConnection): void {
  // Read something first: better-sqlite3 is built to fall back to NORMAL in WAL mode, and does so when the log is first opened.
  db.row('meta-exists')
  checkSynchronous(db.rows('pragma-synchronous'), "the store's connection")
  const mode = textOf(db.row('pragma-journal-mode').journal_mode)
  if (mode === 'off')
    throw new WaybillError(
      'WB_STORE_UNSAFE',
      'PRAGMA journal_mode is OFF: a failed transaction would destroy the file. Run `PRAGMA journal_mode = WAL`',
    )
}
