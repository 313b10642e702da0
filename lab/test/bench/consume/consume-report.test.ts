import assert from 'node:assert/strict'
import test from 'node:test'
import type { ArmName } from '../../../src/bench/consume/arm.js'
import { consumeReport, type Found } from '../../../src/bench/consume/consume-report.js'
import type { ConsumeRun } from '../../../src/bench/consume/consume-run.js'
import { counted } from '../../../src/bench/consume/safety-run.js'
import { nowork, type Workload, w1, w2, w3 } from '../../../src/bench/consume/workload.js'

const run = (committed: number, ofIdeal = 0.95): ConsumeRun => ({
  ...{ committed, handled: committed, ofIdeal, joined: 0, cpu: 1, others: 0 },
})
const works = [w1(20), w1(1_000), w2(), w3(10), nowork(1_000_000)] as const
const found = (own: readonly ConsumeRun[], parallelSeconds: number, lost = 0): Found => ({
  runs: new Map<Workload, Map<ArmName, ConsumeRun[]>>(
    works.map((work, at) => [
      work,
      new Map([
        ['waybill', [own[at] ?? run(1)]],
        ['parallel', [run(parallelSeconds)]],
      ]),
    ]),
  ),
  safety: new Map([['waybill', { lost, duplicates: 7 }]]),
})
const good = [run(2), run(1.7), run(0.95), run(2.6), run(4)]

test('the goals of issue 6 are judged by the committed end, each alone', () => {
  const holds = (own: readonly ConsumeRun[], parallel = 8, lost = 0): boolean =>
    consumeReport(found(own, parallel, lost), works, ['waybill', 'parallel'], 1).holds
  assert.equal(holds(good), true)
  const bad = [run(2.2), run(1.8), run(1.1), run(2.6, 0.94), run(4.1)]
  for (const at of bad.keys()) assert.equal(holds(good.with(at, bad[at] ?? run(1))), false, works[at]?.title)
  assert.equal(holds(good.with(1, run(1.7, 0.91))), false, 'share of the ideal')
  assert.equal(holds(good, 7.9), false, 'less than twice the Parallel Consumer without work')
  assert.equal(holds(good, 8, 1), false, 'a lost record')
})

test('the last line tells seconds, the rate without work, and how much longer the Parallel Consumer takes', () => {
  const { line } = consumeReport(found(good, 8), works, ['waybill', 'parallel'], 1)
  assert.equal(
    line,
    'BENCH consume w1-20-s=2.000 vs-pc-w1-20=4.00 w1-s=1.700 vs-pc-w1=4.71 w2-s=0.950 vs-pc-w2=8.42 w3-10-s=2.600 vs-pc-w3-10=3.08 nowork=250000 vs-pc-nowork=2.00',
  )
})

test('what was never handled is lost, what was handled again is a duplicate', () => {
  const record = Buffer.alloc(5 * 4 + 2)
  for (const [at, n] of [0, 1, 1, 3, 1].entries()) record.writeInt32BE(n, at * 4)
  assert.deepEqual(counted(record, 5), { lost: 2, duplicates: 2 })
})
