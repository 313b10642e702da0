// The wire adapter alone: pushes ready-made records as the relay would (streams of lane and partition, one request under way per
// leader and pipeline), but without a database.
import { type Kafka, kafka, type ProduceBatch, type RecordData } from 'waybill/kafka'
import { type Ready, serve, tell } from './serve.js'
import { keyOf, lanes, source, valueOf } from './work.js'

/** The first argument, as JSON. */
export interface LimitSettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly count: number
}

const pipelines = 4
const batchRows = 2000
const timeoutMs = 30_000

/** One lane: its records that wait, and how many of them are acknowledged. */
interface Stream {
  readonly partition: number
  readonly producerId: number
  readonly records: readonly RecordData[]
  sent: number
}

serve<LimitSettings>(async ({ brokers, topic, count }): Promise<Ready> => {
  const port = kafka({ brokers })
  const view = await port.describeTopic(topic)
  if (!view) throw new Error(`no topic ${topic}`)
  const streams = await streamsOf(port, count, view.partitions.length)
  const stampMs = Date.now()
  const batchOf = (stream: Stream): ProduceBatch => ({
    topic,
    topicId: view.topicId,
    partition: stream.partition,
    producerId: stream.producerId,
    producerEpoch: 0,
    firstSequence: stream.sent,
    stampMs,
    records: stream.records.slice(stream.sent, stream.sent + batchRows),
  })
  const push = async (pipeline: number, leader: number): Promise<void> => {
    const mine = streams.filter(
      ({ partition }, lane) => lane % pipelines === pipeline && view.partitions[partition]?.leader === leader,
    )
    for (;;) {
      const next = new Map<number, Stream>() // one batch a partition and request
      for (const stream of mine)
        if (stream.sent < stream.records.length && !next.has(stream.partition)) next.set(stream.partition, stream)
      if (next.size === 0) return
      const batches = [...next.values()].map(batchOf)
      const sendBeforeMs = Number.POSITIVE_INFINITY
      const outcomes = await port.produce({ pipeline, leader, batches, timeoutMs, sendBeforeMs })
      for (const [index, stream] of [...next.values()].entries()) {
        const outcome = outcomes[index]
        if (outcome?.kind !== 'acked') throw new Error(`not acknowledged: ${JSON.stringify(outcome)}`)
        stream.sent += batches[index]?.records.length ?? 0
      }
    }
  }
  const leaders = [...new Set(view.partitions.map(({ leader }) => leader))]
  return {
    async go() {
      const pairs = leaders.flatMap((leader) =>
        Array.from({ length: pipelines }, (_, pipeline) => push(pipeline, leader)),
      )
      await Promise.all(pairs)
      tell({ kind: 'sent' })
    },
    stop: () => port.close(),
  }
})

async function streamsOf(port: Kafka, count: number, partitions: number): Promise<readonly Stream[]> {
  const records: RecordData[][] = Array.from({ length: lanes }, () => [])
  for (let n = 1; n <= count; n++) {
    const key = keyOf(n)
    // any spread that keeps a key in one lane will do here
    const lane = Number(key.slice(4)) % lanes
    records[lane]?.push({
      key: Buffer.from(key),
      value: Buffer.from(valueOf(n)),
      headers: [['waybill', headerOf(n, lane)]],
    })
  }
  const streams: Stream[] = []
  for (const [lane, waiting] of records.entries())
    streams.push({ partition: lane % partitions, producerId: await port.initProducerId(), records: waiting, sent: 0 })
  return streams
}

/** As long as the relay's header. */
function headerOf(n: number, lane: number): Buffer {
  return Buffer.from(`01-${source}-${lane}-1000.0-${n}-${n.toString(16).padStart(32, '0')}`)
}
