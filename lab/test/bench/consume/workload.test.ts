import assert from 'node:assert/strict'
import test from 'node:test'
import { keysOf, nowork, valueOf, w1, w3, workloads } from '../../../src/bench/consume/workload.js'

test('every arm and every key count of W1 has the same list of whole milliseconds from 0 to 5', () => {
  const [few, many] = [w1(20), w1(1_000)]
  const works = Array.from({ length: 10_000 }, (_, n) => few.workMicros(n))
  assert.deepEqual(new Set(works), new Set([0, 1_000, 2_000, 3_000, 4_000, 5_000]))
  assert.ok(works.every((micros, n) => micros === many.workMicros(n)))
  const mean = works.reduce((sum, micros) => sum + micros, 0) / works.length
  assert.ok(Math.abs(mean - 2_500) < 50, `mean ${mean}`)
})

test('a record of 200 bytes says its number and its work at fixed places', () => {
  const value = valueOf(w3(0.1), 123)
  assert.equal(value.length, 200)
  assert.equal(value.toString('latin1', 0, 17), '00000123 0000100 ')
})

test('every key is as frequent as the others, in an order that is the same each time', () => {
  const keys = keysOf(nowork(50_000))
  const times = new Uint32Array(1_000)
  for (const key of keys) times[key] = (times[key] ?? 0) + 1
  assert.ok(times.every((each) => each === 50))
  assert.notDeepEqual(keys.subarray(0, 1_000), keys.subarray(1_000, 2_000))
  assert.deepEqual(keysOf(nowork(50_000)), keys)
})

test('the full bench has every key count of W1 and every work of W3, the usual one a few', () => {
  const given = { keys: [20, 1_000], full: false, count: 1_000 }
  const usual = workloads(['w1', 'w2', 'w3', 'nowork'], given).map(({ name }) => name)
  assert.deepEqual(usual, ['w1-20', 'w1-1000', 'w2', 'w3-10', 'nowork'])
  const full = workloads(['w3'], { ...given, full: true }).map(({ name }) => name)
  assert.deepEqual(full, ['w3-0', 'w3-0.1', 'w3-1', 'w3-10', 'w3-35', 'w3-50', 'w3-100'])
})
