import { once as event } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import confluent from '@confluentinc/kafka-javascript'
import pg from 'pg'
import { fromPg } from 'waybill/pg'
import { GroupProgress, once, slotOf } from 'waybill/pieces'
import { postgresInbox } from 'waybill/postgres'

const { DATABASE_URL: connectionString = '', BROKERS = 'localhost:9092' } = process.env
const [group, topic, workers, pendingMax] = ['billing', 'orders.placed', 16, 500]
const { CODES, KafkaJS } = confluent

const pool = new pg.Pool({ connectionString, max: workers })
const inbox = postgresInbox(pool)
await inbox.migrate()
await inbox.open()
const remembered = { group, inbox, transactions: fromPg(pool) }
const progress = new GroupProgress()
const log = { logLevel: KafkaJS.logLevel.ERROR }
const kafka = new KafkaJS.Kafka({ kafkaJS: { clientId: group, brokers: BROKERS.split(','), ...log } })
const settings = {
  groupId: group,
  autoCommit: false,
  fromBeginning: true,
  sessionTimeout: 6_000,
  heartbeatInterval: 1_000,
}
const consumer = kafka.consumer({ kafkaJS: settings, rebalance_cb: rebalanced })
const admin = kafka.admin()

const commit = () =>
  progress
    .commit((due) => consumer.commitOffsets(due.map((one) => ({ ...one, offset: String(one.offset) }))))
    .catch(console.error)

/** The client reads each partition from where its progress begins. */
async function rebalanced(error, partitions, client) {
  if (error.code !== CODES.ERRORS.ERR__ASSIGN_PARTITIONS) {
    if (!client.assignmentLost()) await commit() // lost: somebody else may own it already
    for (const place of partitions) progress.end(place)
    return undefined
  }
  const [held] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  const starts = await admin.fetchTopicOffsets(topic)
  for (const place of partitions) {
    const committed = held?.partitions.find(({ partition }) => partition === place.partition)
    const low = starts.find(({ partition }) => partition === place.partition)?.low
    const offset = Number(Number(committed?.offset ?? -1) >= 0 ? committed.offset : low)
    const assigned = await progress.assign(place, async () => ({ ...committed, offset }))
    place.offset = assigned?.position
  }
  return partitions
}

/** Handles until it works or the partition is no longer ours. */
async function handle(message, delivery, { place, signal }) {
  while (!signal.aborted)
    try {
      const { id, cents } = JSON.parse(String(message.value))
      const record = { ...place, ...message }
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
await consumer.subscribe({ topic })
await consumer.run({
  eachBatchAutoResolve: false,
  async eachBatch({ batch, isStale, resolveOffset }) {
    const partition = progress.of(batch)
    const goesOn = () => partition !== undefined && !isStale() && !partition.signal.aborted
    for (const message of batch.messages) {
      while (goesOn() && (partition.isFull || partition.pendingCount >= pendingMax)) await sleep(5)
      if (!goesOn()) return
      const delivery = partition.received(Number(message.offset), message.leaderEpoch)
      const line = slotOf(message.key ?? Buffer.from(message.offset), workers)
      if (delivery) lines[line] = lines[line].then(() => handle(message, delivery, partition))
      resolveOffset(message.offset) // the client reads on; nothing is committed by this
    }
  },
})

const timer = setInterval(() => void commit(), 1_000)
await event(process, 'SIGTERM')
clearInterval(timer)
consumer.pause([{ topic }])
await Promise.race([Promise.all(lines), sleep(5_000)])
await commit()
await Promise.all([consumer.disconnect(), admin.disconnect()])
await pool.end()
