import { WaybillError } from '../../../model/errors.js'
import type { Driver } from '../driver.js'
import { isPgPool, pgDriver } from './pg.js'
import { glideDriver, isPGlite } from './pglite.js'
import { isPostgresSql, postgresDriver } from './postgres.js'

/** The driver for what the application passed; WB_OPTION_INVALID with the fix for anything else. */
export function driverOf(client: unknown): Driver {
  if (isPgPool(client)) return pgDriver(client)
  if (isPostgresSql(client)) return postgresDriver(client)
  if (isPGlite(client)) return glideDriver(client)
  throw new WaybillError(
    'WB_OPTION_INVALID',
    `postgres() takes a pool of connections, not ${describe(client)}. Pass a pg Pool: postgres(new pg.Pool({ connectionString })), ` +
      "or a client of the package `postgres`: postgres(sql) with const sql = require('postgres')(url)",
  )
}

function describe(value: unknown): string {
  if (typeof value === 'string') return 'a text (a connection string goes into the pool)'
  if (typeof value === 'function') return 'a function without unsafe(), reserve() and listen()'
  if (typeof value !== 'object' || value === null) return String(value)
  if ('connect' in value && 'query' in value)
    return 'a single connection (pg.Client): one transaction would stop all other calls'
  const maker: unknown = 'constructor' in value ? value.constructor : undefined
  return typeof maker === 'function' ? `an object of class ${maker.name}` : 'an object without a class'
}
