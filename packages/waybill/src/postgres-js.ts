export { fromPostgresJs } from './transactions/from-postgres.js'
export type { PostgresJs, PostgresJsTransaction } from './transactions/from-postgres.js'
