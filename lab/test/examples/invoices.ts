import type { PostgresServer } from '../../src/cluster/postgres-server.js'

/** Makes the table of the examples, where each invoice takes 0 to 20 ms, so that a pool ends them out of order; gives its reader. */
export async function invoicesTable(
  server: PostgresServer,
  database: string,
): Promise<() => Promise<readonly string[]>> {
  for (const statement of [
    'CREATE TABLE invoices (order_id text, cents int, written bigserial)',
    'CREATE FUNCTION work() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NEW; END $$',
    'CREATE TRIGGER work BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION work()',
  ])
    await server.query(statement, [], database)
  return async () => {
    const rows = await server.query<{ id: string }>(
      'SELECT order_id AS id FROM invoices ORDER BY written',
      [],
      database,
    )
    return rows.map(({ id }) => id)
  }
}
