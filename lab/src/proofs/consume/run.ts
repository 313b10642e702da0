import type { Stage } from '../servers/stage.js'
import type { Findings } from './oracle.js'
import { type ConsumeArm, type ConsumeCase, isWaybill } from './proof-case.js'
import { ConsumeWorld } from './world.js'

/** How one case went with one arm. */
export interface ConsumeReport {
  readonly case: string
  readonly arm: ConsumeArm
  readonly seconds: number
  readonly notes: readonly string[]
  /** Undefined: the experiment itself failed, so nothing is proven. */
  readonly findings: Findings | undefined
  /** Everything wrong that the last line does not count. */
  readonly problems: readonly string[]
  readonly error: string | undefined
  /** Where the files of a case that did not hold are. */
  readonly kept: string | undefined
}

/** Nothing at all is wrong. */
export function holds({ findings, problems }: ConsumeReport): boolean {
  if (!findings) return false
  const { lost, doubled, reordered } = findings
  return lost.length + doubled.length + reordered.length + problems.length === 0
}

/** What is wrong beside losses, doubles and wrong order, in words. */
export function problemsOf(findings: Findings): readonly string[] {
  const { sent, effects, phantoms, repeated, repeatedMax } = findings
  const problems: string[] = []
  if (sent === 0 || effects === 0) problems.push('nothing was sent or handled, so nothing is proven')
  if (phantoms.length > 0) problems.push(`effects of nothing (${phantoms.length}): ${phantoms.slice(0, 5).join('; ')}`)
  if (repeated > repeatedMax) problems.push(`${repeated} repeats, ${repeatedMax} were in flight`)
  return problems
}

/** Runs one experiment in a world of its own and lets the oracle judge it. */
export async function runCase(stage: Stage, one: ConsumeCase, arm: ConsumeArm, seed: number): Promise<ConsumeReport> {
  const startMs = performance.now()
  let world: ConsumeWorld | undefined
  let findings: Findings | undefined
  let problems: readonly string[] = []
  let error: string | undefined
  try {
    world = await ConsumeWorld.create(stage, { arm, seed, label: one.name, headers: one.headers ?? false })
    await one.run(world)
    findings = await world.judge()
    problems = isWaybill(arm) ? problemsOf(findings) : []
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  }
  const seconds = (performance.now() - startMs) / 1000
  const report = { case: one.name, arm, seconds, notes: world?.notes ?? [], findings, problems, error, kept: undefined }
  const isKept = isWaybill(arm) ? !holds(report) : error !== undefined
  try {
    await world?.close(isKept)
  } catch (cause) {
    return { ...report, error: `${error ?? ''} closing failed: ${String(cause)}`, findings: undefined }
  }
  return { ...report, kept: isKept ? world?.folder : undefined }
}

/**
 * Runs the cases with each of their arms: those that hurt only themselves `atOnce` at a time, the longest first, then the others
 * one by one. Each is told as soon as it is over.
 */
export async function runCases(
  stage: Stage,
  cases: readonly ConsumeCase[],
  { seed, atOnce, tell }: { seed: number; atOnce: number; tell: (report: ConsumeReport) => void },
): Promise<readonly ConsumeReport[]> {
  const reports: ConsumeReport[] = []
  const work = async (waiting: { one: ConsumeCase; arm: ConsumeArm }[]): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const report = await runCase(stage, next.one, next.arm, seed)
      reports.push(report)
      tell(report)
    }
  }
  const all = cases.flatMap((one) => one.arms.map((arm) => ({ one, arm })))
  const together = all
    .filter(({ one }) => one.hurts === 'processes')
    .toSorted((a, b) => (b.one.seconds ?? 0) - (a.one.seconds ?? 0))
  await Promise.all(Array.from({ length: atOnce }, () => work(together)))
  await work(all.filter(({ one }) => one.hurts === 'cluster'))
  return reports
}
