import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { ProofCase } from '../../src/proofs/cases/proof-case.js'
import { describe, exactlyOnceCases } from '../../src/proofs/exactly-once.js'
import { figuresOf } from '../../src/proofs/oracle/verdict.js'
import { holds, type Report, runCase } from '../../src/proofs/proof.js'
import type { Arm } from '../../src/proofs/servers/business.js'
import { Stage } from '../../src/proofs/servers/stage.js'

// A few of the cases of `npm run prove -- exactly-once`, on three real Kafka nodes and a real PostgreSQL.
const seed = Number(process.env['PROOF_SEED'] ?? randomInt(1, 1_000_000))
let stage: Stage | undefined

before(async () => {
  console.log(`seed ${seed} (PROOF_SEED=${seed} repeats it)`)
  stage = await Stage.start()
})
after(() => stage?.close())

function caseNamed(name: string): ProofCase {
  return exactlyOnceCases.find((one) => one.name === name) ?? assert.fail(`there is no case '${name}'`)
}

async function run(name: string, arm: Arm = 'waybill'): Promise<Report> {
  return runCase(stage ?? assert.fail('no servers'), caseNamed(name), arm, seed)
}

for (const name of [
  'kill send:after-answer takeover',
  'answer lost, then max.message.bytes lowered',
  'commit of the service cut after the server saw it',
])
  test(`exactly once on real servers: ${name}`, async () => {
    const report = await run(name)
    assert.ok(holds(report), describe(report))
  })

test('the proof can fail: the usual SKIP LOCKED relay doubles what it had sent when it was killed', async () => {
  const report = await run('kill send:after-answer takeover', 'naive')
  assert.ok(report.findings, describe(report))
  assert.ok(figuresOf(report.findings).duplicates > 0, describe(report))
  assert.equal(figuresOf(report.findings).lost, 0, describe(report))
})

test('a case whose fault does not take place is an error, not a proof', async () => {
  const nothing: ProofCase = {
    name: 'a fault that never comes',
    hurts: 'processes',
    arms: ['waybill'],
    async run(world) {
      const doom = { failpoint: 'enqueue:after-insert', hit: 1_000, ending: 'kill' } as const
      const sender = await world.startSender('sender', { doom, transactions: 1 })
      await sender.meetFate()
      return undefined
    },
  }
  const report = await runCase(stage ?? assert.fail('no servers'), nothing, 'waybill', seed)
  if (report.kept !== undefined) rmSync(report.kept, { recursive: true, force: true })
  assert.equal(holds(report), false)
  assert.match(report.error ?? '', /was to be at enqueue:after-insert#1000, witness: nothing/)
})
