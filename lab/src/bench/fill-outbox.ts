import { Pool } from 'pg'
import { createWaybill, type Message, silentLog } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { run } from './fill.js'
import type { Servers } from './servers.js'
import { keyOf, lanes, source, valueOf } from './work.js'

const messagesPerSend = 1000

/**
 * Makes waybill's tables and fills the outbox with messages 1 to `count`, sealed and inserted by `send`, then moved into
 * transactions of their own, so that these rows lie as those of the other arms.
 */
export async function fillOutbox({ brokers }: Servers, url: string, topic: string, count: number): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 4 })
  const waybill = createWaybill({
    source,
    brokers,
    lanes,
    store: postgres(pool),
    transactions: fromPg(pool),
    relay: false,
    migrate: true,
    log: silentLog,
  })
  try {
    await waybill.start()
    for (let n = 1; n <= count; n += messagesPerSend) {
      const messages = messagesFrom(topic, n, Math.min(n + messagesPerSend - 1, count))
      await waybill.transaction(async (tx) => {
        await tx.query('SET LOCAL synchronous_commit = off')
        await waybill.send(tx, messages)
      })
    }
  } finally {
    await waybill.stop()
    await pool.end()
  }
}

/** Moves all rows into the table `staged`, numbered from 1 in their order in its column `id`. */
export async function setAside(url: string): Promise<void> {
  await run(url, [
    `CREATE UNLOGGED TABLE staged AS SELECT row_number() OVER (ORDER BY id) AS id, lane, message_id, topic, key, headers, value,
       created_at FROM waybill.outbox`,
    'CREATE INDEX ON staged (id)',
    'TRUNCATE waybill.outbox',
    'VACUUM ANALYZE staged',
    'CHECKPOINT',
  ])
}

/** Puts each row of the outbox into a transaction of its own, in the same order. */
export async function splitTransactions(url: string): Promise<void> {
  await setAside(url)
  await run(url, [
    'SET synchronous_commit = off',
    `DO $$ DECLARE row record; BEGIN FOR row IN SELECT * FROM staged ORDER BY id LOOP
       INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
         VALUES (row.lane, row.message_id, row.topic, row.key, row.headers, row.value, row.created_at);
       COMMIT;
     END LOOP; END $$`,
    'DROP TABLE staged',
    'ANALYZE',
  ])
}

function messagesFrom(topic: string, first: number, last: number): readonly Message[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const n = first + index
    return { topic, key: keyOf(n), value: valueOf(n) }
  })
}
