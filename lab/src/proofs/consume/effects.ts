import { Client, Pool } from 'pg'
import type { Effect } from './oracle.js'

/**
 * What the handlers write. Nothing but the inbox keeps it free of doubles. `place` is drawn at the insert; handlers of one key
 * follow each other, each after the commit of the one before.
 */
const effectTable = `
CREATE TABLE effect (place bigserial PRIMARY KEY, number bigint NOT NULL, key text NOT NULL, topic text NOT NULL,
  partition int NOT NULL, "offset" bigint NOT NULL, process text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())
`
/** As handlers and naive consumers write it. */
export const insertEffect =
  'INSERT INTO effect (number, key, topic, partition, "offset", process) VALUES ($1, $2, $3, $4, $5, $6)'

/** Creates the table in an empty database. */
export async function createEffects(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(effectTable)
  } finally {
    await client.end()
  }
}

/** The effects as the checker reads them: plain SQL on a connection of its own. */
export class Effects {
  readonly #pool: Pool

  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5_000, query_timeout: 12_000 })
    this.#pool.on('error', () => undefined)
  }

  /** All, in the order in which they were written. */
  async all(): Promise<readonly Effect[]> {
    const { rows } = await this.#pool.query<Record<string, unknown>>('SELECT * FROM effect ORDER BY place')
    return rows.map((row) => ({
      number: Number(row['number']),
      key: String(row['key']),
      topic: String(row['topic']),
      partition: Number(row['partition']),
      offset: Number(row['offset']),
      process: String(row['process']),
    }))
  }

  /** How many there are. */
  async count(): Promise<number> {
    const { rows } = await this.#pool.query<{ n: string }>('SELECT count(*) AS n FROM effect')
    return Number(rows[0]?.n)
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}
