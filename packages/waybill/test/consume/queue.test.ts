import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Queue } from '../../src/consume/queue.js'

test('a queue gives what was pushed, each once and in order, however long it was', () => {
  const queue = new Queue<number>()
  const given: number[] = []
  let pushed = 0
  for (const [pushes, shifts] of [
    [5_000, 10],
    [10, 3_000],
    [3_000, 6_000],
    [2, 1],
  ] as const) {
    for (let i = 0; i < pushes; i++) queue.push(pushed++)
    for (let i = 0; i < shifts; i++) {
      const next = queue.shift()
      if (next !== undefined) given.push(next)
    }
  }
  assert.deepEqual(
    given,
    Array.from({ length: given.length }, (_, n) => n),
  )
  assert.equal(given.length, 8_011)
  assert.equal(queue.shift(), 8_011)
  assert.equal(queue.shift(), undefined)
})
