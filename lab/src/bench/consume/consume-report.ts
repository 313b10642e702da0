import { type Result, resultLine, tableText, thousands } from '../report.js'
import { median } from '../statistics.js'
import type { ArmName } from './arm.js'
import type { ConsumeRun } from './consume-run.js'
import type { Safety } from './safety-run.js'
import type { Workload } from './workload.js'

/** All that ran. */
export interface Found {
  readonly runs: Map<Workload, Map<ArmName, ConsumeRun[]>>
  readonly safety: Map<ArmName, Safety>
}

/** What issue 6 promises. */
const goals = {
  w1Seconds: 1.75,
  w1FewKeysSeconds: 2.1,
  w1OfIdeal: 0.92,
  w2Seconds: 1,
  /** By the time that handlers took: a bare loop of 100 timers of 10 ms in Node reaches 96 % of the nominal work. */
  w3OfIdeal: 0.95,
  w3FromMs: 10,
  noworkRate: 250_000,
  noworkTimesParallel: 2,
} as const

/** Medians as a table, the machine's line, and whether the goals hold as far as their arms ran. */
export function consumeReport(
  found: Found,
  works: readonly Workload[],
  arms: readonly ArmName[],
  rounds: number,
): Result {
  const seen = new Medians(found)
  const rows = works.flatMap((work) =>
    arms
      .filter((arm) => seen.has(work, arm))
      .map((arm) => ({
        workload: work.title,
        arm,
        'committed s': seen.of(work, arm, ({ committed }) => committed).toFixed(3),
        'handled s': seen.of(work, arm, ({ handled }) => handled).toFixed(3),
        'messages/s': thousands(work.count / seen.of(work, arm, ({ committed }) => committed)),
        'of ideal': percent(seen.of(work, arm, ({ ofIdeal }) => ofIdeal)),
        'of nominal': percent(nominal(work) / seen.seconds(work, arm)),
        'CPU s': seen.of(work, arm, ({ cpu }) => cpu).toFixed(2),
        'joined s': seen.of(work, arm, ({ joined }) => joined).toFixed(2),
        "others' CPU": percent(seen.of(work, arm, ({ others }) => others)),
        runs: String(found.runs.get(work)?.get(arm)?.length ?? 0),
      })),
  )
  const safety = arms.flatMap((arm) => {
    const result = found.safety.get(arm)
    return result ? [{ 'kill -9 at 50 %': arm, lost: String(result.lost), duplicates: String(result.duplicates) }] : []
  })
  return {
    title: `consume: three Kafka nodes; seconds from the assignment of the partitions to the committed end; median of ${rounds} rounds`,
    table: [rows, safety]
      .filter(({ length }) => length > 0)
      .map(tableText)
      .join('\n\n'),
    line: resultLine('consume', values(seen, works)),
    holds: failures(seen, works, found).length === 0,
    details: {
      failed: failures(seen, works, found),
      runs: Object.fromEntries([...found.runs].map(([work, ofWork]) => [work.name, Object.fromEntries(ofWork)])),
      safety: Object.fromEntries(found.safety),
    },
  }
}

class Medians {
  readonly #runs: Found['runs']

  constructor({ runs }: Found) {
    this.#runs = runs
  }

  has(work: Workload, arm: ArmName): boolean {
    return this.#runs.get(work)?.has(arm) ?? false
  }

  of(work: Workload, arm: ArmName, value: (run: ConsumeRun) => number): number {
    return median((this.#runs.get(work)?.get(arm) ?? []).map(value))
  }

  seconds(work: Workload, arm: ArmName): number {
    return this.of(work, arm, ({ committed }) => committed)
  }
}

function values(seen: Medians, works: readonly Workload[]): Record<string, string | number> {
  const line: Record<string, string | number> = {}
  for (const work of works) {
    if (!seen.has(work, 'waybill')) continue
    const own = seen.seconds(work, 'waybill')
    const name = work.name === 'w1-1000' ? 'w1' : work.name
    if (name === 'nowork') line[name] = Math.round(work.count / own)
    else line[`${name}-s`] = own.toFixed(3)
    if (seen.has(work, 'parallel')) line[`vs-pc-${name}`] = (seen.seconds(work, 'parallel') / own).toFixed(2)
  }
  return line
}

/** What was promised and is not so, in words; only of what ran. */
function failures(seen: Medians, works: readonly Workload[], { safety }: Found): string[] {
  const failed: string[] = []
  const must = (isSo: boolean, what: string): void => {
    if (!isSo) failed.push(what)
  }
  for (const work of works.filter((each) => seen.has(each, 'waybill'))) {
    const own = seen.seconds(work, 'waybill')
    const ofIdeal = seen.of(work, 'waybill', (run) => run.ofIdeal)
    if (work.name === 'w1-1000') must(own <= goals.w1Seconds && ofIdeal >= goals.w1OfIdeal, work.title)
    if (work.name === 'w1-20') must(own <= goals.w1FewKeysSeconds, work.title)
    if (work.name === 'w2') must(own <= goals.w2Seconds, work.title)
    if (work.name.startsWith('w3-') && work.workMicros(0) >= goals.w3FromMs * 1_000)
      must(ofIdeal >= goals.w3OfIdeal, work.title)
    if (work.name === 'nowork') {
      must(work.count / own >= goals.noworkRate, work.title)
      if (seen.has(work, 'parallel'))
        must(
          seen.seconds(work, 'parallel') / own >= goals.noworkTimesParallel,
          `${work.title} against the Parallel Consumer`,
        )
    }
  }
  const own = safety.get('waybill')
  must(own === undefined || own.lost === 0, 'waybill lost nothing when it was killed')
  return failed
}

/** Seconds that the slots would need for the work as it is told, without any overhead of timers. */
function nominal({ count, slots, workMicros }: Workload): number {
  let micros = 0
  for (let n = 0; n < count; n++) micros += workMicros(n)
  return micros / 1e6 / slots
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
