import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Brake } from '../../src/consume/brake.js'

test('no more than 20 of the newest 200 messages become dead letters', () => {
  const brake = new Brake(10)
  for (let count = 0; count < 20; count++) assert.ok(brake.allows(), `letter ${count}`)
  assert.ok(!brake.allows())
  // The 20 letters are the oldest of 200 now; each further message takes the place of one of them.
  for (let count = 0; count < 180; count++) brake.handled()
  assert.ok(brake.allows())
  assert.ok(brake.allows(), 'a letter in the place of a letter')
  brake.handled()
  assert.ok(brake.allows())
})

test('letters that are one in ten never stop the consumer, one in nine do', () => {
  const lasts = (every: number): boolean => {
    const brake = new Brake(10)
    for (let at = 1; at <= 2_000; at++)
      if (at % every !== 0) brake.handled()
      else if (!brake.allows()) return false
    return true
  }
  assert.ok(lasts(10))
  assert.ok(!lasts(9))
})

test('brakePercent 0 allows no dead letter, 100 all', () => {
  assert.ok(!new Brake(0).allows())
  const open = new Brake(100)
  for (let count = 0; count < 1_000; count++) assert.ok(open.allows())
})
