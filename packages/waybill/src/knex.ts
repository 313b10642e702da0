export { fromKnex } from './transactions/from-knex.js'
export type { KnexInstance, KnexTransaction } from './transactions/from-knex.js'
