export { fromPg } from './transactions/from-pg.js'
export type { PgClient, PgPool } from './transactions/from-pg.js'
