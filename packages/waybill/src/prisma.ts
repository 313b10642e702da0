export { fromPrisma } from './transactions/from-prisma.js'
export type { PrismaRoot, PrismaTransaction, PrismaTransactionOptions } from './transactions/from-prisma.js'
