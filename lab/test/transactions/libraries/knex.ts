import knexOf, { type Knex } from 'knex'
import { fromKnex } from 'waybill/knex'
import type { Library } from '../library.js'

/** Knex on node-postgres. */
export async function openKnex(url: string): Promise<Library<Knex.Transaction>> {
  const knex = knexOf({ client: 'pg', connection: url })
  return {
    transactions: fromKnex(knex),
    begin: (fn) => knex.transaction(fn),
    nested: (tx, fn) => tx.transaction(fn),
    order: async (tx, order) => tx('orders').insert(order),
    invoice: async (tx, { id, cents }) => tx('invoices').insert({ orderId: id, cents }),
    fail: async (tx) => {
      await tx.raw('SELECT 1 / 0')
    },
    wrong: [[knex, /this is knex itself, which runs each statement on any connection/]],
    close: () => knex.destroy(),
  }
}
