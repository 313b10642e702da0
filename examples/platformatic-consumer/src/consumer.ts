import { once as event } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, type Message, type MessagesStream, MessagesStreamModes } from '@platformatic/kafka'
import Database from 'libsql'
import { type Delivery, GroupProgress, once, type PartitionProgress, slotOf } from 'waybill/pieces'
import { fromSqlite, sqliteInbox } from 'waybill/sqlite'

const { DATABASE = 'billing.db', BROKERS = 'localhost:9092' } = process.env
const [group, topic, workers, pendingMax] = ['billing', 'orders.placed', 16, 500]

const db = new Database(DATABASE)
const inbox = sqliteInbox(new Database(DATABASE))
await inbox.migrate()
await inbox.open()
db.exec('PRAGMA synchronous = FULL')
db.exec('CREATE TABLE IF NOT EXISTS invoices (order_id TEXT, cents INTEGER)')
const remembered = { group, inbox, transactions: fromSqlite(db) }
const times = { sessionTimeout: 6_000, heartbeatInterval: 1_000, rebalanceTimeout: 10_000 }
const consumer = new Consumer({ clientId: group, groupId: group, bootstrapBrokers: BROKERS.split(','), ...times })
const progress = new GroupProgress()
const stopping = new AbortController()
let stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined
let joins = 0

/** A stream of its own for each assignment: what the former one has in its buffer was fetched before the rebalance. */
async function open(): Promise<void> {
  const join = joins
  const partitions = consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? []
  const committed = (await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] })).get(topic) ?? []
  const starts = (await consumer.listOffsets({ topics: [topic], timestamp: -2n })).get(topic) ?? []
  const held = (partition: number): number => Number(committed[partition] ?? -1n)
  const offsets = []
  for (const partition of partitions) {
    const offset = held(partition) >= 0 ? held(partition) : Number(starts[partition])
    const assigned = await progress.assign({ topic, partition }, async () => ({ offset }))
    if (assigned) offsets.push({ topic, partition, offset: BigInt(assigned.position) })
  }
  stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.MANUAL, offsets, autocommit: false })
  if (join !== joins) await stream.close()
}

/** With each join all assignments begin anew: what handlers of the earlier ones say does not count. */
function rejoined(): void {
  joins++
  progress.end()
  stream?.close().catch(console.error)
}

/** Handles until it works or the partition is no longer ours. */
async function handle(message: Message, delivery: Delivery, { signal }: PartitionProgress): Promise<void> {
  while (!signal.aborted)
    try {
      const { id, cents } = JSON.parse(String(message.value)) as { id: string; cents: number }
      await once(remembered, message, async (tx) => {
        tx.prepare('INSERT INTO invoices (order_id, cents) VALUES (?, ?)').run([id, cents])
      })
      delivery.handled()
      return
    } catch (error) {
      console.error(error)
      await sleep(500, undefined, { signal }).catch(() => undefined)
    }
}

/** What must not be handled at the same time: messages of one key; one without a key waits for no other. */
const orderOf = ({ key, offset }: { key: Buffer | undefined; offset: bigint }): Buffer =>
  key ?? Buffer.from(`${offset}`)

const lines = Array.from({ length: workers }, () => Promise.resolve()) // messages of one key follow each other in one line
async function read(): Promise<void> {
  consumer.topics.track(topic)
  await consumer.joinGroup({})
  consumer.on('consumer:group:join', rejoined)
  while (!stopping.signal.aborted) {
    await open()
    for await (const message of stream ?? []) {
      const partition = progress.of(message)
      const isOver = (): boolean => !partition || partition.signal.aborted || stopping.signal.aborted
      const isRoom = (): boolean => isOver() || (partition?.pendingCount ?? 0) < pendingMax
      while (!isRoom()) await sleep(5)
      if (!partition || isOver()) continue
      const delivery = partition.received(Number(message.offset))
      const line = slotOf(orderOf(message), workers)
      if (delivery) lines[line] = lines[line]?.then(() => handle(message, delivery, partition)) ?? Promise.resolve()
    }
  }
}

// This client commits no metadata, so after a restart all from the committed offset on comes again; the inbox knows what was handled.
const commit = (): Promise<unknown> =>
  progress
    .commit(async (due) => {
      const offsets = due.map((one) => ({ ...one, offset: BigInt(one.offset), leaderEpoch: -1 }))
      await consumer.commit({ offsets: offsets.map(({ metadata: _, ...one }) => one) })
    })
    .catch(console.error)
const timer = setInterval(() => void commit(), 1_000)
const reading = read()
await Promise.race([event(process, 'SIGTERM'), reading])
stopping.abort()
clearInterval(timer)
await Promise.race([Promise.all(lines), sleep(5_000)])
await commit()
await Promise.resolve(consumer.close(true)) // its type says void
db.close()
await inbox.close()
