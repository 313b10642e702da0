import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Broker, kafka, type ProduceOutcome, type TopicView } from 'waybill/kafka'
import { startKafka } from '../../src/cluster/kafka-cluster.js'
import { until } from '../../src/cluster/until.js'

const topic = 'led'
const deadlineMs = 90_000
/** Of today: retention deletes records with an older stamp within seconds. */
const stampMs = Date.now()

/** Sends one record per batch under one identity; a repeat sends the same bytes again. */
class Sender {
  readonly #broker: Broker
  readonly #producerId: number

  constructor(broker: Broker, producerId: number) {
    this.#broker = broker
    this.#producerId = producerId
  }

  async send(view: TopicView, sequence: number, timeoutMs = 5000): Promise<ProduceOutcome> {
    const records = [{ key: null, value: Buffer.from(`v${sequence}`), headers: [] }]
    const batch = {
      topic,
      topicId: view.topicId,
      partition: 0,
      producerId: this.#producerId,
      producerEpoch: 0,
      firstSequence: sequence,
      stampMs: stampMs + sequence,
      records,
    }
    const leader = view.partitions[0]?.leader ?? -1
    const request = { pipeline: 0, leader, batches: [batch], timeoutMs, sendBeforeMs: Infinity }
    const [outcome] = await this.#broker.produce(request)
    return outcome ?? assert.fail('no outcome')
  }

  /** Repeats until the leader of the moment answers. */
  async sendUntilAcked(sequence: number): Promise<{ baseOffset: number; appendTimeMs: number }> {
    return until(
      async () => {
        const view = (await this.#broker.describeTopic(topic)) ?? assert.fail('no topic')
        const outcome = await this.send(view, sequence)
        return outcome.kind === 'acked' && outcome
      },
      { what: `sequence ${sequence} to be acknowledged`, deadlineMs },
    )
  }
}

async function viewLedBy(broker: Broker, isWanted: (leader: number) => boolean): Promise<TopicView> {
  return until(
    async () => {
      const view = await broker.describeTopic(topic)
      return view !== undefined && isWanted(view.partitions[0]?.leader ?? -1) && view
    },
    { what: 'another leader', deadlineMs },
  )
}

describe('three brokers', () => {
  it('a repeat meets its first copy at the new leader; frozen and dead leaders are unknown or unsent, never more', async () => {
    await using cluster = await startKafka({ nodes: 3 })
    const broker = kafka({ brokers: cluster.bootstrap, requestTimeoutMs: 3000, produceGraceMs: 500 })
    try {
      await broker.createTopics([{ topic, partitions: 1, replicationFactor: 3 }])
      const first = await viewLedBy(broker, (leader) => leader > 0)
      assert.equal(first.replicationFactor, 3)
      const sender = new Sender(broker, await broker.initProducerId())
      for (const sequence of [0, 1, 2])
        assert.deepEqual(await sender.send(first, sequence), { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })

      const leader = first.partitions[0]?.leader ?? -1
      // A follower says that it does not lead, and does not append.
      const follower = [1, 2, 3].find((id) => id !== leader) ?? -1
      const misled = { ...first, partitions: [{ partition: 0, leader: follower, leaderEpoch: 0 }] }
      const refused = await sender.send(misled, 3)
      assert.ok(refused.kind === 'rejected' && refused.code === 'NOT_LEADER_OR_FOLLOWER', JSON.stringify(refused))

      cluster.node(leader).pause()
      const startMs = performance.now()
      const frozen = await sender.send(first, 3, 1000)
      assert.equal(frozen.kind, 'unknown', JSON.stringify(frozen))
      assert.ok(performance.now() - startMs < 4000, 'the deadline is kept')
      await cluster.node(leader).kill()
      const dead = await sender.send(first, 3, 1000)
      assert.equal(dead.kind, 'unsent', JSON.stringify(dead))

      const next = await viewLedBy(broker, (each) => each > 0 && each !== leader)
      assert.ok((next.partitions[0]?.leaderEpoch ?? 0) > (first.partitions[0]?.leaderEpoch ?? 0))
      const repeat = await sender.sendUntilAcked(2)
      assert.deepEqual(repeat, { kind: 'acked', baseOffset: 2, appendTimeMs: stampMs + 2 })
      assert.equal((await sender.sendUntilAcked(3)).baseOffset, 3)
      assert.deepEqual(await broker.offsets(topic, 0), { logStart: 0, highWatermark: 4 })
      const values: string[] = []
      for await (const { records } of broker.read(topic, 0, 0, 100))
        for (const { value } of records) values.push(Buffer.from(value ?? []).toString())
      assert.deepEqual(values, ['v0', 'v1', 'v2', 'v3'])

      for (const node of cluster.nodes) await node.kill()
      await assert.rejects(broker.describeTopic(topic, { fresh: true }), { code: 'WB_KAFKA_UNREACHABLE' })
    } finally {
      await broker.close()
    }
  })
})
