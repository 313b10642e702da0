import { writeFile } from 'node:fs/promises'
import type { Servers } from './servers.js'

const longest = 25

/** Lets PostgreSQL count the statements of this database from now on. */
export async function beginStatements({ postgres }: Servers, database: string): Promise<void> {
  await postgres.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements', [], database)
  await postgres.query('SELECT pg_stat_statements_reset()', [], database)
}

/** Writes the statements that took longest in all, with calls, milliseconds of execution and planning, rows, buffers and WAL, as JSON. */
export async function writeStatements({ postgres }: Servers, database: string, file: string): Promise<void> {
  const text = `SELECT calls::int, round(total_exec_time::numeric, 1)::float AS ms,
      round(total_plan_time::numeric, 1)::float AS "planMs", rows::int, shared_blks_hit::int AS hit,
      shared_blks_dirtied::int AS dirtied, wal_bytes::bigint::float AS wal, left(regexp_replace(query, '\\s+', ' ', 'g'), 400) AS query
    FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)
    ORDER BY total_exec_time + total_plan_time DESC LIMIT ${longest}`
  await writeFile(file, JSON.stringify(await postgres.query(text, [database], database), undefined, 1))
}
