import { type CaseRun, runInTurns, runInWorld } from '../case-run.js'
import type { Stage } from '../servers/stage.js'
import type { Findings } from './oracle.js'
import { type ConsumeArm, type ConsumeCase, isWaybill } from './proof-case.js'
import { ConsumeWorld } from './world.js'

/** How one case went with one arm. */
export interface ConsumeReport extends Omit<CaseRun<never>, 'judged'> {
  readonly case: string
  readonly arm: ConsumeArm
  /** Undefined: the experiment itself failed, so nothing is proven. */
  readonly findings: Findings | undefined
  /** Everything wrong that the last line does not count. */
  readonly problems: readonly string[]
}

/** Nothing at all is wrong. */
export function holds({ findings, problems }: ConsumeReport): boolean {
  return findings !== undefined && isClean({ findings, problems })
}

function isClean({ findings, problems }: { findings: Findings; problems: readonly string[] }): boolean {
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
  const { judged, ...run } = await runInWorld(
    () => ConsumeWorld.create(stage, { arm, seed, label: one.name, headers: one.headers ?? false }),
    async (world) => {
      await one.run(world)
      const findings = await world.judge()
      return { findings, problems: isWaybill(arm) ? problemsOf(findings) : [] }
    },
    (verdict) => verdict === undefined || (isWaybill(arm) && !isClean(verdict)),
  )
  return { case: one.name, arm, ...run, findings: judged?.findings, problems: judged?.problems ?? [] }
}

/**
 * Runs the cases with each of their arms: those that hurt only themselves `atOnce` at a time, the longest first, then the others
 * one by one. Each is told as soon as it is over.
 */
export function runCases(
  stage: Stage,
  cases: readonly ConsumeCase[],
  { seed, atOnce, tell }: { seed: number; atOnce: number; tell: (report: ConsumeReport) => void },
): Promise<readonly ConsumeReport[]> {
  const all = cases.flatMap((one) => one.arms.map((arm) => ({ one, arm })))
  const together = all
    .filter(({ one }) => one.hurts === 'processes')
    .toSorted((a, b) => (b.one.seconds ?? 0) - (a.one.seconds ?? 0))
  const alone = all.filter(({ one }) => one.hurts === 'cluster')
  return runInTurns({ together, alone, atOnce }, ({ one, arm }) => runCase(stage, one, arm, seed), tell)
}
