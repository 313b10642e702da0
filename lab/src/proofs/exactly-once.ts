import { answerCases } from './cases/answers.js'
import { brokerCases } from './cases/brokers.js'
import { freezeCases } from './cases/freeze.js'
import { databaseCases } from './cases/database.js'
import { killCases } from './cases/kill.js'
import { topicCases } from './cases/topic.js'
import type { ProofCase } from './cases/proof-case.js'
import { figuresOf } from './oracle/verdict.js'
import { holds, type Report, runCases, sum } from './proof.js'
import { Stage } from './servers/stage.js'

/** All experiments of the proof. */
export const exactlyOnceCases: readonly ProofCase[] = [
  ...killCases,
  ...freezeCases,
  ...answerCases,
  ...topicCases,
  ...databaseCases,
  ...brokerCases,
]

/** Two cores: more at once would only make leases run out for want of a core. */
const atOnce = 3

/** The whole proof. */
export interface ExactlyOnce {
  readonly holds: boolean
  /** Its last line. */
  readonly line: string
  readonly reports: readonly Report[]
}

/** Starts the servers, runs the cases with both arms, tells each as it ends. */
export async function proveExactlyOnce(
  cases: readonly ProofCase[],
  seed: number,
  tell: (report: Report) => void,
): Promise<ExactlyOnce> {
  const stage = await Stage.start()
  let reports: readonly Report[] = []
  try {
    reports = await runCases(stage, cases, { seed, atOnce, tell })
  } finally {
    await stage.close(reports.some(({ kept }) => kept !== undefined))
  }
  return summary(reports)
}

/** A case counts only when its fault took place; all others are errors. */
export function summary(reports: readonly Report[]): ExactlyOnce {
  const own = reports.filter(({ arm }) => arm === 'waybill')
  const proven = own.filter(holds)
  const failed = own.length - proven.length
  const { lost, duplicates, reordered, wrongReceipts } = sum(own)
  const naive = reports.filter(({ arm }) => arm === 'naive')
  const shown = sum(naive)
  // An arm that shows nothing was not hurt, so the other one was not either.
  const isNaiveHurt = naive.length === 0 || shown.duplicates + shown.reordered > 0
  const counts = `lost=${lost} duplicates=${duplicates} reordered=${reordered} wrong-receipts=${wrongReceipts}`
  const trouble = `${failed > 0 ? ` failed=${failed}` : ''}${isNaiveHurt ? '' : ' naive-unhurt'}`
  const line = `PROOF exactly-once cases=${proven.length} ${counts}${trouble}`
  return { holds: failed === 0 && own.length > 0 && isNaiveHurt, line, reports }
}

const errorChars = 600

/** What the usual relay showed in all its cases, in one line. */
export function usualText(reports: readonly Report[]): string {
  const judged = reports.filter(({ arm, findings }) => arm === 'naive' && findings)
  const { lost, duplicates, reordered } = sum(judged)
  return `the usual relay: cases=${judged.length} lost=${lost} duplicates=${duplicates} reordered=${reordered}`
}

/** One line about a case that has just ended; more when it did not hold. */
export function describe(report: Report): string {
  const { case: one, arm, seconds, findings, problems, error, kept, notes } = report
  const about = `${arm.padEnd(7)} ${one.name}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  if (!findings) return `ERROR ${about}: ${error?.slice(0, errorChars) ?? 'no findings'}\n      files in ${kept}`
  const { lost, duplicates, reordered, wrongReceipts } = figuresOf(findings)
  const figures = `lost=${lost} duplicates=${duplicates} reordered=${reordered} wrong-receipts=${wrongReceipts}`
  const line = `${about}: committed=${findings.committed} records=${findings.records} ${figures} (${seconds.toFixed(1)} s)`
  if (arm === 'naive') return `      ${line}`
  if (holds(report)) return `ok    ${line}`
  const lists = { ...findings, waiting: undefined, parked: undefined, problems }
  const what = Object.entries(lists).flatMap(([name, list]) =>
    Array.isArray(list) && list.length > 0 ? [`      ${name}: ${list.slice(0, 8).join('; ')}`] : [],
  )
  return [`BAD   ${line}`, ...what, `      files in ${kept}`].join('\n')
}

/** The table before the last line: both arms beside each other. */
export function tableText(reports: readonly Report[]): string {
  const rows = reports
    .filter(({ arm }) => arm === 'waybill')
    .map((report) => {
      const naive = reports.find((other) => other.arm === 'naive' && other.case.name === report.case.name)
      return [report.case.name, ...cells(report), ...(naive ? cells(naive).slice(2) : [])]
    })
  const head = [
    'case',
    'committed',
    'records',
    'lost',
    'doubled',
    'reordered',
    'receipts',
    '| naive: lost',
    'doubled',
    'reordered',
  ]
  const all = [head, ...rows.map((row) => row.slice(0, head.length))]
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)))
  return all
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n')
}

function cells({ findings }: Report): string[] {
  if (!findings) return ['error', '', '', '', '', '']
  const { lost, duplicates, reordered, wrongReceipts } = figuresOf(findings)
  return [findings.committed, findings.records, lost, duplicates, reordered, wrongReceipts].map(String)
}
