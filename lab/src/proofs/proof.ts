import type { Ending, ProofCase } from './cases/proof-case.js'
import { type Findings, judge } from './oracle/oracle.js'
import { type Figures, figuresOf, problemsOf } from './oracle/verdict.js'
import type { Arm } from './servers/business.js'
import type { Stage } from './servers/stage.js'
import { World } from './servers/world.js'

/** How one case went with one arm. */
export interface Report {
  readonly case: ProofCase
  readonly arm: Arm
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
export function holds({ findings, problems }: Report): boolean {
  if (!findings) return false
  return Object.values(figuresOf(findings)).every((count) => count === 0) && problems.length === 0
}

/** Runs one experiment in a world of its own and lets the oracle judge it. */
export async function runCase(stage: Stage, one: ProofCase, arm: Arm, seed: number): Promise<Report> {
  const startMs = performance.now()
  let world: World | undefined
  let findings: Findings | undefined
  let problems: readonly string[] = []
  let error: string | undefined
  try {
    world = await World.create(stage, { arm, seed, label: one.name, ownPostgres: one.hurts === 'postgres' })
    const ending: Ending = (await one.run(world)) ?? {}
    findings = ending.findings ?? judge(world.topic, await world.ledger.books(), await world.readTopic())
    problems = problemsOf(findings, ending)
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  }
  const seconds = (performance.now() - startMs) / 1000
  const notes = world?.notes ?? []
  const report = { case: one, arm, seconds, notes, findings, problems, error, kept: undefined }
  const isKept = arm === 'waybill' ? !holds(report) : error !== undefined
  try {
    await world?.close(isKept)
  } catch (cause) {
    return { ...report, error: `${error ?? ''} closing failed: ${String(cause)}`, findings: undefined }
  }
  return { ...report, kept: isKept ? world?.folder : undefined }
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
export async function runCases(
  stage: Stage,
  cases: readonly ProofCase[],
  { seed, atOnce, tell }: { seed: number; atOnce: number; tell: (report: Report) => void },
): Promise<readonly Report[]> {
  const reports: Report[] = []
  const work = async (waiting: { one: ProofCase; arm: Arm }[]): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const report = await runCase(stage, next.one, next.arm, seed)
      reports.push(report)
      tell(report)
    }
  }
  const all = cases.flatMap((one) => one.arms.map((arm) => ({ one, arm })))
  const together = all.filter(({ one }) => one.hurts !== 'cluster')
  await Promise.all(Array.from({ length: atOnce }, () => work(together)))
  await work(all.filter(({ one }) => one.hurts === 'cluster'))
  return reports
}
