import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { failpointNames } from 'waybill/testing'
import { boundedCases } from '../../src/crash/cases.js'
import type { CrashCase } from '../../src/crash/cases.js'
import { describe, proveCrashes, runCase, summary } from '../../src/crash/proof.js'
import { figuresOf } from '../../src/crash/verdict.js'

const none = { cause: 'none', ending: 'kill', after: 'restart' } as const

test('kill -9 at any failpoint loses, doubles and reorders nothing', async () => {
  const cases = boundedCases(failpointNames)
  const { holds, line, reports } = await proveCrashes(cases, 2, (report) => console.log(describe(report)))
  assert.ok(holds, [...reports.map(describe), line].join('\n'))
  const points = failpointNames.length
  assert.equal(
    line,
    `PROOF crash points=${points} cases=${cases.length} lost=0 duplicates=0 reordered=0 effects-doubled=0`,
  )
})

test('the proof can fail: a relay that forgets its identity when it dies doubles messages', async () => {
  const one: CrashCase = { ...none, engine: 'relay', failpoint: 'send:after-answer', hit: 4 }
  const report = await runCase(one, true)
  assert.ok(report.verdict, report.error)
  assert.ok(figuresOf(report.verdict).duplicates > 0, describe(report))
  assert.equal(figuresOf(report.verdict).lost, 0)
})

test('the proof can fail: a consumer without the inbox doubles effects', async () => {
  const one: CrashCase = { ...none, engine: 'consumer', failpoint: 'handle:after-effects', hit: 9 }
  const report = await runCase(one, true)
  assert.ok(report.verdict, report.error)
  assert.ok(figuresOf(report.verdict).doubled > 0, describe(report))
  assert.equal(figuresOf(report.verdict).lost, 0)
})

test('a process that does not die where it should is an error, not a proof', async () => {
  const unreachable: CrashCase = { ...none, engine: 'sender', failpoint: 'enqueue:after-insert', hit: 1_000 }
  const report = await runCase(unreachable)
  if (report.kept !== undefined) rmSync(report.kept, { recursive: true, force: true })
  assert.match(report.error ?? '', /was to be at enqueue:after-insert#1000, witness: nothing/)
  const { holds, line } = summary([report])
  assert.equal(holds, false)
  assert.equal(line, 'PROOF crash points=0 cases=0 lost=0 duplicates=0 reordered=0 effects-doubled=0 failed=1')
})
