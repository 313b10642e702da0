import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from '../../../src/proofs/consume/cases/coordinator.js'
import { consumeCases, describe, summary, tableText } from '../../../src/proofs/consume/consume.js'
import type { Findings } from '../../../src/proofs/consume/oracle.js'
import { type ConsumeArm, naiveArms } from '../../../src/proofs/consume/proof-case.js'
import type { ConsumeReport } from '../../../src/proofs/consume/run.js'

const nothing: Findings = {
  sent: 10,
  effects: 10,
  lost: [],
  told: 0,
  doubled: [],
  repeated: 0,
  repeatedMax: 0,
  reordered: [],
  phantoms: [],
}
const one = consumeCases[0]?.name ?? assert.fail('there are cases')

function report(
  arm: ConsumeArm,
  findings: Partial<Findings> | undefined,
  more: Partial<ConsumeReport> = {},
): ConsumeReport {
  const whole = findings && { ...nothing, ...findings }
  return {
    case: one,
    arm,
    seconds: 1,
    notes: [],
    findings: whole,
    problems: [],
    error: undefined,
    kept: undefined,
    ...more,
  }
}

const hurt = naiveArms.map((arm) => report(arm, { lost: ['1 (0/0)', '2 (0/1)'] }))

test('it holds when our arms are clean and each of the others has lost something', () => {
  const own = [report('inbox', {}), report('plain', { repeated: 3, repeatedMax: 9, told: 4 })]
  const { holds, line } = summary([...own, ...hurt])
  assert.equal(
    line,
    'PROOF consume cases=2 lost=0 effects-doubled=0 reordered=0 repeated-in-bounds=3 losses-told=4 naive-lost=6',
  )
  assert.equal(holds, true)
})

test('it does not hold with a finding, a problem, an error, an unhurt other arm, or without cases', () => {
  const cases: readonly (readonly [ConsumeReport[], RegExp])[] = [
    [[report('inbox', { lost: ['1'] })], /cases=0 lost=1 .*failed=1$/],
    [[report('inbox', { doubled: ['1'] })], /effects-doubled=1 .*failed=1$/],
    [[report('plain', { reordered: ['1'] })], /reordered=1 .*failed=1$/],
    [[report('plain', {}, { problems: ['x'] })], /failed=1$/],
    [[report('plain', undefined, { error: 'no' })], /failed=1$/],
    [[report('inbox', {}), report('highest', {})], /naive-unhurt=highest$/],
    [[report('inbox', {}), report('auto-commit', undefined, { error: 'no' })], /naive-unhurt=auto-commit$/],
    [[], /cases=0/],
  ]
  for (const [reports, expected] of cases) {
    const { holds, line } = summary(reports)
    assert.match(line, expected)
    assert.equal(holds, false, line)
  }
  assert.equal(summary([report('inbox', {}), ...hurt]).holds, true)
})

test('a case that did not hold says what was found, and the table has all arms', () => {
  assert.match(
    describe(report('inbox', { lost: ['7 (1/2)'] }, { kept: '/tmp/x' })),
    /BAD .*\n.*lost: 7 \(1\/2\)\n.*\/tmp\/x/,
  )
  assert.match(describe(report('inbox', undefined, { error: 'no answer' })), /ERROR .*no answer/)
  const table = tableText([report('plain', { repeated: 3, repeatedMax: 9 }), report('inbox', {})])
  assert.match(table, /plain +10 +10 +0 +0 +0 +3 of 9 +0 +1$/m)
})

test('case names are unique, and each naive arm has cases', () => {
  const names = consumeCases.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const arm of naiveArms)
    assert.ok(
      consumeCases.some(({ arms }) => arms.includes(arm)),
      arm,
    )
})

test("a group's partition of __consumer_offsets is Java's hash of its name", () => {
  // "board-proof_0001".hashCode() & 0x7fffffff, by jshell
  assert.equal(partitionOf('abc'), 96354 % 2)
  assert.equal(partitionOf('abd'), 96355 % 2)
})
