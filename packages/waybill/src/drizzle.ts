export { fromDrizzle } from './transactions/from-drizzle.js'
export type { DrizzleDatabase, DrizzleTransaction } from './transactions/from-drizzle.js'
