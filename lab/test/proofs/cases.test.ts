import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failpointNames } from 'waybill/testing'
import { consumeCases } from '../../src/proofs/consume/consume.js'
import { exactlyOnceCases } from '../../src/proofs/exactly-once.js'

const consumers = /^(fetch|handle|progress|dead-letter|commit):/

test('every failpoint of relay and enqueue has a kill, with a restart and with a take-over', () => {
  const names = new Set(exactlyOnceCases.map(({ name }) => name.split(' ').slice(0, 3).join(' ')))
  for (const point of failpointNames.filter((name) => !consumers.test(name)))
    for (const after of ['restart', 'takeover']) assert.ok(names.has(`kill ${point} ${after}`), `${point} ${after}`)
})

test('every failpoint of the consumer has a kill, with a restart and with a take-over', () => {
  const names = new Set(consumeCases.map(({ name }) => name))
  for (const point of failpointNames.filter((name) => consumers.test(name)))
    for (const after of ['restart', 'takeover']) assert.ok(names.has(`kill ${point} ${after}`), `${point} ${after}`)
})

test('no case is there twice', () => {
  for (const cases of [exactlyOnceCases, consumeCases]) {
    const names = cases.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  }
})

test('the usual relay runs some cases of each kind', () => {
  for (const word of ['kill', 'freeze', 'answer', 'PostgreSQL', 'restored', 'leader'])
    assert.ok(
      exactlyOnceCases.some(({ name, arms }) => name.includes(word) && arms.includes('naive')),
      word,
    )
})
