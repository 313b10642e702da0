import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { until } from './until.js'

/** Process ids of the children that a process has now, zombies included; none when it does not exist. */
export function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return listed.split(' ').filter(Boolean).map(Number)
  } catch {
    // no such file: another system than Linux, or a kernel without that list
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number))
    return rows.filter(([, parent]) => parent === pid).flatMap(([child]) => (child === undefined ? [] : [child]))
  }
}

/**
 * SIGSTOP for a process and all its children; returns the children. The parent comes first: a stopped one starts no further
 * child and collects no dead one, so none of the returned ids can come to mean another process until it is continued.
 * Children of children are left alone (PostgreSQL's are all the postmaster's own).
 */
export function freezeFamily(pid: number): number[] {
  send(pid, 'SIGSTOP')
  const frozen = new Set<number>()
  for (;;) {
    // A signal takes a moment: a child that was forked meanwhile is found in the next round.
    const found = childrenOf(pid).filter((child) => !frozen.has(child))
    if (found.length === 0) return [...frozen]
    for (const child of found) {
      send(child, 'SIGSTOP')
      frozen.add(child)
    }
  }
}

/** SIGCONT for a frozen process and its children. */
export function thawFamily(pid: number): void {
  for (const child of childrenOf(pid)) send(child, 'SIGCONT')
  send(pid, 'SIGCONT')
}

/** SIGKILL for a process and all its children; returns the children, which nobody may have collected yet. */
export function killFamily(pid: number): number[] {
  const children = freezeFamily(pid)
  for (const child of children) send(child, 'SIGKILL')
  send(pid, 'SIGKILL')
  return children
}

/** Waits until none of these processes runs any more; a zombie does not. */
export async function gone(pids: readonly number[], deadlineMs: number): Promise<void> {
  const what = `the end of the processes ${pids.join(', ')}`
  await until(async () => !pids.some(isRunning), { what, deadlineMs, everyMs: 10 })
}

/** Whether this process runs (a stopped one does, a zombie does not). */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    // "pid (name) state …": the name may hold anything, also brackets
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3))
  } catch {
    return true // no /proc on this system
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended meanwhile
  }
}
