import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explore } from '../simulation/explore.js'
import { plans } from './simulation/plans.js'
import { runPlan } from './simulation/run.js'

const runs = 2_000

test(`exactly once, in key order, nothing lost: ${runs} interleavings of enqueue, claim, send, crash, take-over, restore and mark`, async (t) => {
  const seed = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}; again with SIMULATION_SEED=${seed}`)
  const outcome = await explore(plans, runPlan, { runs, seed, path: undefined })
  assert.equal(outcome.report, '')
  assert.equal(outcome.runs, runs)
})
