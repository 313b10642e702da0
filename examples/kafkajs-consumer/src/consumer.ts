import { once as event } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import pg from 'pg'
import { fromPg } from 'waybill/pg'
import { type Delivery, GroupProgress, once, type PartitionProgress, slotOf } from 'waybill/pieces'
import { postgresInbox } from 'waybill/postgres'

const { DATABASE_URL: connectionString = '', BROKERS = 'localhost:9092' } = process.env
const [group, topic, workers, pendingMax] = ['billing', 'orders.placed', 16, 500]

const pool = new pg.Pool({ connectionString, max: workers })
const inbox = postgresInbox(pool)
await inbox.migrate()
await inbox.open()
const remembered = { group, inbox, transactions: fromPg(pool) }
const kafka = new Kafka({ clientId: 'billing', brokers: BROKERS.split(','), logLevel: logLevel.ERROR })
const admin = kafka.admin()
const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6_000, heartbeatInterval: 1_000 })
const progress = new GroupProgress()
// With each join all assignments begin anew: what handlers of the earlier ones say does not count.
consumer.on(consumer.events.GROUP_JOIN, () => progress.end())

/** Reads on at what the group holds. The batch at hand may have been fetched before the rebalance; a seek makes it stale. */
async function begin(partition: number): Promise<void> {
  const assigned = await progress.assign({ topic, partition }, async () => {
    const [held] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const committed = held?.partitions.find((one) => one.partition === partition)
    if (committed && Number(committed.offset) >= 0) return { ...committed, offset: Number(committed.offset) }
    const log = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition)
    return { offset: Number(log?.low) }
  })
  if (assigned) consumer.seek({ topic, partition, offset: String(assigned.position) })
}

/** Handles until it works or the partition is no longer ours. */
async function handle(message: KafkaMessage, delivery: Delivery, { place, signal }: PartitionProgress): Promise<void> {
  const record = { ...place, ...message }
  while (!signal.aborted)
    try {
      const { id, cents } = JSON.parse(String(message.value)) as { id: string; cents: number }
      await once(remembered, record, (tx) =>
        tx.query('INSERT INTO invoices (order_id, cents) VALUES ($1, $2)', [id, cents]),
      )
      delivery.handled()
      return
    } catch (error) {
      console.error(error)
      await sleep(500, undefined, { signal }).catch(() => undefined)
    }
}

const lines = Array.from({ length: workers }, () => Promise.resolve()) // messages of one key follow each other in one line
await Promise.all([admin.connect(), consumer.connect()])
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  async eachBatch({ batch, heartbeat, isRunning, isStale, resolveOffset }) {
    const partition = progress.of(batch)
    if (!partition) return begin(batch.partition)
    const goesOn = (): boolean => isRunning() && !isStale() && !partition.signal.aborted
    for (const message of batch.messages) {
      while (goesOn() && (partition.isFull || partition.pendingCount >= pendingMax)) await sleep(5).then(heartbeat)
      if (!goesOn()) return undefined
      const delivery = partition.received(Number(message.offset), leaderEpochOf(message))
      const line = slotOf(message.key ?? Buffer.from(message.offset), workers)
      if (delivery) lines[line] = lines[line]?.then(() => handle(message, delivery, partition)) ?? Promise.resolve()
      resolveOffset(message.offset) // kafkajs reads on; nothing is committed by this
    }
    partition.passed(Number(batch.lastOffset()) + 1)
    return heartbeat()
  },
})

/** kafkajs has it, though not in its types. */
function leaderEpochOf(message: KafkaMessage): number | undefined {
  return (message as { batchContext?: { partitionLeaderEpoch?: number } }).batchContext?.partitionLeaderEpoch
}

const commit = (): Promise<unknown> =>
  progress
    .commit((due) => consumer.commitOffsets(due.map((one) => ({ ...one, offset: String(one.offset) }))))
    .catch(console.error)
const timer = setInterval(() => void commit(), 1_000)
await event(process, 'SIGTERM')
clearInterval(timer)
consumer.pause([{ topic }])
await Promise.race([Promise.all(lines), sleep(5_000)])
await commit()
await Promise.all([consumer.disconnect(), admin.disconnect()])
await pool.end()
