import { WaybillError } from '../../model/errors.js'

/** SQLite's primary result codes that waybill tells apart (https://sqlite.org/rescode.html). */
const primary: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_NOTADB: 26,
}

/** SQLite's primary result code of a driver's error; `undefined` when it is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  // node:sqlite: errcode; libsql: rawCode. Extended codes keep the primary one in the low byte.
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  if ('rawCode' in error && typeof error.rawCode === 'number') return error.rawCode & 0xff
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  const { code } = error
  const name = Object.keys(primary).find((known) => code === known || code.startsWith(`${known}_`))
  return name === undefined ? undefined : primary[name]
}

/** True when the database was locked by someone else and nothing was done. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === 5 || code === 6
}

/** A driver's error as one of waybill's; one of waybill's stays what it is. */
export function storeFailure(error: unknown, what: string): WaybillError {
  if (error instanceof WaybillError) return error
  const text = error instanceof Error ? error.message : String(error)
  const facts = { statement: what, sqlite: resultCode(error) }
  switch (facts.sqlite) {
    case 5:
    case 6:
      return new WaybillError('WB_STORE_BUSY', `the SQLite database is locked (${what}): ${text}`, {
        cause: error,
        facts,
      })
    case 11:
    case 26:
      return new WaybillError(
        'WB_STORE_CORRUPT',
        `the SQLite file is damaged (${what}): ${text}. Stop all processes that use it, keep a copy, then restore a backup or use SQLite's .recover`,
        { cause: error, facts },
      )
    case 13:
      return new WaybillError('WB_STORE_FULL', `no room for the SQLite database (${what}): ${text}. Free disk space`, {
        cause: error,
        facts,
      })
    default:
      if (/^no such (table|column)/.test(text))
        return new WaybillError('WB_SCHEMA_MISSING', `${text}: call migrate() on this database first`, {
          cause: error,
          facts,
        })
      return new WaybillError('WB_STORE_FAILED', `SQLite failed (${what}): ${text}`, { cause: error, facts })
  }
}
