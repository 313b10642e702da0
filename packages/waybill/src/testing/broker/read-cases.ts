import assert from 'node:assert/strict'
import type { FetchedBatch } from '../../ports/broker.js'
import type { BrokerCase } from './harness.js'
import { Scene } from './scene.js'

/** All batches of a range of partition 0. */
export async function batchesOf(scene: Scene, fromOffset: number, toOffset: number): Promise<FetchedBatch[]> {
  const batches: FetchedBatch[] = []
  for await (const batch of scene.broker.read(scene.topic, 0, fromOffset, toOffset)) batches.push(batch)
  return batches
}

/** Three batches of three records: offsets 0-2, 3-5, 6-8. */
async function nine(scene: Scene, stampMs: number): Promise<number> {
  const producerId = await scene.broker.initProducerId()
  for (const sequence of [0, 3, 6]) {
    const values = [sequence, sequence + 1, sequence + 2].map((each) => `v${each}`)
    const outcome = await scene.send({ producerId, sequence, values, stampMs })
    assert.deepEqual(outcome, { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })
  }
  return producerId
}

/** What reading and asking promise. */
export const readCases: readonly BrokerCase[] = [
  {
    name: 'a read gives exactly the asked range, with the identity of each batch',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await nine(scene, harness.clock.wallMs())
        assert.deepEqual(await scene.texts(4, 7), ['v4', 'v5', 'v6'])
        assert.deepEqual(await scene.texts(0, 3), ['v0', 'v1', 'v2'])
        assert.deepEqual(await scene.texts(5, 5), [])
        assert.deepEqual(await scene.texts(9, 20), [])
        assert.equal((await scene.texts()).length, 9)
        const batches = await batchesOf(scene, 4, 7)
        assert.deepEqual(
          batches.map((each) => [each.baseOffset, each.lastOffset, each.firstSequence, each.producerId]),
          [
            [3, 5, 3, producerId],
            [6, 8, 6, producerId],
          ],
        )
        assert.ok(batches.every((each) => each.leaderEpoch >= 0 && !each.isControl))
      }),
  },
  {
    name: 'a time gives the first offset of that time or later, and the end when there is none',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const now = harness.clock.wallMs()
        for (const [sequence, stampMs] of [now - 3_000, now - 2_000, now - 1_000].entries())
          await scene.send({ producerId, sequence, values: [`v${sequence}`], stampMs })
        const at = (timestampMs: number): Promise<number> => scene.broker.offsetAt(scene.topic, 0, timestampMs)
        assert.deepEqual(await Promise.all([at(0), at(now - 3_000), at(now - 2_999), at(now - 1_000)]), [0, 0, 1, 2])
        assert.equal(await at(now), 3)
      }),
  },
  {
    name: 'a read below the log start or above the end is refused, never moved elsewhere',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        await nine(scene, harness.clock.wallMs())
        await harness.deleteRecords(scene.topic, 0, 4)
        assert.deepEqual(await scene.broker.offsets(scene.topic, 0), { logStart: 4, highWatermark: 9 })
        const refused = {
          code: 'WB_KAFKA_REFUSED',
          facts: { kafka: 'OFFSET_OUT_OF_RANGE', topic: scene.topic, partition: 0 },
        }
        await assert.rejects(scene.texts(3, 9), refused)
        await assert.rejects(scene.texts(10, 12), refused)
        assert.deepEqual(await scene.texts(4, 6), ['v4', 'v5'])
      }),
  },
  {
    name: 'many batches are read to the high watermark',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const value = 'x'.repeat(300_000)
        for (let i = 0; i < 12; i++)
          await scene.send({ producerId, sequence: i * 2, values: [value, value], stampMs: harness.clock.wallMs() })
        assert.equal((await scene.texts()).length, 24)
        assert.deepEqual(await scene.broker.offsets(scene.topic, 0), { logStart: 0, highWatermark: 24 })
      }),
  },
  {
    name: 'the end offset of a leader epoch is where the next one began, also after a restart',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        await nine(scene, harness.clock.wallMs())
        const [first] = await batchesOf(scene, 0, 1)
        const epoch = first?.leaderEpoch ?? -1
        assert.deepEqual(await scene.broker.endOffsetForEpoch(scene.topic, 0, epoch), {
          leaderEpoch: epoch,
          endOffset: 9,
        })
        await scene.restart()
        const producerId = await scene.broker.initProducerId()
        await scene.send({ producerId, sequence: 0, values: ['later'], stampMs: harness.clock.wallMs() })
        const [later] = await batchesOf(scene, 9, 10)
        assert.ok(later)
        assert.ok(later.leaderEpoch > epoch, `${later.leaderEpoch} > ${epoch}`)
        assert.deepEqual(await scene.broker.endOffsetForEpoch(scene.topic, 0, epoch), {
          leaderEpoch: epoch,
          endOffset: 9,
        })
        assert.deepEqual(await scene.broker.endOffsetForEpoch(scene.topic, 0, later.leaderEpoch), {
          leaderEpoch: later.leaderEpoch,
          endOffset: 10,
        })
        assert.deepEqual(await scene.broker.endOffsetForEpoch(scene.topic, 0, later.leaderEpoch + 5), {
          leaderEpoch: -1,
          endOffset: -1,
        })
      }),
  },
  {
    name: 'a topic is described with what decides about delivery',
    run: (harness) =>
      Scene.with(
        harness,
        {
          'message.timestamp.type': 'LogAppendTime',
          'retention.ms': '7200000',
          'segment.ms': '3600000',
          'max.message.bytes': '12345',
        },
        async (scene) => {
          const view = await scene.broker.describeTopic(scene.topic, { fresh: true })
          assert.ok(view)
          assert.match(view.topicId, /^[0-9a-f]{32}$/)
          assert.equal(view.partitions.length, 2)
          assert.ok(
            view.partitions.every(
              (each, index) => each.partition === index && each.leader >= 0 && each.leaderEpoch >= 0,
            ),
          )
          assert.deepEqual(
            [
              view.replicationFactor,
              view.maxMessageBytes,
              view.retentionMs,
              view.keptMs,
              view.timestampType,
              view.producerIdExpirationMs,
            ],
            [1, 12345, 7200000, 10800000, 'LogAppendTime', 86400000],
          )
          const producerId = await scene.broker.initProducerId()
          const before = harness.clock.wallMs()
          const outcome = await scene.send({ producerId, sequence: 0, values: ['a'], stampMs: 1000 })
          assert.ok(outcome.kind === 'acked' && outcome.appendTimeMs >= before - 60_000, JSON.stringify(outcome))
          const [batch] = await batchesOf(scene, 0, 1)
          assert.equal(batch?.records[0]?.timestampMs, outcome.appendTimeMs)
        },
      ),
  },
  {
    name: 'a topic that deletes nothing by age keeps its records without a limit, whatever its retention says',
    run: async (harness) => {
      for (const configs of [{ 'cleanup.policy': 'compact' }, { 'retention.ms': '-1' }])
        await Scene.with(harness, configs, async (scene) => {
          assert.equal((await scene.broker.describeTopic(scene.topic, { fresh: true }))?.keptMs, -1)
        })
    },
  },
  {
    name: 'an unknown topic is undefined when described, and named when asked about',
    run: async (harness) => {
      const broker = harness.open()
      try {
        assert.equal(await broker.describeTopic('no-such-topic'), undefined)
        await assert.rejects(broker.offsets('no-such-topic', 0), { code: 'WB_TOPIC_UNKNOWN' })
        await assert.rejects(broker.createTopics([{ topic: 'a/b', partitions: 1, replicationFactor: 1 }]), {
          code: 'WB_KAFKA_REFUSED',
        })
      } finally {
        await broker.close()
      }
    },
  },
  {
    name: 'topics that exist are fine to create, and the cluster id stays the same',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        await scene.broker.createTopics([{ topic: scene.topic, partitions: 2, replicationFactor: 1 }])
        const id = await scene.broker.clusterId()
        assert.ok(id.length > 0)
        await scene.restart()
        assert.equal(await scene.broker.clusterId(), id)
      }),
  },
  {
    name: 'where nothing listens, calls fail as unreachable and batches are unsent',
    run: async (harness) => {
      const broker = harness.openNowhere()
      const startMs = harness.clock.monotonicMs()
      try {
        await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE' })
        await assert.rejects(broker.describeTopic('t'), { code: 'WB_KAFKA_UNREACHABLE' })
        await assert.rejects(broker.initProducerId(), { code: 'WB_KAFKA_UNREACHABLE' })
        await assert.rejects(broker.offsets('t', 0), { code: 'WB_KAFKA_UNREACHABLE' })
        const batch = {
          topic: 't',
          topicId: '',
          partition: 0,
          producerId: 1,
          producerEpoch: 0,
          firstSequence: 0,
          stampMs: 1,
          records: [{ key: null, value: Buffer.from('a'), headers: [] }],
        }
        const sendBeforeMs = harness.clock.monotonicMs() + 5000
        const outcomes = await broker.produce({
          pipeline: 0,
          leader: 1,
          batches: [batch],
          timeoutMs: 1000,
          sendBeforeMs,
        })
        assert.equal(outcomes[0]?.kind, 'unsent')
        assert.ok(harness.clock.monotonicMs() - startMs < 30_000)
      } finally {
        await broker.close()
      }
    },
  },
]
