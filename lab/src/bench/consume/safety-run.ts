import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cluster/until.js'
import type { ArmName } from './arm.js'
import { CommittedWatch } from './committed-watch.js'
import { type Around, settingsOf } from './consume-run.js'
import { startArm } from './start-arm.js'
import type { Workload } from './workload.js'

const deadlineMs = 120_000
const numberBytes = 4

/** What an arm that was killed in the middle left. */
export interface Safety {
  /** Committed, but never handled to the end. */
  readonly lost: number
  /** Handled more than once. */
  readonly duplicates: number
}

/** kill -9 when half of the records are handled, then the same again in a new process until all is committed. */
export async function safetyRun(arm: ArmName, work: Workload, around: Around): Promise<Safety> {
  const { brokers, topics, programs } = around
  const group = `${arm}-${work.name}`
  const record = join(brokers.folder, `${group}.handled`)
  const settings = { ...settingsOf(arm, work, group, around), warm: undefined, record }
  const where = { folder: brokers.folder, jars: programs.jars, profile: undefined }
  const first = await startArm(settings, { ...where, name: `${group}-first` })
  try {
    first.go()
    const half = async (): Promise<boolean> =>
      existsSync(record) && statSync(record).size >= (work.count / 2) * numberBytes
    await until(half, { what: `half of ${group}`, deadlineMs, everyMs: 5, giveUp: () => first.mustRun() })
  } finally {
    await first.kill()
  }
  const second = await startArm(settings, { ...where, name: `${group}-second` })
  const watch = new CommittedWatch(brokers.addresses, group, topics.of(work), work.partitions)
  try {
    second.go()
    await watch.until({ total: work.count, deadlineMs, giveUp: () => second.mustRun() })
  } finally {
    await second.kill()
    await watch.close()
  }
  return counted(readFileSync(record), work.count)
}

/** Counts the numbers that a record file holds. */
export function counted(record: Buffer, count: number): Safety {
  const times = new Uint32Array(count)
  let total = 0
  for (let at = 0; at + numberBytes <= record.length; at += numberBytes) {
    const n = record.readInt32BE(at)
    if (n >= 0 && n < count) times[n] = (times[n] ?? 0) + 1
    total++
  }
  const distinct = times.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0)
  return { lost: count - distinct, duplicates: total - distinct }
}
