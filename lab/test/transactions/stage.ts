import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Consumer, MessagesStreamModes, type MessagesStream } from '@platformatic/kafka'
import { type Broker, createBroker } from '@waybill/broker'
import pg from 'pg'
import { type Transactions, type Waybill, createWaybill, silentLog } from 'waybill'
import { type PostgresStore, postgres } from 'waybill/postgres'
import { type PostgresServer, startPostgres } from '../../src/cluster/postgres-server.js'
import { until } from '../../src/cluster/until.js'

/** A record as another client than waybill's reads it; bytes in hex. */
export interface Delivered {
  readonly key: string | null
  readonly value: string | null
  /** Without waybill's own. */
  readonly headers: Readonly<Record<string, string>>
}

/** Room for a value of 1 MiB and what is around it. */
const maxMessageBytes = 2 * 1_048_576
const example = new URL('../../../../examples/express-prisma/', import.meta.url)

/** A PostgreSQL and an embedded broker: the world of every library. */
export class Stage {
  readonly #server: PostgresServer
  readonly #broker: Broker

  private constructor(server: PostgresServer, broker: Broker) {
    this.#server = server
    this.#broker = broker
  }

  static async open(topics: readonly string[]): Promise<Stage> {
    const configs = { 'max.message.bytes': String(maxMessageBytes) }
    const broker = await createBroker({ topics: topics.map((name) => ({ name, partitions: 1, configs })) })
    try {
      return new Stage(await startPostgres(), broker)
    } catch (error) {
      await broker.close()
      throw error
    }
  }

  /** A database of its own with the example's tables, for the library whose topic this is. */
  async scene(topic: string): Promise<Scene> {
    const url = await this.#server.createDatabase(topic.replaceAll('-', '_'))
    const pool = new pg.Pool({ connectionString: url })
    await pool.query(await readFile(new URL('prisma/migrations/0001_orders/migration.sql', example), 'utf8'))
    return new Scene({ topic, url, pool, bootstrap: this.#broker.bootstrap })
  }

  async close(): Promise<void> {
    await this.#broker.close()
    await this.#server.close()
  }
}

interface Place {
  readonly topic: string
  readonly url: string
  readonly pool: pg.Pool
  readonly bootstrap: string
}

/** One library's database and topic. */
export class Scene {
  readonly topic: string
  readonly url: string
  readonly store: PostgresStore
  readonly #place: Place
  readonly #reader: Consumer
  readonly #delivered: Delivered[] = []
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined

  constructor(place: Place) {
    this.#place = place
    this.topic = place.topic
    this.url = place.url
    this.store = postgres(place.pool)
    this.#reader = new Consumer({
      clientId: 'test',
      groupId: `read-${place.topic}`,
      bootstrapBrokers: [place.bootstrap],
    })
  }

  /** An instance on the library's transactions, with a relay. */
  async start<Tx>(transactions: Transactions<Tx>): Promise<Waybill<Tx>> {
    const { bootstrap, topic } = this.#place
    const topics = { [topic]: { maxMessageBytes } }
    const brokers = [bootstrap]
    const { store } = this
    const waybill = createWaybill({
      source: 'shop',
      brokers,
      store,
      transactions,
      topics,
      migrate: true,
      log: silentLog,
    })
    await waybill.start()
    const mode = MessagesStreamModes.EARLIEST
    const stream = await this.#reader.consume({ topics: [topic], mode, maxBytes: maxMessageBytes, maxWaitTime: 100 })
    stream.on('data', ({ key, value, headers }) => {
      const rest = [...headers].filter(([name]) => name.toString() !== 'waybill')
      const texts = rest.map(([name, bytes]): [string, string] => [name.toString(), hex(bytes) ?? ''])
      this.#delivered.push({ key: hex(key), value: hex(value), headers: Object.fromEntries<string>(texts) })
    })
    this.#stream = stream
    return waybill
  }

  /** What the topic holds from its `from`th record on, once nothing waits in the outbox. */
  async delivered(waybill: Pick<Waybill<unknown>, 'backlog'>, from: number): Promise<readonly Delivered[]> {
    const { topic } = this
    const sent = async (): Promise<boolean> => (await waybill.backlog()).waiting === 0
    await until(sent, { what: 'an empty outbox', deadlineMs: 20_000, everyMs: 10 })
    const ends = await this.#reader.listOffsets({ topics: [topic], timestamp: -1n })
    const end = Number(ends.get(topic)?.[0])
    const read = async (): Promise<boolean> => this.#delivered.length >= end
    await until(read, { what: `${end} records of ${topic}`, deadlineMs: 20_000, everyMs: 10 })
    return this.#delivered.slice(from)
  }

  get deliveredCount(): number {
    return this.#delivered.length
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#place.pool.query<Row>(sql, [...values])).rows
  }

  async close(): Promise<void> {
    await this.#stream?.close()
    await new Promise<void>((resolve, reject) => {
      this.#reader.close(true, (error) => (error ? reject(error) : resolve()))
    })
    await this.#place.pool.end()
  }
}

/** Bytes as text that a failed comparison can show: hex, or length and hash of many. */
export function hex(bytes: Uint8Array | null | undefined): string | null {
  if (!bytes) return null
  if (bytes.length <= 256) return Buffer.from(bytes).toString('hex')
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`
}
