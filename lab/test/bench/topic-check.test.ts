import assert from 'node:assert/strict'
import test from 'node:test'
import { type CheckedRecord, TopicCheck, type TopicFaults } from '../../src/bench/topic-check.js'
import { keyOf, numberOf, valueOf } from '../../src/bench/work.js'

const record = (n: number, partition = 0): CheckedRecord => ({ partition, key: keyOf(n), value: valueOf(n) })
const none: TopicFaults = { missing: 0, duplicates: 0, reordered: 0, foreign: 0 }

function faultsOf(count: number, records: readonly CheckedRecord[]): TopicFaults {
  const check = new TopicCheck(count)
  for (const one of records) check.add(one)
  return check.faults()
}

test('each message once and each key in order is without faults, whatever the order between keys', () => {
  assert.deepEqual(faultsOf(3, [record(3), record(1), record(2)]), none)
  assert.deepEqual(
    faultsOf(2001, [record(1), record(1001), record(2001), ...range(2, 1000), ...range(1002, 2000)]),
    none,
  )
})

test('a missing message, a duplicate and a foreign record are counted', () => {
  assert.deepEqual(faultsOf(3, [record(1), record(3)]), { ...none, missing: 1 })
  assert.deepEqual(faultsOf(2, [record(1), record(2), record(1)]), { ...none, duplicates: 1 })
  const foreign = { partition: 0, key: 'key-00000001', value: 'hello' }
  assert.deepEqual(faultsOf(1, [record(1), foreign, record(2)]), { ...none, foreign: 2 })
})

test('a later message of a key before an earlier one, and a key in two partitions, are out of order', () => {
  assert.deepEqual(faultsOf(1001, [record(1001), ...range(1, 1000)]), { ...none, reordered: 1 })
  assert.deepEqual(faultsOf(1001, [...range(1, 1000), record(1001, 1)]), { ...none, reordered: 1 })
})

test('a value has 200 bytes and tells its number', () => {
  for (const n of [1, 999, 1000, 123_456, 1_300_000]) {
    assert.equal(Buffer.byteLength(valueOf(n)), 200)
    assert.equal(numberOf(valueOf(n)), n)
    assert.equal((JSON.parse(valueOf(n)) as { key: string }).key, keyOf(n))
  }
  assert.equal(numberOf('{"m":1}'), -1)
})

function range(first: number, last: number): CheckedRecord[] {
  return Array.from({ length: last - first + 1 }, (_, index) => record(first + index))
}
