import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addToSequence, RecordBatch, subtractFromSequence } from '../../src/log/record-batch.js'
import { encodeBatch, plainRecords, T0 } from './batches.js'

const MAX = 0x7fffffff

test('reads every header field', () => {
  const batch = new RecordBatch(
    encodeBatch({
      records: [{ timestamp: T0 }, { timestamp: T0 + 5 }],
      producerId: 2n ** 40n,
      epoch: 7,
      sequence: 11,
      gzip: true,
    }),
  )
  assert.equal(batch.sizeBytes, batch.bytes.length)
  assert.deepEqual(
    [batch.baseOffset, batch.leaderEpoch, batch.magic, batch.codec, batch.lastOffsetDelta, batch.count],
    [0, -1, 2, 'gzip', 1, 2],
  )
  assert.deepEqual([batch.baseTimestamp, batch.maxTimestamp], [T0, T0 + 5])
  assert.deepEqual([batch.producerId, batch.producerEpoch, batch.baseSequence], [2n ** 40n, 7, 11])
  assert.equal(batch.lastSequence, 12)
  assert.equal(batch.isTransactional || batch.isControl || batch.isLogAppendTime || batch.hasDeleteHorizon, false)
})

test('a batch without a producer has id -1 and no last sequence', () => {
  const batch = new RecordBatch(encodeBatch())
  assert.deepEqual([batch.hasProducerId, batch.producerId, batch.lastSequence], [false, -1n, -1])
})

test('base offset and leader epoch lie outside the CRC', () => {
  const batch = new RecordBatch(encodeBatch({ records: plainRecords(3) }))
  batch.setBaseOffset(2 ** 40 + 5)
  batch.setLeaderEpoch(9)
  assert.deepEqual([batch.baseOffset, batch.lastOffset, batch.leaderEpoch], [2 ** 40 + 5, 2 ** 40 + 7, 9])
  assert.ok(batch.isCrcValid())
})

test('append time lies inside the CRC, which is then computed anew', () => {
  const batch = new RecordBatch(encodeBatch({ records: plainRecords(3) }))
  assert.equal(batch.setMaxTimestamp('CreateTime', T0), false)
  assert.equal(batch.setMaxTimestamp('LogAppendTime', T0 + 9), true)
  assert.equal(batch.isCrcValid(), false)
  batch.rewriteCrc(batch.recordBytes)
  assert.ok(batch.isCrcValid())
  assert.deepEqual([batch.isLogAppendTime, batch.maxTimestamp], [true, T0 + 9])
})

test('every flipped bit from the attributes on breaks the CRC', () => {
  const bytes = encodeBatch({ records: plainRecords(2) })
  for (let at = 21; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    assert.equal(new RecordBatch(damaged).isCrcValid(), false, `byte ${at}`)
  }
})

test('sequences wrap from 2^31-1 to 0, also inside a batch', () => {
  assert.equal(addToSequence(MAX, 1), 0)
  assert.equal(addToSequence(MAX - 1, 3), 1)
  assert.equal(addToSequence(5, 3), 8)
  for (const first of [0, 1, 77, MAX - 4, MAX]) {
    for (const delta of [0, 1, 4, 499]) assert.equal(subtractFromSequence(addToSequence(first, delta), delta), first)
  }
})

test('too few bytes for a header are refused', () => {
  assert.throws(() => new RecordBatch(encodeBatch().subarray(0, 60)), /needs 61 header bytes, got 60/)
})
