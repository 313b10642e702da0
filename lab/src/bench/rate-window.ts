/** How many records were visible at a time of a monotonic clock, ms. */
export interface Sighting {
  readonly atMs: number
  readonly count: number
}

/** How many records a run makes visible. */
export interface Span {
  /** The first ones, while compilers and caches warm up: they do not count. */
  readonly warm: number
  readonly counted: number
}

/** Rates of one run, records a second. */
export interface Rates {
  /** Between the moments at which 10 % and 90 % of the counted ones were visible: no start-up, no tail. The headline. */
  readonly steady: number
  /** From the first sighting of any record to that of the last; what the first sighting showed does not count. */
  readonly whole: number
  /** The best stretch of at least a second; the steady rate where the run is shorter. */
  readonly best: number
}

const from = 0.1
const to = 0.9
const stretchMs = 1000

/**
 * The rates of a run. Between two sightings records are taken to come evenly, so the error is
 * at most one pause between two looks at each end. Throws when the sightings do not reach all records.
 */
export function ratesOf(sightings: readonly Sighting[], { warm, counted }: Span): Rates {
  const total = warm + counted
  const rising = sightings.filter(({ count }, index) => index === 0 || count >= (sightings[index - 1]?.count ?? 0))
  const first = rising.find(({ count }) => count > 0)
  const last = rising.find(({ count }) => count >= total)
  if (!first || !last) throw new Error(`only ${rising.at(-1)?.count ?? 0} of ${total} records were seen`)
  const begin = momentOf(rising, warm + counted * from)
  const steady = (counted * (to - from)) / secondsBetween(begin, momentOf(rising, warm + counted * to))
  const whole = (total - first.count) / secondsBetween(first.atMs, last.atMs)
  return { steady, whole, best: Math.max(steady, bestStretch(rising, last.atMs)) }
}

/** When `count` records were visible, by a straight line between the two sightings around it. */
function momentOf(sightings: readonly Sighting[], count: number): number {
  const index = sightings.findIndex((sighting) => sighting.count >= count)
  const after = sightings[index]
  const before = sightings[index - 1]
  if (!after) throw new Error(`${count} records were never seen`)
  if (!before || after.count === before.count) return after.atMs
  const share = (count - before.count) / (after.count - before.count)
  return before.atMs + share * (after.atMs - before.atMs)
}

function bestStretch(sightings: readonly Sighting[], lastMs: number): number {
  let best = 0
  let start = 0
  for (const [end, sighting] of sightings.entries()) {
    if (sighting.atMs > lastMs) break
    // the shortest stretch of at least a second that ends here
    while (start + 1 < end && sighting.atMs - (sightings[start + 1]?.atMs ?? 0) >= stretchMs) start++
    const begin = sightings[start]
    if (!begin || sighting.atMs - begin.atMs < stretchMs) continue
    best = Math.max(best, (sighting.count - begin.count) / secondsBetween(begin.atMs, sighting.atMs))
  }
  return best
}

function secondsBetween(fromMs: number, toMs: number): number {
  // Two looks at the same moment: nothing faster than the clock can be told.
  return Math.max(toMs - fromMs, 0.001) / 1000
}
