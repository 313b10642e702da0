import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProofCase } from '../../src/proofs/cases/proof-case.js'
import { describe, summary as exactlyOnce, tableText, usualText } from '../../src/proofs/exactly-once.js'
import type { Findings } from '../../src/proofs/oracle/oracle.js'
import { type Outage, summary as outageSummary } from '../../src/proofs/outage/outage.js'
import type { Report } from '../../src/proofs/proof.js'
import { type Holding, type Pair, summary as snapshotSummary } from '../../src/proofs/snapshot/snapshot.js'

const nothing: Findings = {
  committed: 10,
  records: 10,
  receipts: 10,
  lost: [],
  duplicates: [],
  reordered: [],
  wrongReceipts: [],
  phantoms: [],
  altered: [],
  unaccounted: [],
  waiting: [],
  parked: [],
}
const one: ProofCase = {
  name: 'one',
  hurts: 'processes',
  arms: ['waybill', 'naive'],
  run: () => Promise.resolve(undefined),
}

function report(arm: Report['arm'], findings: Partial<Findings> | undefined, more: Partial<Report> = {}): Report {
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

test('it holds when our arm is clean and the other one is hurt', () => {
  const { holds, line } = exactlyOnce([report('waybill', {}), report('naive', { duplicates: ['1', '2'] })])
  assert.equal(line, 'PROOF exactly-once cases=1 lost=0 duplicates=0 reordered=0 wrong-receipts=0')
  assert.equal(holds, true)
})

test('it does not hold with a finding, a problem, an error, an unhurt other arm, or without cases', () => {
  const hurt = report('naive', { reordered: ['1'] })
  const cases: readonly (readonly [Report[], RegExp])[] = [
    [[report('waybill', { lost: ['1'] }), hurt], /cases=0 lost=1 .* failed=1$/],
    [[report('waybill', {}, { problems: ['waiting'] }), hurt], /failed=1$/],
    [[report('waybill', undefined, { error: 'no' }), hurt], /cases=0 lost=0 .* failed=1$/],
    [[report('waybill', {}), report('naive', {})], /naive-unhurt$/],
    [[hurt], /cases=0/],
  ]
  for (const [reports, expected] of cases) {
    const { holds, line } = exactlyOnce(reports)
    assert.match(line, expected)
    assert.equal(holds, false, line)
  }
})

test('a case that did not hold says what was found, and the table has both arms', () => {
  assert.match(
    describe(report('waybill', { lost: ['7 (a)'] }, { kept: '/tmp/x' })),
    /BAD .*\n.*lost: 7 \(a\)\n.*\/tmp\/x/,
  )
  assert.match(describe(report('waybill', undefined, { error: 'no answer' })), /ERROR .*no answer/)
  const table = tableText([report('waybill', {}), report('naive', { duplicates: ['1', '2', '3'] })])
  assert.equal(
    usualText([report('waybill', {}), report('naive', { duplicates: ['1', '2'] }), report('naive', undefined)]),
    'the usual relay: cases=1 lost=0 duplicates=2 reordered=0',
  )
  assert.match(table, /one +10 +10 +0 +0 +0 +0 +0 +3 +0$/m)
})

const outage: Outage = {
  seconds: 60,
  committed: 100,
  backlog: 80,
  drainedSeconds: 3,
  parked: 0,
  attempts: 0,
  alerts: ['delayed (outbox delayed) resolved'],
  delivered: ['delayed opened', 'delayed resolved'],
  lost: 0,
  duplicates: 0,
  reordered: 0,
  wrongReceipts: 0,
  problems: [],
}
const poisons = (['hold-key', 'park', 'stop'] as const).map((policy) => ({
  policy,
  seconds: 1,
  said: '',
  problems: [],
}))

test('an outage holds with one alert, told once each way, and nothing spent', () => {
  const { holds, line } = outageSummary(outage, poisons)
  assert.equal(
    line,
    'PROOF outage seconds=60 committed=100 parked=0 attempts=0 alerts=1 opened=1 resolved=1 lost=0 duplicates=0 reordered=0 ' +
      'wrong-receipts=0 hold-key=ok park=ok stop=ok',
  )
  assert.equal(holds, true)
})

test('an outage does not hold with a second alert, one that is not told, a spent attempt or a wrong policy', () => {
  const broken: readonly Partial<Outage>[] = [
    { alerts: [...outage.alerts, 'unacknowledged (x) resolved'] },
    { delivered: ['delayed opened'] },
    { attempts: 1 },
    { parked: 1 },
    { lost: 1 },
    { problems: ['x'] },
  ]
  for (const part of broken)
    assert.equal(outageSummary({ ...outage, ...part }, poisons).holds, false, JSON.stringify(part))
  const [first, ...rest] = poisons
  assert.ok(first)
  assert.equal(outageSummary(outage, [{ ...first, problems: ['x'] }, ...rest]).holds, false)
})

function pairOf(holding: Holding, held: number, free: number, more: Partial<Pair> = {}): Pair {
  const figures = { lost: 0, duplicates: 0, reordered: 0, wrongReceipts: 0 }
  return { holding, held, free, figures, problems: [], ...more }
}

test('held transactions are measured by the medians, the slowest counts', () => {
  const pairs = [
    pairOf('reader', 95, 100),
    pairOf('reader', 10, 100),
    pairOf('reader', 99, 100),
    pairOf('xid', 110, 100),
  ]
  const { holds, line } = snapshotSummary(pairs)
  assert.equal(line, 'PROOF snapshot rate-held=95 rate-free=100 ratio=0.95 missed=0 reader=0.95 xid=1.10')
  assert.equal(holds, true)
  assert.equal(snapshotSummary([...pairs, pairOf('xid', 20, 100), pairOf('xid', 20, 100)]).holds, false)
  const withSender = snapshotSummary([...pairs, pairOf('sender', 60, 100)])
  assert.match(withSender.line, /ratio=0.95 missed=0 sender=0.60 reader=0.95/)
  assert.equal(withSender.holds, true)
  const figures = { lost: 1, duplicates: 0, reordered: 0, wrongReceipts: 0 }
  assert.match(snapshotSummary([...pairs, pairOf('sender', 99, 100, { figures })]).line, /missed=1 .* failed$/)
  assert.equal(snapshotSummary([...pairs, pairOf('sender', 99, 100, { problems: ['waiting: 1'] })]).holds, false)
  assert.equal(snapshotSummary([]).holds, false)
})
