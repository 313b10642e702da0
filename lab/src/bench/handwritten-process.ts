// The relay that people write: SELECT … FOR UPDATE SKIP LOCKED, send, DELETE, COMMIT. It doubles messages when it dies at the
// wrong moment, and reorders a key when two of it run; here it runs alone and lives.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { type ClientName, openClient } from './handwritten-client.js'
import { serve } from './serve.js'

/** The first argument, as JSON. */
export interface HandwrittenSettings {
  readonly brokers: readonly string[]
  readonly database: string
  readonly topic: string
  readonly client: ClientName
  readonly clientFolder?: string
}

/** A row of its table. */
export interface HandwrittenRow {
  readonly id: string
  readonly key: string
  readonly value: string
}

const batchRows = 500
const pollMs = 100
const take = `SELECT id, key, value FROM outbox ORDER BY id LIMIT ${batchRows} FOR UPDATE SKIP LOCKED`

serve<HandwrittenSettings>(async ({ brokers, database, topic, client, clientFolder }) => {
  const producer = await openClient(client, { brokers, topic, folder: clientFolder })
  const connection = new Client({ connectionString: database })
  await connection.connect()
  const stopping = new AbortController()
  let ended: Promise<void> = Promise.resolve()
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await connection.query('BEGIN')
      const { rows } = await connection.query<HandwrittenRow>({ name: 'take', text: take })
      if (rows.length > 0) {
        await producer.send(rows)
        const ids = rows.map(({ id }) => id)
        await connection.query({ name: 'done', text: 'DELETE FROM outbox WHERE id = ANY($1::bigint[])', values: [ids] })
      }
      await connection.query('COMMIT')
      if (rows.length < batchRows) await sleep(pollMs)
    }
  }
  return {
    go() {
      ended = work()
      return ended
    },
    async stop() {
      stopping.abort()
      await ended
      await connection.end()
      await producer.close()
    },
  }
})
