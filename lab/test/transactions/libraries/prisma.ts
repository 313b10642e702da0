import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from '@waybill/example-express-prisma/prisma'
import { fromPrisma } from 'waybill/prisma'
import type { Library } from '../library.js'

/** Prisma with its adapter for node-postgres. */
export async function openPrisma(url: string): Promise<Library<Prisma.TransactionClient & { $connect?: never }>> {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  return {
    transactions: fromPrisma(prisma),
    begin: (fn) => prisma.$transaction(fn),
    nested: (tx, fn) => tx.$transaction(fn),
    order: (tx, order) => tx.order.create({ data: order }),
    invoice: (tx, { id, cents }) => tx.invoice.create({ data: { orderId: id, cents } }),
    fail: (tx) => tx.$queryRaw`SELECT 1 / 0`,
    wrong: [[prisma, /this is the Prisma client itself, which runs each statement on any connection/]],
    close: () => prisma.$disconnect(),
  }
}
