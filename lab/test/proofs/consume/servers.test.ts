import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, test } from 'node:test'
import { consumeCases, describe } from '../../../src/proofs/consume/consume.js'
import type { ConsumeArm, ConsumeCase } from '../../../src/proofs/consume/proof-case.js'
import { type ConsumeReport, holds, runCase } from '../../../src/proofs/consume/run.js'
import { Stage } from '../../../src/proofs/servers/stage.js'

// A few of the cases of `npm run prove -- consume`, on three real Kafka nodes and a real PostgreSQL.
const seed = Number(process.env['PROOF_SEED'] ?? randomInt(1, 1_000_000))
let stage: Stage | undefined

before(async () => {
  console.log(`seed ${seed} (PROOF_SEED=${seed} repeats it)`)
  stage = await Stage.start({ proxied: false })
})
after(() => stage?.close())

function caseNamed(name: string): ConsumeCase {
  return consumeCases.find((one) => one.name === name) ?? assert.fail(`there is no case '${name}'`)
}

function run(name: string, arm: ConsumeArm): Promise<ConsumeReport> {
  return runCase(stage ?? assert.fail('no servers'), caseNamed(name), arm, seed)
}

for (const [name, arm] of [
  ['kill handle:after-transaction takeover', 'inbox'],
  ['kill commit:before-send restart', 'plain'],
  ['records deleted below a stopped group, stop first', 'inbox'],
] as const)
  test(`consuming on real servers: ${name}, ${arm}`, async () => {
    const report = await run(name, arm)
    assert.ok(holds(report), describe(report))
  })

test('the proof can fail: auto-commit with a pool of workers loses what the pool held when it was killed', async () => {
  const report = await run('kill handle:after-effects restart', 'auto-commit')
  assert.ok(report.findings, describe(report))
  assert.ok(report.findings.lost.length > 0, describe(report))
})
