import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createWaybill, type ReceivedMessage, silentLog } from 'waybill'
import { type Broker, kafka, type ProduceOutcome } from 'waybill/kafka'
import { brokerContract, type BrokerHarness } from 'waybill/testing'
import { until } from '../../src/cluster/until.js'
import { kafkaStage, type Stage } from './harness.js'

/** The last Kafka 3. Also named in scripts/kafka-jars.mjs, which fetches it, and in docs/security.md's supported range. */
const version = '3.9.1'

/** What Kafka 3 cannot promise; what it does instead is tested below. */
const beyondKafka3 = [
  'a topic created anew does not take records meant for the old one',
  'the end offset of a leader epoch is where the next one began, also after a restart',
]

describe('the wire adapter and the last Kafka 3 keep the broker contract', () => {
  let stage: Stage | undefined
  // The cases' names are needed before the broker is up.
  const harness = new Proxy({} as BrokerHarness, {
    get: (_, name) => Reflect.get(stage?.harness ?? {}, name) as unknown,
  })

  before(async () => {
    stage = await kafkaStage(version)
  })
  after(() => stage?.[Symbol.asyncDispose]())

  const cases = brokerContract(harness)
  for (const { name, run } of cases) if (!beyondKafka3.includes(name)) it(name, run)

  it('every exception is a case of the contract', () => {
    const names = cases.map(({ name }) => name)
    assert.deepEqual(
      beyondKafka3.filter((name) => !names.includes(name)),
      [],
    )
  })

  // Produce names topics by id from version 13 on, which came with Kafka 4.1 (KIP-516); Kafka 3.9 offers 11.
  it('Kafka 3 appends records for a deleted topic to the one created anew: a producer names topics by name there', async () => {
    await withTopic(async (broker, topic, send) => {
      assert.equal((await send(0)).kind, 'acked')
      await harness.deleteTopic(topic)
      await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
      await broker.describeTopic(topic, { fresh: true })
      const outcome = await send(1)
      assert.ok(outcome.kind === 'acked' && outcome.baseOffset === 0, JSON.stringify(outcome))
    })
  })

  // Kafka 4 gives a leader a new epoch after every unclean restart (KIP-966); Kafka 3 only when the controller had missed it.
  it('Kafka 3 may go on under the same leader epoch after kill -9; the end offset is right either way', async () => {
    await withTopic(async (broker, topic, send) => {
      assert.equal((await send(0)).kind, 'acked')
      const { leaderEpoch: epoch } = await broker.endOffsetForEpoch(topic, 0, 0)
      assert.deepEqual(await broker.endOffsetForEpoch(topic, 0, epoch), { leaderEpoch: epoch, endOffset: 1 })
      await harness.restartBroker()
      await broker.describeTopic(topic, { fresh: true })
      assert.equal((await send(1)).kind, 'acked')
      const { leaderEpoch: later } = (await broker.describeTopic(topic, { fresh: true }))?.partitions[0] ?? {}
      assert.ok(later !== undefined && later >= epoch)
      const endOffset = later === epoch ? 2 : 1
      assert.deepEqual(await broker.endOffsetForEpoch(topic, 0, epoch), { leaderEpoch: epoch, endOffset })
      assert.deepEqual(await broker.endOffsetForEpoch(topic, 0, later + 5), { leaderEpoch: -1, endOffset: -1 })
    })
  })

  it('consuming goes by the classic protocol; asked for KIP-848 it is refused with the reason: those groups are off in Kafka 3', async () => {
    const group = `three-${randomBytes(4).toString('hex')}`
    const waybill = createWaybill({ brokers: [stage?.bootstrap ?? ''], log: silentLog })
    const seen: string[] = []
    try {
      await waybill.start()
      await withTopic(async (_, topic, send) => {
        const handle = (message: ReceivedMessage): void => void seen.push(message.text())
        const refused = waybill.consume({ group, topics: [topic], groupProtocol: 'consumer', handle })
        await assert.rejects(refused, { code: 'WB_KAFKA_REFUSED', message: /UNSUPPORTED_VERSION.*'classic'/ })
        await waybill.consume({ group, topics: [topic], handle })
        assert.equal((await send(0)).kind, 'acked')
        await until(async () => seen.length === 1, { what: 'the message', deadlineMs: 20_000 })
      })
    } finally {
      await waybill.stop()
    }
  })

  async function withTopic(
    work: (broker: Broker, topic: string, send: (sequence: number) => Promise<ProduceOutcome>) => Promise<void>,
  ): Promise<void> {
    const broker = kafka({ brokers: [stage?.bootstrap ?? ''] })
    try {
      const topic = `three-${randomBytes(4).toString('hex')}`
      await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
      const { topicId } = (await broker.describeTopic(topic, { fresh: true })) ?? assert.fail('no topic')
      const identity = { producerId: await broker.initProducerId(), producerEpoch: 0 }
      const send = async (firstSequence: number): Promise<ProduceOutcome> => {
        const records = [{ key: null, value: Buffer.from('v'), headers: [] }]
        const batch = { topic, topicId, partition: 0, ...identity, firstSequence, stampMs: Date.now(), records }
        const request = { pipeline: 0, leader: 1, batches: [batch], timeoutMs: 5000, sendBeforeMs: Infinity }
        return (await broker.produce(request))[0] ?? assert.fail('no outcome')
      }
      await work(broker, topic, send)
    } finally {
      await broker.close()
    }
  }
})
