import { Pool } from 'pg'

/**
 * Runs an insert for messages 1 to `count`, each in a transaction of its own as a service would commit them, on the server and
 * without waiting for the disk. In the insert `k` is the key and `v` the value, built as in `work.ts`.
 */
export async function fillTable(url: string, insert: string, count: number): Promise<void> {
  await run(url, [
    'CHECKPOINT', // before the rows, so that neither arm writes whole pages into the log when it deletes them
    'SET synchronous_commit = off',
    `DO $$ DECLARE k text; v text; BEGIN FOR n IN 1..${count} LOOP
       k := 'key-' || lpad((n % 1000)::text, 8, '0');
       v := rpad('{"n":' || n || ',"key":"' || k || '","amount":' || n * 3 || ',"pad":"', 198, 'x') || '"}';
       ${insert};
       COMMIT;
     END LOOP; END $$`,
    'ANALYZE',
  ])
}

/** Runs statements one after the other on a connection of their own. */
export async function run(url: string, statements: readonly string[]): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 })
  try {
    for (const statement of statements) await pool.query(statement)
  } finally {
    await pool.end()
  }
}
