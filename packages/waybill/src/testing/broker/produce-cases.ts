import assert from 'node:assert/strict'
import type { ProduceOutcome } from '../../ports/broker.js'
import type { BrokerCase } from './harness.js'
import { batchesOf } from './read-cases.js'
import { Scene, textRecord } from './scene.js'

function rejectedAs(outcome: ProduceOutcome, code: string): Extract<ProduceOutcome, { kind: 'rejected' }> {
  assert.equal(outcome.kind, 'rejected', JSON.stringify(outcome))
  assert.equal(outcome.code, code)
  assert.equal(outcome.appended, 'no')
  return outcome
}

function ackedAt(outcome: ProduceOutcome, baseOffset: number, appendTimeMs: number): void {
  assert.deepEqual(outcome, { kind: 'acked', baseOffset, appendTimeMs })
}

/** What Produce promises beside idempotence. */
export const produceCases: readonly BrokerCase[] = [
  {
    name: 'sequences wrap to 0 after 2147483647, inside a batch too',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const crossing = { producerId, sequence: 2147483647, values: ['c', 'd', 'e'], stampMs }
        ackedAt(await scene.send({ producerId, sequence: 2147483645, values: ['a', 'b'], stampMs }), 0, -1)
        ackedAt(await scene.send(crossing), 2, -1)
        ackedAt(await scene.send(crossing), 2, stampMs)
        ackedAt(await scene.send({ producerId, sequence: 2, values: ['f'], stampMs }), 5, -1)
        assert.deepEqual(await scene.texts(), ['a', 'b', 'c', 'd', 'e', 'f'])
      }),
  },
  {
    name: 'a null key on a compacted topic is rejected, with the record it is about',
    run: (harness) =>
      Scene.with(harness, { 'cleanup.policy': 'compact' }, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const records = [textRecord('p'), { ...textRecord('q'), key: null }, textRecord('r')]
        const refused = rejectedAs(await scene.send({ producerId, sequence: 0, records, stampMs }), 'INVALID_RECORD')
        assert.equal(refused.recordIndex, 1)
        ackedAt(await scene.send({ producerId, sequence: 0, values: ['p', 'r'], stampMs }), 0, -1)
      }),
  },
  {
    name: 'a batch above max.message.bytes is rejected and uses up no sequence',
    run: (harness) =>
      Scene.with(harness, { 'max.message.bytes': '2000' }, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const tooLarge = { producerId, sequence: 0, values: ['x'.repeat(3000)], stampMs }
        rejectedAs(await scene.send(tooLarge), 'MESSAGE_TOO_LARGE')
        ackedAt(await scene.send({ producerId, sequence: 0, values: ['small'], stampMs }), 0, -1)
        assert.equal((await scene.broker.describeTopic(scene.topic))?.maxMessageBytes, 2000)
      }),
  },
  {
    name: 'every byte value, 1 MiB, a null value and headers come back exactly',
    run: (harness) =>
      Scene.with(harness, { 'max.message.bytes': '2000000' }, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
        const large = Buffer.alloc(1024 * 1024, all)
        const records = [
          { key: all, value: all, headers: [['h', all] as const, ['', Buffer.alloc(0)] as const, ['ü', all] as const] },
          { key: Buffer.from('k'), value: null, headers: [] },
          { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] },
          { key: Buffer.from('large'), value: large, headers: [] },
        ]
        const stampMs = harness.clock.wallMs()
        ackedAt(await scene.send({ producerId, sequence: 0, records, stampMs }), 0, -1)
        const [batch] = await batchesOf(scene, 0, 10)
        assert.ok(batch)
        assert.equal(batch.producerId, producerId)
        assert.equal(batch.firstSequence, 0)
        batch.records.forEach(({ key, value, headers, offset, timestampMs }, index) => {
          const sent = records[index]
          assert.ok(sent)
          assert.equal(offset, index)
          assert.equal(timestampMs, stampMs)
          assert.ok(key && Buffer.from(key).equals(sent.key))
          assert.equal(value === null, sent.value === null)
          assert.ok(value === null || sent.value === null || Buffer.from(value).equals(sent.value))
          assert.deepEqual(
            headers.map(([name, bytes]) => [name, Buffer.from(bytes)]),
            sent.headers.map(([name, bytes]) => [name, bytes]),
          )
        })
        assert.equal(batch.records.length, records.length)
      }),
  },
  {
    name: 'batches for several partitions of a request each get their own outcome, in order',
    run: (harness) =>
      Scene.with(harness, { 'max.message.bytes': '2000' }, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const leader = (await scene.broker.describeTopic(scene.topic))?.partitions[0]?.leader ?? -1
        const outcomes = await scene.broker.produce({
          pipeline: 3,
          leader,
          batches: [
            scene.batch({ producerId, sequence: 0, values: ['x'.repeat(3000)], stampMs, partition: 1 }),
            scene.batch({ producerId, sequence: 0, values: ['ok'], stampMs, partition: 0 }),
          ],
          timeoutMs: 10_000,
          sendBeforeMs: harness.clock.monotonicMs() + 10_000,
        })
        assert.deepEqual(
          outcomes.map((each) => (each.kind === 'rejected' ? each.code : each.kind)),
          ['MESSAGE_TOO_LARGE', 'acked'],
        )
      }),
  },
  {
    name: 'a topic created anew does not take records meant for the old one',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        ackedAt(await scene.send({ producerId, sequence: 0, values: ['a'], stampMs }), 0, -1)
        await harness.deleteTopic(scene.topic)
        await scene.broker.createTopics([{ topic: scene.topic, partitions: 2, replicationFactor: 1 }])
        const view = await scene.broker.describeTopic(scene.topic, { fresh: true })
        assert.notEqual(view?.topicId, scene.topicId)
        rejectedAs(await scene.send({ producerId, sequence: 1, values: ['b'], stampMs }), 'UNKNOWN_TOPIC_ID')
        assert.deepEqual(await scene.texts(), [])
      }),
  },
  {
    name: 'nothing is written after the time to send',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const late = { sendBeforeMs: harness.clock.monotonicMs() - 1 }
        ackedAt(await scene.send({ producerId, sequence: 0, values: ['a'], stampMs }), 0, -1)
        const outcome = await scene.attempt({ producerId, sequence: 1, values: ['b'], stampMs }, late)
        assert.equal(outcome.kind, 'unsent', JSON.stringify(outcome))
        assert.deepEqual(await scene.texts(), ['a'])
      }),
  },
  {
    name: 'a dropped answer is unknown, and the repeat is a duplicate',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const stampMs = harness.clock.wallMs()
        const sending = { producerId, sequence: 0, values: ['a', 'b'], stampMs }
        await harness.dropNextProduceResponse()
        const outcome = await scene.attempt(sending, { timeoutMs: 1000 })
        assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome))
        ackedAt(await scene.send(sending), 0, stampMs)
        assert.deepEqual(await scene.texts(), ['a', 'b'])
      }),
  },
  {
    name: 'producer ids never repeat, also after a restart',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const ids: number[] = []
        for (let i = 0; i < 3; i++) ids.push(await scene.broker.initProducerId())
        await scene.restart()
        for (let i = 0; i < 3; i++) ids.push(await scene.broker.initProducerId())
        assert.equal(new Set(ids).size, 6, ids.join())
      }),
  },
  {
    name: 'closing twice is safe, and a closed adapter sends nothing',
    run: (harness) =>
      Scene.with(harness, {}, async (scene) => {
        const producerId = await scene.broker.initProducerId()
        const leader = (await scene.broker.describeTopic(scene.topic))?.partitions[0]?.leader ?? -1
        await Promise.all([scene.broker.close(), scene.broker.close()])
        const [outcome] = await scene.broker.produce({
          pipeline: 0,
          leader,
          batches: [scene.batch({ producerId, sequence: 0, values: ['a'], stampMs: 1 })],
          timeoutMs: 1000,
          sendBeforeMs: harness.clock.monotonicMs() + 1000,
        })
        assert.equal(outcome?.kind, 'unsent')
        await assert.rejects(scene.broker.clusterId(), { code: 'WB_STOPPED' })
      }),
  },
]
