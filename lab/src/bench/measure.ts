import type { Arm, Place } from './arm.js'
import { Observer } from './observer.js'
import { type Rates, ratesOf } from './rate-window.js'
import { mustHoldAll } from './topic-check.js'
import { type CpuSeconds, cpuSeconds, othersShare, peakMemoryMiB } from './usage.js'

const deadlineMs = 180_000

/** What one run of an arm gave. */
export interface Run extends Rates {
  /** CPU microseconds a message between the first and the last visible record. */
  readonly cpuMicros: { readonly arm: number; readonly database: number; readonly brokers: number }
  /** Share of the machine's cores that others took meanwhile, 0 to 1. */
  readonly others: number
  /** Highest resident memory of the arm's processes, MiB. */
  readonly memoryMiB: number
}

/**
 * One run of an arm, after its rows are there: starts it, watches the topic from outside until all is visible, lets it finish its
 * books, ends it, and reads the topic. Throws when a message is missing, doubled or out of order: such a rate does not count.
 */
export async function measure(arm: Arm, place: Place): Promise<Run> {
  const { servers, topic, warm, counted } = place
  const count = warm + counted
  const observer = await Observer.connect(servers.brokers, topic)
  const running = await arm.start(place)
  const watched = servers.watched(running.pids)
  const looks: CpuSeconds[] = []
  const look = (): void => {
    looks.push(cpuSeconds(watched))
  }
  try {
    running.go()
    const sightings = await observer.watch({
      total: count,
      deadlineMs,
      first: look,
      last: look,
      giveUp: () => running.mustRun(),
    })
    const memoryMiB = running.pids.reduce((sum, pid) => sum + peakMemoryMiB(pid), 0)
    await running.settled()
    const firstCount = sightings.find((sighting) => sighting.count > 0)?.count ?? 0
    return { ...ratesOf(sightings, place), ...usageOf(looks, count - firstCount), memoryMiB }
  } finally {
    await running.stop()
    await observer.close()
    if (looks.length === 2) await mustHoldAll(servers.brokers, topic, count)
  }
}

function usageOf([before, after]: readonly CpuSeconds[], count: number): Pick<Run, 'cpuMicros' | 'others'> {
  if (!before || !after) throw new Error('internal error: watched, but not looked twice')
  const micros = (of: (seconds: CpuSeconds) => number): number => ((of(after) - of(before)) * 1e6) / Math.max(count, 1)
  const cpuMicros = {
    arm: micros(({ arm }) => arm),
    database: micros(({ database }) => database),
    brokers: micros(({ brokers }) => brokers),
  }
  return { cpuMicros, others: othersShare(before, after) }
}
