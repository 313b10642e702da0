import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeaderEpochs } from '../../src/log/leader-epochs.js'
import { Partition } from './partition.js'

function epochs(): LeaderEpochs {
  return new LeaderEpochs([
    { epoch: 2, startOffset: 10 },
    { epoch: 4, startOffset: 20 },
    { epoch: 7, startOffset: 30 },
  ])
}
const end = (table: LeaderEpochs, epoch: number): [number, number] => {
  const { leaderEpoch, endOffset } = table.endOffsetFor(epoch, 44)
  return [leaderEpoch, endOffset]
}

test('an epoch ends where the next known one begins, the latest at the log end', () => {
  assert.deepEqual(end(epochs(), 2), [2, 20])
  assert.deepEqual(end(epochs(), 4), [4, 30])
  assert.deepEqual(end(epochs(), 7), [7, 44])
})

test('an epoch that wrote nothing is answered with the largest smaller one', () => {
  assert.deepEqual(end(epochs(), 3), [2, 20])
  assert.deepEqual(end(epochs(), 6), [4, 30])
})

test('an epoch before all known ones ends where the first begins; newer and undefined ones are unknown', () => {
  assert.deepEqual(end(epochs(), 1), [1, 10])
  assert.deepEqual(end(epochs(), 8), [-1, -1])
  assert.deepEqual(end(epochs(), -1), [-1, -1])
  assert.deepEqual(end(new LeaderEpochs(), 0), [-1, -1])
})

test('assigning drops what the new epoch contradicts and ignores a running epoch', () => {
  const table = epochs()
  assert.equal(table.assign(7, 35), false)
  assert.equal(table.assign(8, 25), true)
  assert.deepEqual(table.entries(), [
    { epoch: 2, startOffset: 10 },
    { epoch: 4, startOffset: 20 },
    { epoch: 8, startOffset: 25 },
  ])
  assert.equal(table.assign(-1, 50), false)
})

test('truncation from both ends keeps the running epoch', () => {
  const table = epochs()
  assert.equal(table.truncateFromEnd(30), true)
  assert.equal(table.truncateFromEnd(30), false)
  assert.equal(table.truncateFromStart(15), true)
  assert.equal(table.truncateFromStart(15), false)
  assert.deepEqual(table.entries(), [
    { epoch: 2, startOffset: 15 },
    { epoch: 4, startOffset: 20 },
  ])
  assert.equal(table.truncateFromStart(40), true)
  assert.deepEqual(table.entries(), [{ epoch: 4, startOffset: 40 }])
})

test('the log knows its epochs across restarts and forgets those it lost', async (t) => {
  const p = await Partition.create(t)
  p.append({}, 1)
  p.log.flush()
  p.append({}, 3)
  p.log.beginLeaderEpoch(5)
  assert.deepEqual(p.log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 1 })
  assert.deepEqual(p.log.endOffsetForEpoch(3), { leaderEpoch: 3, endOffset: 2 })
  assert.deepEqual(p.log.endOffsetForEpoch(5), { leaderEpoch: 5, endOffset: 2 })
  await p.crash()
  assert.deepEqual(p.log.endOffsetForEpoch(3), { leaderEpoch: 3, endOffset: 2 })
  assert.deepEqual(p.log.endOffsetForEpoch(5), { leaderEpoch: -1, endOffset: -1 }, 'it wrote nothing')
  await p.losePower()
  assert.deepEqual(p.log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 1 })
  assert.deepEqual(p.log.endOffsetForEpoch(3), { leaderEpoch: -1, endOffset: -1 })
})
