import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainRecords, T0, type TestBatch } from './batches.js'
import { outcome, Partition } from './partition.js'

const MAX = 0x7fffffff
const P = 4001n

async function partition(t: Parameters<typeof Partition.create>[0], settings = {}) {
  const p = await Partition.create(t, settings)
  const send = (epoch: number, sequence: number, count = 1, more: TestBatch = {}): string =>
    outcome(p.append({ producerId: P, epoch, sequence, records: plainRecords(count), ...more }))
  return { p, send }
}

test('a repeat of a batch is answered with its first offset and is not appended', async (t) => {
  const { p, send } = await partition(t)
  assert.equal(send(0, 0, 3), 'appended 0-2')
  assert.equal(send(0, 0, 3), 'duplicate 0-2')
  assert.equal(p.log.endOffset, 3)
})

test('only epoch and sequences make a duplicate: other bytes, other codec are dropped silently', async (t) => {
  const { send } = await partition(t)
  assert.equal(send(0, 0, 3), 'appended 0-2')
  assert.equal(send(0, 0, 3, { records: plainRecords(3, 'other', T0 + 777) }), 'duplicate 0-2')
  assert.equal(send(0, 0, 3, { gzip: true }), 'duplicate 0-2')
})

test('a duplicate answers with the timestamp of the stored batch, a fresh append with -1', async (t) => {
  const { p } = await partition(t)
  const append = (timestamp: number) => p.append({ producerId: P, records: plainRecords(1, 'v', timestamp) })
  const first = append(T0 - 5)
  assert.ok(first.kind === 'appended' && first.appendTimeMs === -1)
  const repeat = append(T0 + 100)
  assert.ok(repeat.kind === 'duplicate' && repeat.appendTimeMs === T0 - 5)
})

test('on LogAppendTime topics first answer and duplicate carry the same append time', async (t) => {
  const { p } = await partition(t, { timestampType: 'LogAppendTime' })
  p.clock.nowMs = T0 + 50
  const first = p.append({ producerId: P })
  p.clock.nowMs = T0 + 90
  const repeat = p.append({ producerId: P })
  assert.deepEqual([first.kind, repeat.kind], ['appended', 'duplicate'])
  for (const result of [first, repeat]) assert.ok(result.kind !== 'rejected' && result.appendTimeMs === T0 + 50)
  const [batch] = p.stored()
  assert.ok(batch?.isLogAppendTime && batch.isCrcValid())
})

test('a different cut of the same sequences is out of order', async (t) => {
  const { send } = await partition(t)
  send(0, 0, 3)
  assert.equal(send(0, 0, 2), 'rejected 45')
  assert.equal(send(0, 2, 2), 'rejected 45')
  assert.equal(send(0, 1, 2), 'rejected 45')
})

test('the last five batches are known, the sixth is out of order', async (t) => {
  const { send } = await partition(t)
  for (let sequence = 0; sequence < 6; sequence++) send(0, sequence)
  for (let sequence = 1; sequence < 6; sequence++) {
    assert.equal(send(0, sequence), `duplicate ${sequence}-${sequence}`)
  }
  assert.equal(send(0, 0), 'rejected 45')
  assert.equal(send(0, 6), 'appended 6-6')
})

test('a skipped sequence is refused and consumes nothing', async (t) => {
  const { p, send } = await partition(t)
  send(0, 0, 2)
  assert.equal(send(0, 3), 'rejected 45')
  assert.equal(send(0, 2), 'appended 2-2')
  assert.equal(p.log.endOffset, 3)
})

test('an unknown producer may start anywhere, at any epoch', async (t) => {
  const { send } = await partition(t)
  assert.equal(send(5, 77), 'appended 0-0')
  assert.equal(send(5, 78), 'appended 1-1')
})

test('a new epoch must start at sequence 0 and fences the older one', async (t) => {
  const { send } = await partition(t)
  send(5, 0)
  assert.equal(send(6, 7), 'rejected 45')
  assert.equal(send(5, 1), 'appended 1-1', 'a refused new epoch fences nobody')
  assert.equal(send(9, 0), 'appended 2-2')
  assert.equal(send(5, 2), 'rejected 47')
  assert.equal(send(5, 1), 'rejected 47', 'not a duplicate any more')
  assert.equal(send(9, 0), 'duplicate 2-2')
  assert.equal(send(32767, 0), 'appended 3-3')
})

test('sequences wrap to 0 after 2^31-1, between batches and inside one', async (t) => {
  const { p, send } = await partition(t)
  assert.equal(send(0, MAX - 2, 2), 'appended 0-1')
  assert.equal(send(0, MAX, 3), 'appended 2-4')
  assert.equal(send(0, MAX, 3), 'duplicate 2-4')
  assert.equal(send(0, 2), 'appended 5-5')
  const [producer] = p.log.producers()
  assert.equal(producer?.lastSequence, 2)
  const { send: other } = await partition(t)
  other(0, MAX)
  assert.equal(other(0, 0), 'appended 1-1')
})

test('validation comes before the duplicate check: a repeat of a stored batch can be refused', async (t) => {
  const { p, send } = await partition(t)
  const big = { records: [{ value: 'x'.repeat(2000) }] }
  assert.equal(send(0, 0, 1, big), 'appended 0-0')
  p.config.maxMessageBytes = 1000
  assert.equal(send(0, 0, 1, big), 'rejected 10')
  assert.equal(send(0, 0, 1), 'duplicate 0-0', 'another row under the used sequence is dropped silently')
  p.clock.nowMs = T0 + 5000
  p.config.timestampBeforeMaxMs = 1000
  assert.equal(send(0, 0, 1), 'rejected 32')
  p.config.timestampBeforeMaxMs = Number.MAX_SAFE_INTEGER
  assert.equal(send(0, 1, 1, { records: [{ key: null }] }), 'appended 1-1')
  p.config.compacted = true
  assert.equal(send(0, 1, 1, { records: [{ key: null }] }), 'rejected 87')
  assert.equal(p.log.endOffset, 2)
})

test('expiry counts from the record timestamp of the last batch, at exactly the configured age', async (t) => {
  const { p, send } = await partition(t, { producerIdExpirationMs: 1000 })
  send(3, 0, 1, { records: plainRecords(1, 'v', T0 - 600) })
  p.clock.nowMs = T0 + 399
  p.log.expireProducers()
  assert.equal(p.log.producers().length, 1)
  p.clock.nowMs = T0 + 400
  assert.equal(send(1, 5), 'rejected 47', 'only the scheduled check expires')
  p.log.expireProducers()
  assert.deepEqual(p.log.producers(), [])
  assert.equal(send(1, 5), 'appended 1-1', 'a zombie of an older epoch passes')
})

test('a restart, clean or not, keeps only the last batch of a producer', async (t) => {
  for (const restart of ['restartCleanly', 'crash'] as const) {
    const { p, send } = await partition(t)
    for (let sequence = 0; sequence < 3; sequence++) send(2, sequence)
    await p[restart]()
    assert.equal(send(2, 2), 'duplicate 2-2')
    assert.equal(send(2, 1), 'rejected 45')
    assert.equal(send(1, 3), 'rejected 47')
    assert.equal(send(2, 3), 'appended 3-3')
  }
})

test('producers whose records are all deleted are known until the restart', async (t) => {
  for (const restart of ['restartCleanly', 'crash'] as const) {
    const { p, send } = await partition(t)
    send(0, 0, 3)
    p.log.deleteRecords(3)
    p.log.enforceRetention()
    assert.equal(send(0, 0, 3), 'duplicate 0-2')
    assert.equal(send(0, 9), 'rejected 45')
    await p[restart]()
    assert.deepEqual(p.log.producers(), [])
    assert.equal(send(0, 0, 3), 'appended 3-5')
  }
})

test('expired producers are not brought back by a restart', async (t) => {
  for (const restart of ['restartCleanly', 'crash'] as const) {
    const { p, send } = await partition(t, { producerIdExpirationMs: 1000 })
    send(0, 0)
    p.clock.nowMs = T0 + 1000
    await p[restart]()
    assert.deepEqual(p.log.producers(), [])
  }
})

test('describes producers as DescribeProducers needs them', async (t) => {
  const { p, send } = await partition(t)
  send(4, 10, 2)
  p.append({ producerId: -1n })
  assert.deepEqual(p.log.producers(), [
    { producerId: P, epoch: 4, lastSequence: 11, lastTimestamp: T0, coordinatorEpoch: -1, currentTxnStartOffset: -1 },
  ])
})

test('transactional batches are refused, with the reason', async (t) => {
  const { p } = await partition(t)
  const result = p.append({ producerId: P, attributes: 0x10 })
  assert.ok(result.kind === 'rejected' && result.errorCode === 48 && result.message.includes('transactions'))
  assert.equal(p.log.endOffset, 0)
})
