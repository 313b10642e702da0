import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { simulate } from '../simulation/simulate.js'

// 5 000 and more by hand: see docs/proofs.md.
const runs = process.env.WAYBILL_FAST === '1' ? 250 : 600

test(`nothing lost, effects once, keys in order: ${runs} interleavings of fetch, dispatch, handler, batch, commit, pause, seek, rebalance, crash and zombie`, async (t) => {
  const seed = Number(process.env.SIMULATION_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}; again with SIMULATION_SEED=${seed}`)
  const { report } = await simulate(fileURLToPath(new URL('./simulation/main.js', import.meta.url)), runs, seed)
  assert.equal(report, `held ${runs} runs, seed ${seed}`)
})
