import { createRequire } from 'node:module'
import { ProduceAcks, Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { HandwrittenRow } from './handwritten-process.js'

/** Kafka clients for Node that the hand-written relay can use. */
export const clientNames = ['confluent', 'platformatic', 'kafkajs'] as const
export type ClientName = (typeof clientNames)[number]

/** A producer with acks=all and idempotence, no compression. */
export interface RelayClient {
  /** Resolves when all rows are acknowledged. */
  send(rows: readonly HandwrittenRow[]): Promise<void>
  close(): Promise<void>
}

interface Target {
  readonly brokers: readonly string[]
  readonly topic: string
  /** In whose node_modules the compiled client lies. */
  readonly folder: string | undefined
}

/** Connects. */
export function openClient(name: ClientName, target: Target): Promise<RelayClient> {
  switch (name) {
    case 'confluent':
      return openConfluent(target)
    case 'platformatic':
      return openPlatformatic(target)
    case 'kafkajs':
      return openKafkaJs(target)
  }
}

/** What is used of the compiled client, librdkafka in Node; it is no dependency, so its types are not here. */
interface NativeProducer {
  connect(options: object, connected: (error: Error | null) => void): void
  setPollInBackground(on: boolean): void
  on(event: 'delivery-report', report: (error: Error | null, report: { opaque: Delivered }) => void): void
  produce(topic: string, partition: null, value: Buffer, key: string, timestamp: undefined, opaque: Delivered): void
  disconnect(disconnected: (error: Error | null) => void): void
}
type Delivered = (error: Error | null) => void

async function openConfluent({ brokers, topic, folder }: Target): Promise<RelayClient> {
  if (folder === undefined) throw new Error('the compiled client is not installed')
  const library = createRequire(`${folder}/`)('@confluentinc/kafka-javascript') as {
    Producer: new (options: object) => NativeProducer
  }
  const producer = new library.Producer({
    'bootstrap.servers': brokers.join(','),
    acks: -1,
    'enable.idempotence': true,
    'compression.type': 'none',
    partitioner: 'murmur2_random',
    'linger.ms': 5,
    dr_cb: true,
  })
  await new Promise<void>((resolve, reject) => producer.connect({}, (error) => (error ? reject(error) : resolve())))
  producer.setPollInBackground(true)
  producer.on('delivery-report', (error, { opaque }) => opaque(error))
  return {
    send: (rows) =>
      new Promise((resolve, reject) => {
        let left = rows.length
        const delivered: Delivered = (error) => {
          if (error) reject(error)
          else if (--left === 0) resolve()
        }
        for (const { key, value } of rows) producer.produce(topic, null, Buffer.from(value), key, undefined, delivered)
      }),
    close: () => new Promise((resolve, reject) => producer.disconnect((error) => (error ? reject(error) : resolve()))),
  }
}

async function openPlatformatic({ brokers, topic }: Target): Promise<RelayClient> {
  const producer = new PlatformaticProducer({
    clientId: 'handwritten',
    bootstrapBrokers: [...brokers],
    serializers: stringSerializers,
    idempotent: true,
    acks: ProduceAcks.ALL,
  })
  return {
    async send(rows) {
      await producer.send({ messages: rows.map(({ key, value }) => ({ topic, key, value })), acks: ProduceAcks.ALL })
    },
    close: () => producer.close(),
  }
}

async function openKafkaJs({ brokers, topic }: Target): Promise<RelayClient> {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR }).producer({
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return {
    async send(rows) {
      await producer.send({ topic, acks: -1, messages: rows.map(({ key, value }) => ({ key, value })) })
    },
    close: () => producer.disconnect(),
  }
}
