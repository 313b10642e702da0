import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, slotOf } from '../../src/model/lane.js'
import type { LaneState, OutboxStore } from '../../src/ports/outbox-store.js'
import type { TopicView } from '../../src/ports/broker.js'
import { OwnedLane } from '../../src/outbox/lane-state.js'
import { relayDefaults } from '../../src/outbox/options.js'
import { Reader } from '../../src/outbox/reader.js'
import { Topics } from '../../src/outbox/topics.js'
import { memoryStore, memoryTransactions } from '../../src/memory.js'

const topicId = 'a'.repeat(32)
const view: TopicView = {
  topic: 'orders',
  topicId,
  partitions: [{ partition: 0, leader: 1, leaderEpoch: 0 }],
  replicationFactor: 1,
  maxMessageBytes: 1_048_588,
  retentionMs: -1,
  timestampType: 'CreateTime',
  producerIdExpirationMs: 86_400_000,
}

async function bench(known = true) {
  let nowMs = 0
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: async () => undefined }
  const store = memoryStore({ nowMs: () => nowMs })
  await store.migrate({ source: 's', lanes: 1 })
  const cluster = { topic: known ? view : undefined }
  const topics = new Topics(
    {
      broker: { describeTopic: async () => cluster.topic } as unknown as ConstructorParameters<
        typeof Topics
      >[0]['broker'],
      clock,
    },
    { changed: () => undefined, learned: () => undefined, failed: () => undefined },
  )
  topics.view('orders')
  await Promise.resolve()
  const [state] = await store.take('me', 1, 60_000)
  const lane = new OwnedLane(state as LaneState, 0, 60_000)
  const between: { run?: () => void } = {}
  const looked: OutboxStore = {
    ...store,
    async read(lanes, limit) {
      const page = await store.read(lanes, limit)
      between.run?.()
      delete between.run
      const { openSenders = new Set<string>() } = await store.read([], { ...limit, looksAlways: true })
      return { ...page, openSenders }
    },
  }
  const reader = new Reader(looked, clock, topics, relayDefaults)
  const send = async (tx: ReturnType<typeof store.begin>, key: string, text: string) =>
    store.enqueue(memoryTransactions(store), tx, [
      {
        lane: 0,
        messageId: Buffer.from(text).toString('hex').padStart(32, '0'),
        topic: 'orders',
        key: Buffer.from(key),
        headers: [],
        value: Buffer.from(text),
      },
    ])
  const queued = () =>
    [...lane.streams.values()].flatMap(({ queue }) => queue.map((row) => Buffer.from(row.value ?? []).toString()))
  const read = async (times = 1) => {
    for (let time = 0; time < times; time++) {
      nowMs += 100
      await reader.read([lane])
    }
  }
  return { store, send, queued, read, between, cluster, topics, advance: (ms: number) => (nowMs += ms) }
}

test('a key keeps its order although its first transaction was open for longer than anything was read ahead', async () => {
  const { store, send, queued, read } = await bench()
  const slow = store.begin()
  await send(slow, 'a', 'first of a')
  for (let at = 0; at < 5; at++) {
    const quick = store.begin()
    await send(quick, 'b', `b${at}`)
    store.commit(quick)
    await read(3)
  }
  store.commit(slow)
  const next = store.begin()
  await send(next, 'a', 'second of a')
  store.commit(next)
  // The first look starts above the slow sender's row and finds it gone: what it read is not to be used.
  await read()
  assert.deepEqual(
    queued().filter((text) => text.endsWith('of a')),
    [],
  )
  await read()
  const ofA = queued().filter((text) => text.endsWith('of a'))
  assert.deepEqual(ofA, ['first of a', 'second of a'])
})

test('a key keeps its order although its first transaction began after a look and committed between a read and its look', async () => {
  const { store, send, queued, read, between } = await bench()
  const [slow, quick] = [store.begin(), store.begin()]
  await send(slow, 'a', 'first of a')
  await send(quick, 'b', 'b')
  store.commit(quick)
  // In PostgreSQL the rows are of the statement's beginning and the locks are looked at later.
  between.run = () => store.commit(slow)
  await read()
  assert.deepEqual(queued(), ['b'])
  const next = store.begin()
  await send(next, 'a', 'second of a')
  store.commit(next)
  await read()
  assert.deepEqual(
    queued().filter((text) => text.endsWith('of a')),
    ['first of a', 'second of a'],
  )
})

test('rows of a topic that the cluster does not know are passed over and come back in order when it does', async () => {
  const { store, send, queued, read, cluster, topics, advance } = await bench(false)
  for (const text of ['one', 'two']) {
    const tx = store.begin()
    await send(tx, 'a', text)
    store.commit(tx)
    await read(2)
  }
  assert.deepEqual(queued(), [])
  cluster.topic = view
  advance(10_000)
  topics.view('orders')
  await Promise.resolve()
  await read(4)
  assert.deepEqual(queued(), ['one', 'two'])
})

test('murmur2 and partitions agree with Java’s DefaultPartitioner', () => {
  // Values from Kafka's own UtilsTest.testMurmur2.
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ]
  for (const [text, hash] of known) assert.equal(murmur2(Buffer.from(text)), hash, text)
  assert.equal(slotOf(Buffer.from('21'), 1), 0)
})

test('a page that was read while there was room is queued whole: no row is read twice', async () => {
  const { store, send, queued, read } = await bench()
  const enqueue = async (count: number) => {
    const tx = store.begin()
    for (let at = 0; at < count; at++) await send(tx, 'a', `row ${at}`)
    store.commit(tx)
  }
  await enqueue(relayDefaults.bufferRowsMax - 500)
  await read(2)
  assert.equal(queued().length, relayDefaults.bufferRowsMax - 500)
  await enqueue(3000)
  await read()
  assert.equal(queued().length, relayDefaults.bufferRowsMax + 1500)
  // Now it is full, and waits.
  await read(3)
  assert.equal(queued().length, relayDefaults.bufferRowsMax + 1500)
})
