import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pauses } from '../../src/consume/pauses.js'

const places = [
  ['a', 0],
  ['a', 1],
  ['b', 0],
] as const

const paused = (pauses: Pauses): string[] =>
  places
    .filter(([topic, partition]) => pauses.covers(topic, partition))
    .map(([topic, partition]) => `${topic}/${partition}`)

test('the last call that covers a partition decides', () => {
  const pauses = new Pauses()
  assert.deepEqual(paused(pauses), [])
  pauses.set(true, 'a', 1)
  assert.deepEqual(paused(pauses), ['a/1'])
  pauses.set(true)
  assert.deepEqual(paused(pauses), ['a/0', 'a/1', 'b/0'])
  pauses.set(false, 'a')
  assert.deepEqual(paused(pauses), ['b/0'])
  pauses.set(true, 'a', 0)
  pauses.set(true, 'a', 0)
  assert.deepEqual(paused(pauses), ['a/0', 'b/0'])
  pauses.set(true, 'a')
  pauses.set(false, 'a', 0)
  assert.deepEqual(paused(pauses), ['a/1', 'b/0'])
  pauses.set(false)
  assert.deepEqual(paused(pauses), [])
})
