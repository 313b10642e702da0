import { type CrashCase, nameOf } from './cases.js'
import { ConsumerCase } from './consumer-case.js'
import { RelayCase } from './relay-case.js'
import { SenderCase } from './sender-case.js'
import { type Figures, type Verdict, figuresOf, holds } from './verdict.js'
import { World } from './world.js'

/** How one case went. */
export interface CaseReport {
  readonly case: CrashCase
  readonly seconds: number
  /** Undefined: the experiment itself failed, so nothing is proven. */
  readonly verdict: Verdict | undefined
  /** Why there is no verdict. */
  readonly error: string | undefined
  /** Where the files of a case that did not hold are. */
  readonly kept: string | undefined
}

/** The whole proof. */
export interface CrashProof {
  readonly holds: boolean
  /** Its last line. */
  readonly line: string
  readonly reports: readonly CaseReport[]
}

/** Runs one experiment in a world of its own. `naive`: with the code that people write, which must fail. */
export async function runCase(one: CrashCase, naive = false): Promise<CaseReport> {
  const startMs = performance.now()
  const world = await World.create()
  let verdict: Verdict | undefined
  let error: string | undefined
  try {
    verdict = await caseOf(world, one, naive).run()
  } catch (cause) {
    error = `${cause instanceof Error ? cause.message : String(cause)}\n${world.lastWords()}`
  }
  const isKept = !naive && !(verdict && holds(verdict))
  await world.close(isKept)
  const seconds = (performance.now() - startMs) / 1000
  return { case: one, seconds, verdict, error, kept: isKept ? world.folder : undefined }
}

/** Runs the cases, `atATime` of them at once; each is told as soon as it is over. */
export async function proveCrashes(
  cases: readonly CrashCase[],
  atATime: number,
  tell: (report: CaseReport) => void,
): Promise<CrashProof> {
  const waiting = [...cases]
  const reports: CaseReport[] = []
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const report = await runCase(one)
      reports.push(report)
      tell(report)
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return summary(reports)
}

/** One line about a case. */
export function describe({ case: one, seconds, verdict, error, kept }: CaseReport): string {
  const time = `${seconds.toFixed(1)} s`
  if (!verdict) return `ERROR ${nameOf(one)}: ${error ?? 'no verdict'} (${time}; files in ${kept})`
  const { found } = verdict.topic
  const counts = Object.entries(figuresOf(verdict)).map(([name, count]) => `${name}=${count}`)
  const effects = verdict.effects ? ` effects=${verdict.effects.effects}` : ''
  const figures = `committed=${found.committed} records=${found.records}${effects} ${counts.join(' ')}`
  if (holds(verdict)) return `ok    ${nameOf(one)}: ${figures} (${time})`
  return `BAD   ${nameOf(one)}: ${figures} (${time}; files in ${kept})\n      ${JSON.stringify(verdict)}`
}

/** A case counts only when its process died (or froze) exactly where it should; all others are errors. */
export function summary(reports: readonly CaseReport[]): CrashProof {
  const proven = reports.filter(({ verdict }) => verdict && holds(verdict))
  const points = new Set(proven.filter((r) => r.case.ending === 'kill').map((r) => r.case.failpoint))
  const figures = reports.flatMap(({ verdict }) => (verdict ? [figuresOf(verdict)] : []))
  const sum = (name: keyof Figures): number => figures.reduce((total, each) => total + each[name], 0)
  const failed = reports.length - proven.length
  const counts = `lost=${sum('lost')} duplicates=${sum('duplicates')} reordered=${sum('reordered')}`
  const line = `PROOF crash points=${points.size} cases=${proven.length} ${counts} effects-doubled=${sum('doubled')}`
  return {
    holds: failed === 0 && reports.length > 0,
    line: failed === 0 ? line : `${line} failed=${failed}`,
    reports,
  }
}

function caseOf(world: World, one: CrashCase, naive: boolean): { run(): Promise<Verdict> } {
  switch (one.engine) {
    case 'sender':
      return new SenderCase(world, one)
    case 'relay':
      return new RelayCase(world, one, naive)
    case 'consumer':
      return new ConsumerCase(world, one, naive)
  }
}
