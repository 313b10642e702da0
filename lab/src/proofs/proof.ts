import { type CaseRun, runInTurns, runInWorld } from './case-run.js'
import type { Ending, ProofCase } from './cases/proof-case.js'
import { type Findings, judge } from './oracle/oracle.js'
import { type Figures, figuresOf, problemsOf } from './oracle/verdict.js'
import type { Arm } from './servers/business.js'
import type { Stage } from './servers/stage.js'
import { World } from './servers/world.js'

/** How one case went with one arm. */
export interface Report extends Omit<CaseRun<never>, 'judged'> {
  readonly case: ProofCase
  readonly arm: Arm
  /** Undefined: the experiment itself failed, so nothing is proven. */
  readonly findings: Findings | undefined
  /** Everything wrong that the last line does not count. */
  readonly problems: readonly string[]
}

/** Nothing at all is wrong. */
export function holds({ findings, problems }: Report): boolean {
  return findings !== undefined && isClean({ findings, problems })
}

function isClean({ findings, problems }: { findings: Findings; problems: readonly string[] }): boolean {
  return Object.values(figuresOf(findings)).every((count) => count === 0) && problems.length === 0
}

/** Runs one experiment in a world of its own and lets the oracle judge it. */
export async function runCase(stage: Stage, one: ProofCase, arm: Arm, seed: number): Promise<Report> {
  const { judged, ...run } = await runInWorld(
    () => World.create(stage, { arm, seed, label: one.name, ownPostgres: one.hurts === 'postgres' }),
    async (world) => {
      const ending: Ending = (await one.run(world)) ?? {}
      const findings = ending.findings ?? judge(world.topic, await world.ledger.books(), await world.readTopic())
      return { findings, problems: problemsOf(findings, ending) }
    },
    (verdict) => verdict === undefined || (arm === 'waybill' && !isClean(verdict)),
  )
  return { case: one, arm, ...run, findings: judged?.findings, problems: judged?.problems ?? [] }
}

/** Sums of what the last line counts. */
export function sum(reports: readonly Report[]): Figures {
  const all = reports.flatMap(({ findings }) => (findings ? [figuresOf(findings)] : []))
  const total = (name: keyof Figures): number => all.reduce((count, each) => count + each[name], 0)
  return {
    lost: total('lost'),
    duplicates: total('duplicates'),
    reordered: total('reordered'),
    wrongReceipts: total('wrongReceipts'),
  }
}

/**
 * Runs the cases with each of their arms: those that hurt only themselves `atOnce` at a time, then the others one by one. Each is
 * told as soon as it is over.
 */
export function runCases(
  stage: Stage,
  cases: readonly ProofCase[],
  { seed, atOnce, tell }: { seed: number; atOnce: number; tell: (report: Report) => void },
): Promise<readonly Report[]> {
  const all = cases.flatMap((one) => one.arms.map((arm) => ({ one, arm })))
  const together = all.filter(({ one }) => one.hurts !== 'cluster')
  const alone = all.filter(({ one }) => one.hurts === 'cluster')
  return runInTurns({ together, alone, atOnce }, ({ one, arm }) => runCase(stage, one, arm, seed), tell)
}
