import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from '@waybill/example-express-prisma/prisma'
import type { Transactions, Waybill } from 'waybill'
import { type PrismaTransaction, fromPrisma } from 'waybill/prisma'

type Tx = Prisma.TransactionClient & PrismaTransaction

test('fromPrisma refuses the root client, extended or not, and what is no transaction, and says what to pass', () => {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: 'postgres://127.0.0.1:1/none' }) })
  const transactions: Transactions<Tx> = fromPrisma(prisma)
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [prisma, /this is the Prisma client itself, which runs each statement on any connection.*prisma\.\$transaction/],
    [prisma.$extends({ name: 'extended' }), /this is the Prisma client itself/],
    [prisma.order, /is no transaction of Prisma/],
    [{}, /class Object is no transaction of Prisma/],
    [undefined, /undefined is no transaction of Prisma/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => transactions.check(value), { code: 'WB_NOT_IN_TRANSACTION', message })
})

const extend = (prisma: PrismaClient) => prisma.$extends({ model: { order: { twice: (cents: number) => 2 * cents } } })

// Compiled, never run: Prisma's own types must go on fitting.
export async function sends(
  waybill: Waybill<Tx>,
  handles: { readonly tx: Prisma.TransactionClient; readonly prisma: PrismaClient },
): Promise<void> {
  const message = { topic: 'orders', value: 1 }
  await waybill.send(handles.tx, message)
  await handles.prisma.$transaction(async (tx) => {
    await waybill.send(tx, message)
    await tx.$transaction((savepoint) => waybill.send(savepoint, message))
  })
  await waybill.transaction(async (tx) => tx.order.create({ data: { item: 'lamp', cents: 1900 } }))
  await waybill.transaction((tx) => takesTheirs(tx))
  const extended = extend(handles.prisma)
  await fromPrisma(extended).run(async (tx) => tx.order.twice(2))
  // @ts-expect-error the root client runs each statement on any connection
  await waybill.send(handles.prisma, message)
  // @ts-expect-error a model
  await waybill.send(handles.tx.order, message)
}

/** A function of the application, typed as Prisma's documentation says. */
async function takesTheirs(tx: Prisma.TransactionClient): Promise<number> {
  return tx.order.count()
}
