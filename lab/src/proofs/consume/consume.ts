import { Stage } from '../servers/stage.js'
import { coordinatorCases } from './cases/coordinator.js'
import { freezeCases } from './cases/freeze.js'
import { groupCases } from './cases/group.js'
import { killCases } from './cases/kill.js'
import { powerLossCases } from './cases/power-loss.js'
import { rebalanceCases } from './cases/rebalance.js'
import { retentionCases } from './cases/retention.js'
import { topicCases } from './cases/topic.js'
import { type ConsumeCase, isWaybill, naiveArms } from './proof-case.js'
import { type ConsumeReport, holds, runCases } from './run.js'

/** All experiments of the proof. */
export const consumeCases: readonly ConsumeCase[] = [
  ...killCases,
  ...freezeCases,
  ...rebalanceCases,
  ...groupCases,
  ...topicCases,
  ...retentionCases,
  ...coordinatorCases,
  ...powerLossCases,
]

/** Two cores: more at once would only make sessions run out for want of a core. */
const atOnce = 3

/** The whole proof. */
export interface ConsumeProof {
  readonly holds: boolean
  /** Its last line. */
  readonly line: string
  readonly reports: readonly ConsumeReport[]
}

/** Starts the servers, runs the cases with all arms, tells each as it ends. */
export async function proveConsume(
  cases: readonly ConsumeCase[],
  seed: number,
  tell: (report: ConsumeReport) => void,
): Promise<ConsumeProof> {
  const stage = await Stage.start({ proxied: false })
  let reports: readonly ConsumeReport[] = []
  try {
    reports = await runCases(stage, cases, { seed, atOnce, tell })
  } finally {
    await stage.close(reports.some(({ kept }) => kept !== undefined))
  }
  return summary(reports)
}

/** A case counts only when its fault took place; all others are errors. */
export function summary(reports: readonly ConsumeReport[]): ConsumeProof {
  const own = reports.filter(({ arm }) => isWaybill(arm))
  const proven = own.filter(holds)
  const failed = own.length - proven.length
  const total = (count: (report: ConsumeReport) => number): number => own.reduce((sum, each) => sum + count(each), 0)
  const lost = total(({ findings }) => findings?.lost.length ?? 0)
  const doubled = total(({ findings }) => findings?.doubled.length ?? 0)
  const reordered = total(({ findings }) => findings?.reordered.length ?? 0)
  const repeated = total(({ findings }) => findings?.repeated ?? 0)
  const told = total(({ findings }) => findings?.told ?? 0)
  const naive = naiveArms.flatMap((arm) => {
    const all = reports.filter((report) => report.arm === arm)
    return all.length === 0
      ? []
      : [{ arm, lost: all.reduce((sum, each) => sum + (each.findings?.lost.length ?? 0), 0) }]
  })
  // An arm that loses nothing was not hurt, so ours were not, either.
  const unhurt = naive.filter((each) => each.lost === 0).map(({ arm }) => arm)
  const naiveLost = naive.reduce((sum, each) => sum + each.lost, 0)
  const counts = `lost=${lost} effects-doubled=${doubled} reordered=${reordered} repeated-in-bounds=${repeated}`
  const trouble = `${failed > 0 ? ` failed=${failed}` : ''}${unhurt.length > 0 ? ` naive-unhurt=${unhurt.join()}` : ''}`
  return {
    holds: failed === 0 && own.length > 0 && unhurt.length === 0,
    line: `PROOF consume cases=${proven.length} ${counts} losses-told=${told} naive-lost=${naiveLost}${trouble}`,
    reports,
  }
}

const errorChars = 1_500

/** One line about a case that has just ended; more when it did not hold. */
export function describe(report: ConsumeReport): string {
  const { case: name, arm, seconds, findings, problems, error, kept, notes } = report
  const about = `${arm.padEnd(12)} ${name}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  if (!findings) return `ERROR ${about}: ${error?.slice(0, errorChars) ?? 'no findings'}\n      files in ${kept}`
  const [sent, effects, lost, told, doubled, repeated, reordered] = cells(report)
  const figures = `sent=${sent} effects=${effects} lost=${lost} told=${told} doubled=${doubled} repeated=${repeated} reordered=${reordered}`
  const line = `${about}: ${figures} (${seconds.toFixed(1)} s)`
  if (!isWaybill(arm)) return `      ${line}`
  if (holds(report)) return `ok    ${line}`
  const lists = { lost: findings.lost, doubled: findings.doubled, reordered: findings.reordered, problems }
  const what = Object.entries(lists).flatMap(([list, names]) =>
    names.length > 0 ? [`      ${list}: ${names.slice(0, 8).join('; ')}`] : [],
  )
  return [`BAD   ${line}`, ...what, `      files in ${kept}`].join('\n')
}

const head = ['case', 'arm', 'sent', 'effects', 'lost', 'told', 'doubled', 'repeated', 'reordered', 's']

/** The table before the last line. */
export function tableText(reports: readonly ConsumeReport[]): string {
  const order = consumeCases.map(({ name }) => name)
  const sorted = reports.toSorted((a, b) => order.indexOf(a.case) - order.indexOf(b.case))
  const all = [head, ...sorted.map((report) => [report.case, report.arm, ...cells(report), report.seconds.toFixed(0)])]
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)))
  const textAt = (cell: string, at: number): string =>
    at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)
  return all.map((row) => row.map(textAt).join('  ')).join('\n')
}

function cells({ findings, arm }: ConsumeReport): string[] {
  if (!findings) return ['error', '', '', '', '', '', '']
  const { sent, effects, lost, told, doubled, repeated, repeatedMax, reordered } = findings
  const bound = arm === 'plain' ? ` of ${repeatedMax}` : ''
  return [
    ...[sent, effects, lost.length, told, doubled.length].map(String),
    isWaybill(arm) && arm !== 'plain' ? '' : `${repeated}${bound}`,
    String(reordered.length),
  ]
}
