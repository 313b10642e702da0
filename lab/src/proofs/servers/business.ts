import { Client, Pool } from 'pg'
import type { Books, Order, SentRow } from '../oracle/oracle.js'

/**
 * The tables of the service: its orders, and the outbox of the usual relay. `place` is drawn when the key is locked until the
 * commit, so it rises with the order of commit within a key. Customers exist for the arm that has no lock but theirs.
 */
const businessTables = `
CREATE SEQUENCE order_number;
CREATE SEQUENCE order_place;
CREATE TABLE placed_order (number bigint PRIMARY KEY, key text, place bigint NOT NULL, body text NOT NULL);
CREATE TABLE customer (key text PRIMARY KEY);
CREATE TABLE plain_outbox (id bigserial PRIMARY KEY, key text, value text NOT NULL);
`

/** Creates the service's tables in an empty database. */
export async function createBusiness(url: string, keys: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(businessTables)
    await client.query('INSERT INTO customer SELECT unnest($1::text[])', [keys])
  } finally {
    await client.end()
  }
}

/** How far things are. */
export interface Progress {
  readonly committed: number
  readonly waiting: number
  readonly openFlights: number
  readonly sent: number
  readonly parked: number
}

/** One of the two outboxes that may stand beside the business. */
export type Arm = 'waybill' | 'naive'

/** A question that meets a lock is asked again by whoever waits for an answer, up to its own deadline. */
const patience = { connectionTimeoutMillis: 5_000, statement_timeout: 10_000, query_timeout: 12_000 }

/** The database of one case as the checker reads it: plain SQL on connections of its own. */
export class Ledger {
  readonly #pool: Pool
  readonly #arm: Arm

  constructor(url: string, arm: Arm) {
    this.#arm = arm
    this.#pool = new Pool({ connectionString: url, max: 2, ...patience })
    this.#pool.on('error', () => undefined) // a server that is killed on purpose; the next query connects anew
  }

  /** Counts of one moment. */
  async progress(): Promise<Progress> {
    const outbox =
      this.#arm === 'naive'
        ? '(SELECT count(*) FROM plain_outbox) AS waiting, 0 AS flights, 0 AS sent, 0 AS parked'
        : `(SELECT count(*) FROM waybill.outbox) AS waiting, (SELECT count(*) FROM waybill.outbox_flight) AS flights,
           (SELECT count(*) FROM waybill.outbox_sent) AS sent, (SELECT count(*) FROM waybill.outbox_parked) AS parked`
    const [row] = await this.rows(`SELECT (SELECT count(*) FROM placed_order) AS committed, ${outbox}`)
    const count = (name: string): number => Number(row?.[name] ?? 0)
    return {
      committed: count('committed'),
      waiting: count('waiting'),
      openFlights: count('flights'),
      sent: count('sent'),
      parked: count('parked'),
    }
  }

  /** Nothing waits and no flight is open. */
  async isDrained(): Promise<boolean> {
    const { waiting, openFlights } = await this.progress()
    return waiting + openFlights === 0
  }

  /** Lanes on which this relay has an unexpired lease. */
  async lanesOf(owner: string): Promise<number> {
    const now = '(extract(epoch FROM clock_timestamp()) * 1000)'
    const query = `SELECT count(*) AS n FROM waybill.outbox_lane WHERE owner = $1 AND expires_at > ${now}`
    return Number((await this.rows(query, [owner]))[0]?.['n'])
  }

  /** Open flights on lanes of this relay. */
  async openFlightsOf(owner: string): Promise<number> {
    const query =
      'SELECT count(*) AS n FROM waybill.outbox_flight JOIN waybill.outbox_lane USING (lane) WHERE owner = $1'
    return Number((await this.rows(query, [owner]))[0]?.['n'])
  }

  /** All alerts, oldest first. */
  async alerts(): Promise<readonly { cause: string; kind: string; detail: string; resolved: boolean }[]> {
    const rows = await this.rows(
      'SELECT cause, kind, detail, resolved_at IS NOT NULL AS resolved FROM waybill.outbox_alert ORDER BY id',
    )
    return rows.map((row) => ({
      cause: String(row['cause']),
      kind: String(row['kind']),
      detail: String(row['detail']),
      resolved: row['resolved'] === true,
    }))
  }

  /** All that the oracle compares. */
  async books(): Promise<Books> {
    const orders = await this.rows('SELECT number, key, place, body FROM placed_order ORDER BY number')
    const isNaive = this.#arm === 'naive'
    const waiting = isNaive
      ? await this.rows(`SELECT (value::jsonb ->> 'number')::bigint AS number FROM plain_outbox ORDER BY id`)
      : await this.rows(`SELECT ${numberIn} AS number FROM waybill.outbox ORDER BY id`)
    return {
      orders: orders.map(orderOf),
      sent: isNaive ? undefined : await this.#sent(),
      waiting: waiting.map(({ number }) => Number(number)),
      parked: isNaive
        ? []
        : (await this.rows(`SELECT ${numberIn} AS number FROM waybill.outbox_parked`)).map((row) =>
            Number(row['number']),
          ),
      openFlights: isNaive ? 0 : (await this.progress()).openFlights,
    }
  }

  /** Any statement, for what only one case looks at. */
  async rows(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.#pool.query<Record<string, unknown>>(text, [...values])).rows
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  async #sent(): Promise<readonly SentRow[]> {
    const rows = await this.rows(
      `SELECT ${numberIn} AS number, replace(message_id::text, '-', '') AS message_id, topic, partition, "offset",
       producer_id, producer_epoch, sequence FROM waybill.outbox_sent`,
    )
    return rows.map((row) => ({
      number: Number(row['number']),
      messageId: String(row['message_id']),
      topic: String(row['topic']),
      partition: Number(row['partition']),
      offset: Number(row['offset']),
      producerId: Number(row['producer_id']),
      producerEpoch: Number(row['producer_epoch']),
      sequence: Number(row['sequence']),
    }))
  }
}

const numberIn = `(convert_from(value, 'UTF8')::jsonb ->> 'number')::bigint`

function orderOf({ number, key, place, body }: Record<string, unknown>): Order {
  return {
    number: Number(number),
    key: typeof key === 'string' ? key : null,
    place: Number(place),
    body: String(body),
  }
}
