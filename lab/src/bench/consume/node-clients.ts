import { createRequire } from 'node:module'
import { Kafka, logLevel } from 'kafkajs'
import { createWaybill, jsonLog } from 'waybill'
import type { ConsumerSettings, Task } from './arm.js'
import type { Tally } from './tally.js'

/** Ends a consumer. */
export type Stop = () => Promise<void>
type Handling = Pick<Tally, 'handle' | 'assigned'>

const commitMs = 1_000

/** Starts the arm's consumer; what is received goes to `handling`. */
export function consumeWith(settings: ConsumerSettings, task: Task, handling: Handling): Promise<Stop> {
  switch (settings.arm) {
    case 'waybill':
      return waybillConsumer(task, handling)
    case 'kafkajs':
      return kafkaJsConsumer(settings, task, handling)
    case 'confluent':
      return confluentConsumer(settings, task, handling)
    case 'parallel':
    case 'java':
      throw new Error(`${settings.arm} is no client of Node`)
  }
}

async function waybillConsumer({ brokers, topic, group, order, slots }: Task, handling: Handling): Promise<Stop> {
  const waybill = createWaybill({
    brokers,
    log: jsonLog('warn'),
    onEvent: (event) => {
      if (event.kind === 'assigned') handling.assigned()
    },
  })
  await waybill.start()
  const handle = ({ value }: { value: Uint8Array | null }): unknown => handling.handle(value ?? new Uint8Array(0))
  const consumer = await waybill.consume({ group, topics: [topic], order, workers: slots, handle })
  consumer.closed.catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
  return () => waybill.stop()
}

async function kafkaJsConsumer(
  { sessionMs }: ConsumerSettings,
  { brokers, topic, group, partitions }: Task,
  handling: Handling,
): Promise<Stop> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: sessionMs, heartbeatInterval: 1_000 })
  consumer.on('consumer.group_join', () => handling.assigned())
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommitInterval: commitMs,
    partitionsConsumedConcurrently: partitions,
    async eachMessage({ message: { value } }) {
      const working = value && handling.handle(value)
      if (working) await working
    },
  })
  return () => consumer.disconnect()
}

/** What is used of the compiled client; it is no dependency, so its types are not here. */
interface CompiledConsumer {
  connect(): Promise<void>
  subscribe(to: { topics: string[] }): Promise<void>
  run(config: {
    partitionsConsumedConcurrently: number
    eachMessage: (payload: { message: { value: Buffer | null } }) => Promise<void>
  }): Promise<void>
  disconnect(): Promise<void>
}
interface CompiledClient {
  readonly KafkaJS: { Kafka: new (config: object) => { consumer(config: object): CompiledConsumer } }
}

async function confluentConsumer(
  { clientFolder, sessionMs }: ConsumerSettings,
  { brokers, topic, group, partitions }: Task,
  handling: Handling,
): Promise<Stop> {
  if (clientFolder === undefined) throw new Error('the compiled client is not installed')
  const { KafkaJS } = createRequire(`${clientFolder}/`)('@confluentinc/kafka-javascript') as CompiledClient
  const kafka = new KafkaJS.Kafka({ kafkaJS: { brokers: [...brokers], logLevel: 1 } })
  const consumer = kafka.consumer({
    kafkaJS: { groupId: group, fromBeginning: true, autoCommit: true, autoCommitInterval: commitMs },
    'session.timeout.ms': sessionMs,
    rebalance_cb: ({ code }: { code: number }) => {
      if (code === assignCode) handling.assigned()
    },
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({
    partitionsConsumedConcurrently: partitions,
    async eachMessage({ message: { value } }) {
      const working = value && handling.handle(value)
      if (working) await working
    },
  })
  return () => consumer.disconnect()
}

/** librdkafka's RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS. */
const assignCode = -175
