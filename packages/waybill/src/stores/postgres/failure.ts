import { WaybillError } from '../../model/errors.js'
import type { ErrorCode } from '../../model/errors.js'

/** SQLSTATEs after which nothing was done and trying again can help. */
const busy: Readonly<Record<string, string>> = {
  '40001': 'it could not be serialized with another transaction',
  '40P01':
    'deadlock: two transactions took the same keys or lanes in opposite order; roll back and try again as a whole',
  '55P03': 'a lock was not free in time',
  '55006': 'an object is in use',
  '57014': 'the statement took too long and was cancelled',
  '57P03': 'the server is starting up, shutting down or recovering',
  '53300': 'the server has no free connection; raise max_connections or use smaller pools',
  '53200':
    'the server is out of memory or of locks; send many messages in one call (an array) or raise max_locks_per_transaction',
}

/** Codes of Node's sockets and SQLSTATEs that tell why no connection could be made. */
const unreachable =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|CONNECT_TIMEOUT|ENOENT|08001|08004|28000|28P01|3D000)$/

/** The driver's SQLSTATE or socket code; `undefined` when there is none. ORMs wrap the driver's error into their own. */
export function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth++) {
    // Prisma: meta.code (raw queries), else meta.driverAdapterError…originalCode.
    const { code, meta, originalCode } = at as Record<string, unknown>
    const inner = typeof meta === 'object' && meta !== null && 'code' in meta ? meta.code : undefined
    for (const found of [originalCode, inner, code])
      if (
        typeof found === 'string' &&
        (/^[0-9A-Z]{5}$/.test(found) || unreachable.test(found) || /^E[A-Z]+$/.test(found))
      )
        if (!/^P\d{4}$/.test(found)) return found
    at = 'cause' in at ? at.cause : undefined
  }
  return undefined
}

/** True when nothing was done and another try may succeed. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && code in busy
}

/** A driver's error as one of waybill's; one of waybill's stays what it is. `what` names the call. */
export function storeFailure(error: unknown, what: string): WaybillError {
  if (error instanceof WaybillError) return error
  const text = textOf(error)
  const code = codeOf(error)
  const [kind, message] = judge(code, text)
  const facts = { statement: what, postgres: code }
  return new WaybillError(kind, `${message} (${what})`, { cause: error, facts })
}

function judge(code: string | undefined, text: string): readonly [ErrorCode, string] {
  const reason = code === undefined ? undefined : busy[code]
  if (reason !== undefined) return ['WB_STORE_BUSY', `PostgreSQL: ${reason}: ${text}`]
  switch (code) {
    case '25006':
      return [
        'WB_STORE_READ_ONLY',
        `PostgreSQL takes no writes here: ${text}. This is a replica, or default_transaction_read_only is on: connect to the primary (target_session_attrs=read-write)`,
      ]
    case '42501':
      return ['WB_STORE_DENIED', `PostgreSQL: ${text}. ${missingRight(text)}; docs/postgres.md lists all rights`]
    case '3F000':
    case '42P01':
    case '42703':
    case '42883':
      return ['WB_SCHEMA_MISSING', `${text}: call migrate() on this database first`]
    case '53100':
      return ['WB_STORE_FULL', `no room for the PostgreSQL database: ${text}. Free disk space`]
    case 'XX001':
    case 'XX002':
      return [
        'WB_STORE_CORRUPT',
        `PostgreSQL found damaged data: ${text}. Stop all processes, keep a copy, restore a backup`,
      ]
    case 'WB001':
      return ['WB_STORE_UNSAFE', `${text}: ${unsafeCommit}`]
    case 'WB002':
      return ['WB_INTERNAL', text]
    default:
      return ['WB_STORE_FAILED', `PostgreSQL failed: ${text}`]
  }
}

/** The grant that is missing, from the server's words (English ones; in another language the list must do). */
function missingRight(text: string): string {
  const [, kind, name = ''] =
    /permission denied for (schema|table|function|procedure|sequence|database) "?([^"]*)"?/.exec(text) ?? []
  switch (kind) {
    case 'schema':
      return `Run GRANT USAGE ON SCHEMA "${name}" TO the role (to migrate also CREATE)`
    case 'table':
      return `Run GRANT SELECT, INSERT, UPDATE, DELETE ON "${name}" TO the relay's role, or GRANT INSERT ON it TO one that only sends`
    case 'function':
    case 'procedure':
      return `Run GRANT EXECUTE ON ROUTINE ${name} TO the role`
    case 'database':
      return `Run GRANT CREATE ON DATABASE "${name}" TO the role that migrates`
    default:
      return 'A right is missing'
  }
}

/** What is wrong with `synchronous_commit` off or local, and the fix. */
export const unsafeCommit: string =
  'the last commits may be gone after a crash or a failover. Set it to on (or remote_write, remote_apply) for the role, ' +
  'e.g. with ALTER ROLE … SET synchronous_commit = on'

/** A failure to get a connection: nothing was sent, so nothing was done. */
export function connectFailure(error: unknown, what: string): WaybillError {
  if (error instanceof WaybillError) return error
  if (isBusy(error)) return storeFailure(error, what)
  const code = codeOf(error)
  return new WaybillError(
    'WB_STORE_UNREACHABLE',
    `no connection to PostgreSQL: ${textOf(error)} (${what}). Check host, port, database, user and password of the pool`,
    { cause: error, facts: { statement: what, postgres: code } },
  )
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(textOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
