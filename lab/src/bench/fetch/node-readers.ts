import { createRequire } from 'node:module'
import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import { Kafka as KafkaJs, logLevel } from 'kafkajs'
import { type FetchPosition, type Kafka, kafka } from 'waybill/kafka'
import type { Count, FetchSettings } from './arm.js'

type Stop = () => Promise<void>

const waitMs = 500
const bytesMax = 1_048_576

/** Starts reading from the beginning with the arm's client. */
export function readWith(settings: FetchSettings, group: string, count: Count): Promise<Stop> {
  switch (settings.arm) {
    case 'waybill':
      return waybillReader(settings, count)
    case 'kafkajs':
      return kafkaJsReader(settings, group, count)
    case 'platformatic':
      return platformaticReader(settings, group, count)
    case 'confluent':
      return confluentReader(settings, group, count)
    case 'java':
      throw new Error('java is no client of Node')
  }
}

async function waybillReader({ brokers, topic }: FetchSettings, count: Count): Promise<Stop> {
  const port = kafka({ brokers })
  const view = await port.describeTopic(topic)
  if (!view) throw new Error(`no topic ${topic}`)
  const ended = new AbortController()
  count.begin()
  const leaders = new Set(view.partitions.map(({ leader }) => leader))
  const loops = [...leaders].map((leader) => {
    const mine = view.partitions.filter((each) => each.leader === leader).map(({ partition }) => partition)
    return readLeader(port, { topic, topicId: view.topicId }, mine, ended.signal, count)
  })
  return async () => {
    ended.abort()
    await Promise.all(loops)
    await port.close()
  }
}

async function readLeader(
  port: Kafka,
  place: { readonly topic: string; readonly topicId: string },
  partitions: readonly number[],
  signal: AbortSignal,
  count: Count,
): Promise<void> {
  const offsets = new Map(partitions.map((partition) => [partition, 0]))
  while (!signal.aborted) {
    const positions = [...offsets].map(
      ([partition, offset]): FetchPosition => ({ ...place, partition, offset, lastLeaderEpoch: -1, bytesMax }),
    )
    await port.fetch(positions, waitMs, signal, ({ partition }, outcome) => {
      if (outcome.kind !== 'records') throw new Error(`partition ${partition}: ${JSON.stringify(outcome)}`)
      for (const batch of outcome.batches) for (const record of batch.records) count.add(record.value)
      offsets.set(partition, outcome.nextOffset)
    })
  }
}

async function kafkaJsReader({ brokers, topic }: FetchSettings, group: string, count: Count): Promise<Stop> {
  const consumer = new KafkaJs({ brokers: [...brokers], logLevel: logLevel.ERROR }).consumer({ groupId: group })
  consumer.on('consumer.group_join', () => count.begin())
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 8,
    async eachBatch({ batch, resolveOffset }) {
      for (const { value } of batch.messages) count.add(value)
      resolveOffset(batch.lastOffset())
    },
  })
  return () => consumer.disconnect()
}

async function platformaticReader({ brokers, topic }: FetchSettings, group: string, count: Count): Promise<Stop> {
  const consumer = new Consumer({ clientId: 'bench', groupId: group, bootstrapBrokers: [...brokers] })
  consumer.on('consumer:group:join', () => count.begin())
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
    maxBytes: bytesMax,
  })
  count.begin()
  stream.on('data', ({ value }: { value: Buffer | null }) => count.add(value))
  return async () => {
    await stream.close()
    await new Promise<void>((resolve) => {
      consumer.close(true, () => resolve())
    })
  }
}

/** What is used of the compiled client; it is no dependency, so its types are not here. */
interface CompiledConsumer {
  connect(options: object, connected: (error: Error | null) => void): void
  on(event: 'rebalance', told: (change: { readonly code: number }) => void): void
  subscribe(topics: string[]): void
  consume(count: number, taken: (error: Error | null, messages?: readonly { value: Buffer | null }[]) => void): void
  disconnect(disconnected: () => void): void
}
interface CompiledClient {
  readonly KafkaConsumer: new (settings: object, topicSettings: object) => CompiledConsumer
}

const taken = 1_000
/** librdkafka's RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS. */
const assignCode = -175

async function confluentReader(
  { brokers, topic, clientFolder }: FetchSettings,
  group: string,
  count: Count,
): Promise<Stop> {
  if (clientFolder === undefined) throw new Error('the compiled client is not installed')
  const { KafkaConsumer } = createRequire(`${clientFolder}/`)('@confluentinc/kafka-javascript') as CompiledClient
  const settings = {
    ...{ 'bootstrap.servers': brokers.join(','), 'group.id': group, 'enable.auto.commit': false },
    rebalance_cb: true,
  }
  const consumer = new KafkaConsumer(settings, { 'auto.offset.reset': 'earliest' })
  await new Promise<void>((resolve, reject) => consumer.connect({}, (error) => (error ? reject(error) : resolve())))
  consumer.on('rebalance', ({ code }) => {
    if (code === assignCode) count.begin()
  })
  consumer.subscribe([topic])
  let isStopped = false
  const take = (): void => {
    if (isStopped) return
    consumer.consume(taken, (error, messages) => {
      if (error) throw error
      for (const { value } of messages ?? []) count.add(value)
      setImmediate(take)
    })
  }
  take()
  return () =>
    new Promise((resolve) => {
      isStopped = true
      consumer.disconnect(resolve)
    })
}
