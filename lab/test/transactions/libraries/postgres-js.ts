import postgres from 'postgres'
import { fromPostgresJs } from 'waybill/postgres-js'
import type { Library } from '../library.js'

/** postgres.js (porsager). */
export async function openPostgresJs(url: string): Promise<Library<postgres.TransactionSql>> {
  // As many applications have it: column names in results change. waybill's must not depend on them.
  const sql = postgres(url, { transform: postgres.camel })
  return {
    transactions: fromPostgresJs(sql),
    begin: async (fn) => (await sql.begin(async (tx) => ({ result: await fn(tx) }))).result,
    nested: async (tx, fn) => {
      await tx.savepoint(fn)
    },
    order: async (tx, { id, item, cents }) => tx`INSERT INTO orders ${tx({ id, item, cents })}`,
    invoice: async (tx, { id, cents }) => tx`INSERT INTO invoices ("orderId", cents) VALUES (${id}, ${cents})`,
    fail: async (tx) => tx`SELECT 1 / 0`,
    wrong: [[sql, /this is the sql of postgres\(\) itself, which runs each statement on any connection/]],
    close: () => sql.end(),
  }
}
