import type { Kafka, ProduceBatch, RecordData, TopicView } from 'waybill/kafka'
import { keysOf, valueOf, type Workload } from './workload.js'

// About what a Java producer with its default batch.size makes of records of this size.
const batchRecords = 80
const pipelines = 3
const timeoutMs = 30_000

/** Creates the workload's topic and writes its records; a key is in one partition. Nothing of it is measured. */
export async function fillTopic(admin: Kafka, topic: string, work: Workload, replicationFactor: number): Promise<void> {
  await admin.createTopics([{ topic, partitions: work.partitions, replicationFactor }])
  const view = await admin.describeTopic(topic, { fresh: true })
  if (!view) throw new Error(`no topic ${topic}`)
  const keys = keysOf(work)
  const numbers: number[][] = view.partitions.map(() => [])
  for (let n = 0; n < work.count; n++) numbers[(keys[n] ?? 0) % work.partitions]?.push(n)
  const record = (n: number): RecordData => ({ key: keyOf(keys[n] ?? 0), value: valueOf(work, n), headers: [] })
  const fill = async (partition: number): Promise<void> => {
    const producerId = await admin.initProducerId()
    const mine = numbers[partition] ?? []
    for (let sent = 0; sent < mine.length; sent += batchRecords) {
      const records = mine.slice(sent, sent + batchRecords).map(record)
      await send(admin, view, { partition, producerId, firstSequence: sent, records })
    }
  }
  await Promise.all(view.partitions.map(({ partition }) => fill(partition)))
}

async function send(
  admin: Kafka,
  { topic, topicId, partitions }: TopicView,
  given: Pick<ProduceBatch, 'partition' | 'producerId' | 'firstSequence' | 'records'>,
): Promise<void> {
  const leader = partitions[given.partition]?.leader ?? -1
  const batch = { topic, topicId, producerEpoch: 0, stampMs: Date.now(), ...given }
  const pipeline = given.partition % pipelines
  const [outcome] = await admin.produce({
    pipeline,
    leader,
    batches: [batch],
    timeoutMs,
    sendBeforeMs: Number.POSITIVE_INFINITY,
  })
  if (outcome?.kind !== 'acked')
    throw new Error(`a record of ${topic} was not acknowledged: ${JSON.stringify(outcome)}`)
}

function keyOf(key: number): Buffer {
  return Buffer.from(`key-${String(key).padStart(8, '0')}`)
}
