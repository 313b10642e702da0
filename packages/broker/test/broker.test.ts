import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { type BrokerOptions, createBroker } from '../src/broker.js'
import type { Client } from './client.js'
import { connected, directory, lastly, started } from './fixture.js'

const T = 'orders'
const topics = [{ name: T, partitions: 1 }]

test('an ordinary producer and reader work against it', async (t) => {
  const broker = await started(t, { topics: [{ name: T, partitions: 3 }] })
  const producer = new Producer({
    clientId: 'p',
    bootstrapBrokers: [broker.bootstrap],
    serializers: stringSerializers,
    idempotent: true,
  })
  lastly(t, () => producer.close())
  const sent = await producer.send({
    messages: [
      { topic: T, key: 'a', value: '1', partition: 1 },
      { topic: T, key: 'a', value: '2', partition: 1 },
    ],
    acks: -1,
  })
  assert.deepEqual(
    sent.offsets?.map((o) => [o.topic, o.partition, Number(o.offset)]),
    [[T, 1, 0]],
  )
  const client = await connected(t, broker)
  assert.deepEqual((await client.producers(T)).length, 0, 'partition 0 saw nothing')
})

test('a repeated batch is answered as a duplicate with the stored timestamp and is not appended again', async (t) => {
  const client = await connected(t, await started(t, { topics }))
  const producerId = await client.producerId()
  const t0 = Date.now()
  const batch = { topic: T, producerId, sequence: 0, values: ['a', 'b', 'c'], timestamp: t0 }
  const first = await client.produce(batch)
  assert.deepEqual([first.errorCode, first.baseOffset, first.logAppendTimeMs], [0, 0, -1])
  const again = await client.produce({ ...batch, values: ['xxxx', 'y', 'z'], timestamp: t0 + 777 })
  assert.deepEqual([again.errorCode, again.baseOffset, again.logAppendTimeMs], [0, 0, t0], 'the stored batch answers')
  assert.equal(await client.end(T), 3)
  const gap = await client.produce({ ...batch, sequence: 9 })
  assert.deepEqual([gap.errorCode, gap.baseOffset], [45, -1], 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  const overlap = await client.produce({ ...batch, sequence: 2, values: ['c', 'd'] })
  assert.equal(overlap.errorCode, 45, 'another count is no duplicate')
  const zombie = await client
    .produce({ ...batch, epoch: 3, sequence: 0 })
    .then(() => client.produce({ ...batch, epoch: 2, sequence: 3 }))
  assert.equal(zombie.errorCode, 47, 'INVALID_PRODUCER_EPOCH')
})

test('only the last five batches of a producer are remembered', async (t) => {
  const client = await connected(t, await started(t, { topics }))
  const producerId = await client.producerId()
  const send = (sequence: number) => client.produce({ topic: T, producerId, sequence, values: ['v'] })
  for (let i = 0; i < 6; i++) await send(i)
  assert.equal((await send(1)).errorCode, 0, 'the fifth newest')
  assert.equal((await send(0)).errorCode, 45, 'OUT_OF_ORDER_SEQUENCE_NUMBER: nobody can tell it from a gap')
  assert.deepEqual(await client.producers(T), [{ producerId, epoch: 0, lastSequence: 5 }])
})

test('validation comes before the duplicate check and consumes no sequence', async (t) => {
  const client = await connected(
    t,
    await started(t, { topics: [...topics, { name: 'table', configs: { 'cleanup.policy': 'compact' } }] }),
  )
  const producerId = await client.producerId()
  const big = { topic: T, producerId, sequence: 0, values: ['x'.repeat(3000)] }
  assert.equal((await client.produce(big)).errorCode, 0)
  await client.alter(2, T, { 'max.message.bytes': '1000' })
  assert.equal((await client.produce(big)).errorCode, 10, 'the repeat is too large now: MESSAGE_TOO_LARGE')
  const keys = ['k', null, 'k']
  const refused = await client.produce({ topic: 'table', producerId, sequence: 0, values: ['a', 'b', 'c'], keys })
  assert.deepEqual(
    [refused.errorCode, refused.recordErrors.map((e) => e.batchIndex)],
    [87, [1]],
    'INVALID_RECORD names the record',
  )
  assert.equal((await client.produce({ topic: 'table', producerId, sequence: 0, values: ['a', 'c'] })).errorCode, 0)
  await client.alter(2, T, { 'message.timestamp.before.max.ms': '1000', 'max.message.bytes': '1048588' })
  const old = await client.produce({ topic: T, producerId, sequence: 1, values: ['x'], timestamp: Date.now() - 5000 })
  assert.deepEqual([old.errorCode, old.recordErrors.map((e) => e.batchIndex)], [32, [0]], 'INVALID_TIMESTAMP')
})

test('a topic with LogAppendTime answers the broker clock', async (t) => {
  const now = 1_700_000_000_000
  const broker = await started(t, {
    topics: [{ name: T, configs: { 'message.timestamp.type': 'LogAppendTime' } }],
    clock: { now: () => now },
  })
  const client = await connected(t, broker)
  const batch = { topic: T, producerId: await client.producerId(), sequence: 0, values: ['a'], timestamp: 5 }
  assert.equal((await client.produce(batch)).logAppendTimeMs, now)
  assert.equal((await client.produce(batch)).logAppendTimeMs, now, 'the duplicate says when it was stored')
})

test('after a crash the last batch is still a duplicate, an older one is not known any more', async (t) => {
  const broker = await started(t, { topics })
  const before = await connected(t, broker)
  const producerId = await before.producerId()
  const send = (client: Client, sequence: number) =>
    client.produce({ topic: T, producerId, sequence, values: [`v${sequence}`] })
  for (let i = 0; i < 3; i++) await send(before, i)
  const { port } = broker
  await broker.faults.crash()
  assert.equal(broker.port, port, 'the same port')
  const after = await connected(t, broker)
  assert.deepEqual(await after.fetch(T, 0), ['v0', 'v1', 'v2'], 'the page cache outlives the process')
  const repeat = await send(after, 2)
  assert.deepEqual([repeat.errorCode, repeat.baseOffset], [0, 2])
  assert.equal((await send(after, 3)).baseOffset, 3, 'the next one goes on')
  assert.equal((await after.topic(T)).leaderEpoch, 1, 'a restart begins a leader epoch')
  assert.ok((await after.producerId()) >= 1000n, 'the rest of the id block is skipped')
  await assert.rejects(before.end(T), 'the old connection is cut')
})

test('a power loss takes what was acknowledged and not flushed, and the leader epoch tells', async (t) => {
  const broker = await started(t, { topics })
  let client = await connected(t, broker)
  const producerId = await client.producerId()
  await client.produce({ topic: T, producerId, sequence: 0, values: ['a', 'b'] })
  await broker.stop()
  await broker.start()
  client = await connected(t, broker)
  assert.equal((await client.topic(T)).leaderEpoch, 1, 'a stop in order loses nothing and begins an epoch')
  assert.equal((await client.produce({ topic: T, producerId, sequence: 2, values: ['c'] })).baseOffset, 2)
  await broker.faults.powerLoss()
  client = await connected(t, broker)
  assert.deepEqual(await client.fetch(T, 0), ['a', 'b'], 'the stop had flushed these')
  assert.deepEqual(await client.endOfEpoch(T, 1), { leaderEpoch: 0, endOffset: 2 }, 'offset 2, of epoch 1, was lost')
  assert.deepEqual(await client.producers(T), [{ producerId, epoch: 0, lastSequence: 1 }])
  assert.equal(
    (await client.produce({ topic: T, producerId, sequence: 3, values: ['d'] })).errorCode,
    45,
    'the loss shows as a gap',
  )
  assert.equal(broker.faults.snapshot().powerLosses, 1)
})

test('with flush.messages=1 a power loss takes nothing that was acknowledged', async (t) => {
  const broker = await started(t, { topics, configs: { 'log.flush.interval.messages': '1' } })
  const client = await connected(t, broker)
  for (let i = 0; i < 5; i++) await client.produce({ topic: T, values: [`v${i}`] })
  await broker.faults.powerLoss()
  assert.deepEqual(await (await connected(t, broker)).fetch(T, 0), ['v0', 'v1', 'v2', 'v3', 'v4'])
})

test('topics, ids, configs and producer ids are found again on the same directory', async (t) => {
  const dataDir = directory(t)
  const first = await started(t, { dataDir })
  const a = await connected(t, first)
  await a.createTopic(T, { 'retention.ms': '1234567' })
  const { id } = await a.topic(T)
  const producerId = await a.producerId()
  await a.produce({ topic: T, values: ['kept'] })
  await first.close()
  await first.close()
  await assert.rejects(first.start(), /closed/)
  const second = await started(t, { dataDir, topics: [{ name: T, partitions: 5 }] })
  const b = await connected(t, second)
  assert.equal((await b.topic(T)).id, id)
  assert.deepEqual(await b.fetch(T, 0), ['kept'])
  assert.equal((await b.describe(2, T, ['retention.ms']))[0]?.value, '1234567')
  assert.ok((await b.producerId()) > producerId)
})

test('a temporary directory goes with close, start and stop may be called twice', async (t) => {
  const broker = await started(t, { topics })
  assert.ok(readdirSync(broker.dataDir).includes(`${T}-0`))
  await Promise.all([broker.start(), broker.start()])
  await Promise.all([broker.stop(), broker.stop()])
  assert.equal(broker.isUp, false)
  await broker.close()
  assert.throws(() => readdirSync(broker.dataDir), /ENOENT/)
})

test('deleted records are gone for readers and the producer state stays', async (t) => {
  const client = await connected(t, await started(t, { topics }))
  const producerId = await client.producerId()
  const send = (sequence: number) => client.produce({ topic: T, producerId, sequence, values: ['v'] })
  for (let i = 0; i < 3; i++) await send(i)
  assert.equal(await client.deleteRecords(T, 2), 2)
  assert.equal((await client.offset(T, -2n)).offset, 2)
  assert.equal(await client.deleteRecords(T, -1), 3)
  const repeat = await send(2)
  assert.deepEqual([repeat.errorCode, repeat.baseOffset, repeat.logStartOffset], [0, 2, 3])
  await assert.rejects(client.deleteRecords(T, 99))
})

test('offsets are found by time, at the ends and at the largest timestamp', async (t) => {
  const client = await connected(t, await started(t, { topics }))
  const t0 = Date.now() - 10_000
  for (const at of [0, 2000, 1000]) await client.produce({ topic: T, values: ['v'], timestamp: t0 + at })
  assert.deepEqual(await client.offset(T, BigInt(t0 + 500)), { offset: 1, timestamp: t0 + 2000, leaderEpoch: 0 })
  assert.deepEqual(await client.offset(T, -3n), { offset: 1, timestamp: t0 + 2000, leaderEpoch: 0 })
  assert.deepEqual(await client.offset(T, -1n), { offset: 3, timestamp: -1, leaderEpoch: 0 })
  assert.deepEqual(await client.offset(T, BigInt(t0 + 9999)), { offset: -1, timestamp: -1, leaderEpoch: -1 })
})

test('configs say where they come from, and unknown or bad ones are refused', async (t) => {
  const client = await connected(t, await started(t, { topics, configs: { 'message.max.bytes': '5000' } }))
  const names = ['max.message.bytes', 'retention.ms', 'no.such.config']
  assert.deepEqual(await client.describe(2, T, names), [
    { name: 'max.message.bytes', value: '5000', source: 4, readOnly: false },
    { name: 'retention.ms', value: '604800000', source: 5, readOnly: false },
  ])
  await client.alter(2, T, { 'retention.ms': '1' })
  assert.equal((await client.describe(2, T, ['retention.ms']))[0]?.source, 1)
  await client.alter(4, '', { 'producer.id.expiration.ms': '3000' })
  const broker = await client.describe(4, '1', ['producer.id.expiration.ms', 'auto.create.topics.enable'])
  assert.deepEqual(broker, [
    { name: 'auto.create.topics.enable', value: 'false', source: 5, readOnly: true },
    { name: 'producer.id.expiration.ms', value: '3000', source: 3, readOnly: false },
  ])
  const code = (promise: Promise<unknown>, expected: number) =>
    assert.rejects(promise, (error: unknown) =>
      JSON.stringify((error as { response?: unknown }).response, (_k, v: unknown) =>
        typeof v === 'bigint' ? Number(v) : v,
      ).includes(`"errorCode":${expected}`),
    )
  await code(client.createTopic('other', { nonsense: '1' }), 40)
  await code(client.createTopic('other', { 'retention.ms': 'soon' }), 40)
  await code(client.createTopic('a b'), 17)
  await code(client.createTopic(T), 36)
  await code(client.createTopic('none', {}, 0), 37)
  await code(client.alter(4, '', { 'auto.create.topics.enable': 'true' }), 42)
  await assert.rejects(createBroker({ configs: { 'no.such': '1' } }), /unknown broker config 'no.such'/)
  await assert.rejects(createBroker({ dataDirectory: '/tmp/x' } as BrokerOptions), /no option 'dataDirectory'/)
})
