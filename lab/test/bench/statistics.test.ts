import assert from 'node:assert/strict'
import test from 'node:test'
import { median, percentile } from '../../src/bench/statistics.js'

test('the median is the middle value, or the mean of the two in the middle, whatever the order', () => {
  assert.equal(median([5, 1, 3]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([7]), 7)
  assert.ok(Number.isNaN(median([])))
})

test('a percentile is a measured value that the share of the others does not exceed', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.equal(percentile(values, 0.5), 50)
  assert.equal(percentile(values, 0.99), 99)
  assert.equal(percentile(values, 1), 100)
  assert.equal(percentile(values, 0), 1)
  assert.equal(percentile([9, 10], 0.5), 9, 'nearest rank, not interpolated')
  assert.equal(percentile(Float64Array.of(3, 1, 2), 0.5), 2)
  assert.ok(Number.isNaN(percentile([], 0.5)))
})

test('numbers are sorted as numbers and the input stays as it was', () => {
  const values = [10, 9, 100]
  assert.equal(median(values), 10)
  assert.deepEqual(values, [10, 9, 100])
})
