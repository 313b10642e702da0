import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failpointNames } from 'waybill/testing'
import { boundedCases, crashCases, nameOf } from '../../src/crash/cases.js'

/** Points that a process passes once in its life. */
const once: ReadonlySet<string> = new Set(['stop:before-release'])

test('every failpoint has a kill at its first hit and at a later one, each with a restart and with a takeover', () => {
  for (const name of failpointNames)
    for (const after of ['restart', 'takeover']) {
      const hits = crashCases.filter((c) => c.failpoint === name && c.ending === 'kill' && c.after === after)
      assert.ok(
        hits.some(({ hit }) => hit === 1),
        `${name} ${after}`,
      )
      assert.ok(once.has(name) || hits.some(({ hit }) => hit > 1), `${name} ${after} later`)
    }
})

test('a relay and a consumer are frozen while another one takes over', () => {
  for (const engine of ['relay', 'consumer'])
    assert.ok(crashCases.some((c) => c.engine === engine && c.ending === 'freeze' && c.after === 'takeover'))
})

test('no case is there twice', () => {
  const names = crashCases.map(nameOf)
  assert.equal(new Set(names).size, names.length)
})

test('the bounded set kills at every failpoint, and has zombies', () => {
  const bounded = boundedCases(failpointNames)
  const killed = bounded.filter(({ ending }) => ending === 'kill').map(({ failpoint }) => failpoint)
  assert.deepEqual(killed, [...failpointNames])
  const frozen = bounded.filter(({ ending }) => ending === 'freeze').map(({ engine }) => engine)
  assert.deepEqual(frozen, ['relay', 'consumer'])
})
