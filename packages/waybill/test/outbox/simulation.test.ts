import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { simulate } from '../simulation/simulate.js'

// The fast run makes do with a quarter; 2 000 take about half a minute.
const runs = process.env.WAYBILL_FAST === '1' ? 500 : 2_000

test(`exactly once, in key order, nothing lost: ${runs} interleavings of enqueue, claim, send, crash, take-over, restore and mark`, async (t) => {
  const seed = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}; again with SIMULATION_SEED=${seed}`)
  const { report } = await simulate(fileURLToPath(new URL('./simulation/main.js', import.meta.url)), runs, seed)
  assert.equal(report, `held ${runs} runs, seed ${seed}`)
})
