import { readFileSync } from 'node:fs'
import { childrenOf } from '../cluster/process-family.js'

// USER_HZ, fixed at 100 for programs on every Linux there is
const ticksPerSecond = 100

/** CPU seconds used so far. */
export interface CpuSeconds {
  readonly arm: number
  readonly database: number
  readonly brokers: number
  /** This process, which watches. */
  readonly measuring: number
  /** Of this whole machine, ours and others'. */
  readonly machine: number
  /** Of all cores together, used or not. */
  readonly capacity: number
}

/** Whose CPU is counted. */
export interface Watched {
  /** Processes of the arm. */
  readonly arm: readonly number[]
  /** PostgreSQL's postmaster; its backends are counted with it, also those that have ended. */
  readonly postmaster: number | undefined
  readonly brokers: readonly number[]
}

/** CPU seconds, user and system, of all that is watched. A process that has ended counts nothing. */
export function cpuSeconds({ arm, postmaster, brokers }: Watched): CpuSeconds {
  const sum = (pids: readonly number[]): number =>
    pids.reduce((total, pid) => total + ticksOf(pid).own, 0) / ticksPerSecond
  const backends = postmaster === undefined ? [] : [postmaster, ...childrenOf(postmaster)]
  const ended = postmaster === undefined ? 0 : ticksOf(postmaster).children / ticksPerSecond
  const own = process.cpuUsage()
  const measuring = (own.user + own.system) / 1e6
  return { arm: sum(arm), database: sum(backends) + ended, brokers: sum(brokers), measuring, ...machine() }
}

/** The share of all cores, 0 to 1, that processes which are none of ours took between two looks: a disturbed run shows it. */
export function othersShare(before: CpuSeconds, after: CpuSeconds): number {
  const grown = (of: (seconds: CpuSeconds) => number): number => of(after) - of(before)
  const ours = grown(({ arm, database, brokers, measuring }) => arm + database + brokers + measuring)
  return (
    Math.max(0, grown(({ machine: busy }) => busy) - ours) /
    Math.max(
      grown(({ capacity }) => capacity),
      0.01,
    )
  )
}

function machine(): { machine: number; capacity: number } {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  const busy = user + nice + system + irq + soft + steal
  return { machine: busy / ticksPerSecond, capacity: (busy + idle + wait) / ticksPerSecond }
}

/** Highest resident memory of a process so far, MiB; 0 when it has ended. */
export function peakMemoryMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
}

function ticksOf(pid: number): { own: number; children: number } {
  const stat = read(`/proc/${pid}/stat`)
  // The name in brackets may hold anything; the field behind it is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3] ?? 0)
  return { own: field(14) + field(15), children: field(16) + field(17) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
