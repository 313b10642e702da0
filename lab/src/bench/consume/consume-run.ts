import { cpuSeconds, othersShare } from '../usage.js'
import type { ArmName, ConsumerSettings, Task } from './arm.js'
import { type Brokers, sessionMs } from './brokers.js'
import { CommittedWatch, monotonicMs } from './committed-watch.js'
import { startArm } from './start-arm.js'
import type { Workload } from './workload.js'

const deadlineMs = 170_000
/** After all is committed an arm may still be on its way to say so. */
const sayMs = 10_000

/** What one run of an arm gave; seconds count from the moment at which the group gave it its partitions. */
export interface ConsumeRun {
  readonly handled: number
  readonly committed: number
  /** From "go" until it had its partitions: not part of the others. */
  readonly joined: number
  /** Sum of all handlers' time ÷ slots, as a share of `committed`; 0 where there is no work. */
  readonly ofIdeal: number
  /** CPU seconds of the arm from "go" on. */
  readonly cpu: number
  readonly others: number
}

/** Where the arms' programs are, and where profiles go. */
export interface Programs {
  readonly jars: string | undefined
  readonly clientFolder: string | undefined
  readonly profiles: string | undefined
}

/** The topics that were filled for this bench. */
export interface Topics {
  readonly warm: string
  readonly warmWork: Workload
  readonly of: (work: Workload) => string
}

/** What a run needs to know beside arm and workload. */
export interface Around {
  readonly brokers: Brokers
  readonly topics: Topics
  readonly programs: Programs
}

/** The settings of an arm's process for this workload, in a group that nobody had before. */
export function settingsOf(arm: ArmName, work: Workload, name: string, around: Around): ConsumerSettings {
  const { brokers, topics, programs } = around
  const task = (topic: string, each: Workload, group: string): Task => {
    const { partitions, count } = each
    return { brokers: brokers.addresses, topic, group, partitions, count, order: work.order, slots: work.slots }
  }
  return {
    arm,
    warm: task(topics.warm, topics.warmWork, `${name}-warm`),
    task: task(topics.of(work), work, name),
    record: undefined,
    clientFolder: programs.clientFolder,
    sessionMs,
  }
}

/** One run: a fresh process that has warmed up handles the workload's topic from its beginning until all is committed. */
export async function consumeRun(arm: ArmName, work: Workload, round: number, around: Around): Promise<ConsumeRun> {
  const { brokers, topics, programs } = around
  const name = `${arm}-${work.name}-${round}`
  const where = { name, folder: brokers.folder, jars: programs.jars }
  const profile = programs.profiles && `${programs.profiles}/${name}.cpuprofile`
  const running = await startArm(settingsOf(arm, work, name, around), { ...where, profile })
  const watch = new CommittedWatch(brokers.addresses, name, topics.of(work), work.partitions)
  try {
    const watched = brokers.watched([running.pid])
    const before = cpuSeconds(watched)
    const goMs = monotonicMs()
    running.go()
    const committedMs = await watch.until({ total: work.count, deadlineMs, giveUp: () => running.mustRun() })
    const after = cpuSeconds(watched)
    const { assignedMs, lastMs, handlerMs } = await running.handled(sayMs)
    const seconds = (ms: number): number => (ms - assignedMs) / 1_000
    return {
      handled: seconds(lastMs),
      committed: seconds(committedMs),
      joined: (assignedMs - goMs) / 1_000,
      ofIdeal: handlerMs / work.slots / (committedMs - assignedMs),
      cpu: after.arm - before.arm,
      others: othersShare(before, after),
    }
  } finally {
    await running.kill()
    await watch.close()
  }
}
