import { join } from 'node:path'
import Database from 'libsql'
import type { SealedMessage } from '../../src/model/message.js'
import type { Lease } from '../../src/ports/outbox-store.js'
import { fromSqlite, sqlite } from '../../src/sqlite.js'
import type { SqliteStore } from '../../src/sqlite.js'
import { folder } from '../stores/sqlite-world.js'

export const outbox = { source: 'shop', lanes: 4 } as const

/** An outbox in a SQLite file, with what a relay would leave in it. */
export class Shop {
  readonly file: string
  readonly database: InstanceType<typeof Database>
  readonly store: SqliteStore
  readonly #remove: () => void
  #number = 0

  constructor() {
    const { path, remove } = folder()
    this.#remove = remove
    this.file = join(path, 'shop.db')
    this.database = new Database(this.file)
    this.store = sqlite(this.database)
  }

  static async open(): Promise<Shop> {
    const shop = new Shop()
    await shop.store.migrate(outbox)
    return shop
  }

  /** The options that name it on a command line. */
  get args(): readonly string[] {
    return ['--database', `sqlite:${this.file}`]
  }

  /** Commits one message of lane 0 and returns its row id. */
  async send(over: Partial<SealedMessage> = {}): Promise<{ readonly rowId: number; readonly messageId: string }> {
    const messageId = (++this.#number).toString(16).padStart(32, '0')
    const plain = { lane: 0, topic: 'orders', key: Buffer.from('k1'), headers: [], value: Buffer.from('{"a":1}') }
    const transactions = fromSqlite(this.database)
    await transactions.run((tx) => this.store.enqueue(transactions, tx, [{ ...plain, messageId, ...over }]))
    const [row] = this.database.prepare('SELECT max(id) AS id FROM outbox').all() as { id: number }[]
    return { rowId: row?.id ?? -1, messageId }
  }

  /** Commits and parks one message, with the alert that a relay would open. */
  async park(
    over: Partial<SealedMessage> = {},
    reason = 'MESSAGE_TOO_LARGE',
  ): Promise<{ readonly rowId: number; readonly messageId: string }> {
    const sent = await this.send(over)
    const lease = await this.#lease()
    await this.store.advance([{ kind: 'park', lane: 0, fence: lease.fence, rowId: sent.rowId, reason }])
    const alert = { cause: `rejected ${sent.messageId}`, kind: 'rejected', detail: `message refused: ${reason}` }
    await this.store.openAlert(alert)
    await this.store.release('test', [lease])
    return sent
  }

  /** Commits one message and lets Kafka refuse it once. */
  async hold(over: Partial<SealedMessage>, reason: string): Promise<void> {
    const { rowId } = await this.send(over)
    const lease = await this.#lease()
    const flight = {
      ...{ lane: 0, topic: over.topic ?? 'orders', partition: 0 },
      ...{ incarnation: { producerId: 7, producerEpoch: 0 }, firstSequence: 0 },
    }
    const next = { producerId: 7, producerEpoch: 1 }
    const { fence } = lease
    await this.store.advance([
      { kind: 'claim', fence, ...flight, topicId: 't', rowIds: [rowId], openedAtOffset: -1 },
      { kind: 'release', fence, flight, found: [], next, lastOffset: -1, rejected: { rowId, reason } },
    ])
    await this.store.release('test', [lease])
  }

  /** Runs one statement. A relay of another process writes, too, and the store sets a short wait on its connection. */
  sql(text: string): void {
    this.database.exec(`PRAGMA busy_timeout = 10000; ${text}`)
  }

  rows(text: string): readonly Record<string, unknown>[] {
    return this.database.prepare(text).all() as Record<string, unknown>[]
  }

  async close(): Promise<void> {
    await this.store.close()
    this.database.close()
    this.#remove()
  }

  async #lease(): Promise<Lease> {
    const [state] = await this.store.take('test', 1, 60_000)
    if (state?.lease.lane !== 0) throw new Error('lane 0 was not free')
    return state.lease
  }
}

/** Runs `keep` on a shop of its own. */
export async function withShop(keep: (shop: Shop) => Promise<void>): Promise<void> {
  const shop = await Shop.open()
  try {
    await keep(shop)
  } finally {
    await shop.close()
  }
}
