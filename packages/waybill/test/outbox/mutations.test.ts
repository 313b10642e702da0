import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryMutant } from '../simulation/mutant.js'
import { mutations } from './simulation/mutations.js'

// The seed is fixed: whether a mutant is caught must not depend on luck. 4 000 runs are twice what the property test does.
const runs = 4_000
const seed = 1
const skip = process.env.WAYBILL_FAST === '1'
const reason = skip ? ' (skipped in test:fast: it takes minutes)' : ''

for (const mutation of mutations)
  test(`the simulation notices: ${mutation.name}${reason}`, { skip }, async (t) => {
    const { caught, report } = await tryMutant('outbox', mutation, runs, seed)
    t.diagnostic(report.slice(0, 300))
    assert.ok(caught, report)
  })
