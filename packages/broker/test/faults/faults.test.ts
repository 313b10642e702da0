import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBroker } from '../../src/broker.js'
import { connected, raw, started } from '../fixture.js'

const T = 'orders'
const topics = [{ name: T }]

test('a dropped response was executed: the repeat is a duplicate', async (t) => {
  const broker = await started(t, { topics })
  const client = await connected(t, broker)
  const producerId = await client.producerId()
  broker.faults.dropResponses({ api: 'Produce', count: 1 })
  const batch = { topic: T, producerId, sequence: 0, values: ['a'], timestamp: 1000 }
  await assert.rejects(client.produce(batch), 'the connection is cut instead of an answer')
  assert.equal(broker.faults.snapshot().dropped, 1)
  const again = await connected(t, broker)
  const repeat = await again.produce(batch)
  assert.deepEqual([repeat.errorCode, repeat.baseOffset, repeat.logAppendTimeMs], [0, 0, 1000])
  assert.equal(await again.end(T), 1)
})

test('every n-th response is dropped until the count is used up, other APIs are left alone', async (t) => {
  const broker = await started(t, { topics })
  broker.faults.dropResponses({ api: 'Produce', count: 2, every: 3 })
  const fates: boolean[] = []
  for (let i = 0; i < 8; i++) {
    const client = await connected(t, broker)
    await client.end(T)
    fates.push(
      await client.produce({ topic: T, values: ['v'] }).then(
        () => true,
        () => false,
      ),
    )
  }
  assert.deepEqual(fates, [true, true, false, true, true, false, true, true])
  assert.deepEqual(broker.faults.snapshot().pending.drops, [])
})

test('an injected error executes nothing and touches only its topic', async (t) => {
  const broker = await started(t, { topics: [{ name: T }, { name: 'other' }] })
  const client = await connected(t, broker)
  broker.faults.errorNext({ api: 'Produce', count: 1, errorCode: 19, topic: T })
  assert.equal((await client.produce({ topic: 'other', values: ['v'] })).errorCode, 0)
  const both = await client.produceAll([
    { topic: T, values: ['v'] },
    { topic: 'other', values: ['v'] },
  ])
  assert.deepEqual(
    both.map((a) => a.errorCode).toSorted((a, b) => a - b),
    [0, 19],
  )
  assert.equal(await client.end(T), 0)
  assert.equal((await client.produce({ topic: T, values: ['v'] })).errorCode, 0, 'used up')
  broker.faults.errorNext({ api: 'InitProducerId', count: 1, errorCode: 14 })
  await assert.rejects(client.producerId())
  assert.equal(broker.faults.snapshot().errored, 2)
})

test('a delayed response is held back by the given time', async (t) => {
  const timers = {
    waiting: [] as { ms: number; action: () => void }[],
    after: (ms: number, action: () => void) => {
      const entry = { ms, action }
      timers.waiting.push(entry)
      return () => {
        timers.waiting = timers.waiting.filter((e) => e !== entry)
      }
    },
  }
  const broker = await started(t, { topics, timers })
  const client = await connected(t, broker)
  broker.faults.delayResponses({ api: 'Produce', count: 1, delayMs: 777 })
  const answer = client.produce({ topic: T, values: ['v'] })
  const other = await connected(t, broker)
  while ((await other.end(T)) < 1);
  const held = timers.waiting.find((e) => e.ms === 777)
  assert.ok(held, 'executed, and the answer waits')
  held.action()
  assert.equal((await answer).errorCode, 0)
})

test('a full disk refuses appends only, keeps the log whole, and recovers', async (t) => {
  const broker = await started(t, { topics })
  const client = await connected(t, broker)
  const producerId = await client.producerId()
  const send = (sequence: number) => client.produce({ topic: T, producerId, sequence, values: [`v${sequence}`] })
  await send(0)
  broker.faults.diskFull(true)
  assert.equal((await send(1)).errorCode, 56, 'KAFKA_STORAGE_ERROR')
  assert.equal((await send(0)).errorCode, 0, 'a duplicate needs no space')
  assert.equal(await client.end(T), 1)
  broker.faults.diskFull(false)
  assert.deepEqual([(await send(1)).baseOffset, await client.fetch(T, 0)], [1, ['v0', 'v1']])
})

test('producers can be made to expire: a repeat is then appended twice, as by Kafka after 24 h', async (t) => {
  const broker = await started(t, { topics })
  const client = await connected(t, broker)
  const batch = { topic: T, producerId: await client.producerId(), sequence: 0, values: ['a'] }
  await client.produce(batch)
  broker.faults.expireProducers()
  assert.deepEqual(await client.producers(T), [])
  assert.equal((await client.produce(batch)).baseOffset, 1)
})

test('a crashed broker can stay down until it is started', async (t) => {
  const broker = await started(t, { topics })
  await broker.faults.crash({ restart: false })
  assert.equal(broker.isUp, false)
  await assert.rejects(raw(t, broker), /ECONNREFUSED/)
  await broker.start()
  assert.equal((await (await connected(t, broker)).topic(T)).leaderEpoch, 1)
})

test('a power loss after a crash takes the page cache of the dead process, after a stop in order nothing', async (t) => {
  const broker = await started(t, { topics })
  await (await connected(t, broker)).produce({ topic: T, values: ['flushed by the stop'] })
  await broker.stop()
  await broker.faults.powerLoss()
  const client = await connected(t, broker)
  assert.deepEqual([await client.end(T), (await client.topic(T)).leaderEpoch], [1, 1])
  await client.produce({ topic: T, values: ['lost'] })
  await broker.faults.crash({ restart: false })
  await broker.faults.powerLoss({ restart: true })
  assert.equal(await (await connected(t, broker)).end(T), 1)
})

test('crashes asked for at once happen one after the other', async (t) => {
  const broker = await started(t, { topics })
  await Promise.all([broker.faults.crash(), broker.faults.powerLoss(), broker.faults.crash()])
  const { crashes, powerLosses } = broker.faults.snapshot()
  assert.deepEqual([crashes, powerLosses, broker.isUp], [2, 1, true])
  assert.equal((await (await connected(t, broker)).topic(T)).leaderEpoch, 3)
})

test('a switch that could never act is refused', async (t) => {
  const broker = await started(t)
  assert.throws(() => broker.faults.dropResponses({ api: 'produce', count: 1 }), /no API is called 'produce'.*Produce/)
  assert.throws(() => broker.faults.dropResponses({ api: 'Produce', count: 0 }), /count/)
  assert.throws(() => broker.faults.errorNext({ api: 'Produce', count: 1, errorCode: 0 }), /errorCode/)
})

test('another process pulls the same switches over HTTP', async (t) => {
  const broker = await started(t, { topics, faultsPort: 0 })
  const call = async (name: string, body?: object) => {
    const init = body
      ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      : {}
    const response = await fetch(`${broker.faultsUrl}${name}`, init)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  assert.equal((await call('/faults')).body['dropped'], 0)
  const set = await call('/faults/drop-responses', { api: 'Produce', count: 1 })
  assert.deepEqual(set.body['pending'], { drops: [{ api: 'Produce', count: 1, every: 1 }], errors: [], delays: [] })
  await assert.rejects((await connected(t, broker)).produce({ topic: T, values: ['v'] }))
  assert.equal((await call('/faults')).body['dropped'], 1)
  assert.equal((await call('/faults/power-loss', {})).body['powerLosses'], 1)
  assert.equal(await (await connected(t, broker)).end(T), 0, 'the unflushed record is gone')
  assert.equal((await call('/faults/drop-responses', { api: 'Nothing' })).status, 400)
  assert.equal((await call('/faults/nothing', {})).status, 404)
  assert.equal((await fetch(`${broker.faultsUrl}/faults/crash`, { method: 'POST', body: '{}' })).status, 415)
})

test('a broker that is disposed of leaves no control port behind', async () => {
  let url: string | undefined
  {
    await using broker = await createBroker({ faultsPort: 0 })
    url = broker.faultsUrl
  }
  await assert.rejects(fetch(`${url}/faults`))
})
