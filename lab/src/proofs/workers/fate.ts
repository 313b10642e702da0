import { writeFileSync } from 'node:fs'
import { killAt } from 'waybill'
import type { Failpoints } from 'waybill'
import type { FailpointName } from 'waybill/testing'

/** What is to happen to a worker, and where. */
export interface Fate {
  readonly failpoint: FailpointName
  /** At the nth hit, from 1. */
  readonly hit: number
  /** kill: SIGKILL. freeze: SIGSTOP, until somebody sends SIGCONT. */
  readonly ending: 'kill' | 'freeze'
  /** File that the worker writes at that point, right before the signal. */
  readonly witness: string
}

/** What the witness file says when the worker came there. */
export function testimony({ failpoint, hit }: Pick<Fate, 'failpoint' | 'hit'>, pid: number): string {
  return `${failpoint}#${hit} ${pid}`
}

/**
 * The failpoints of a worker with this fate; none = it lives. The worker sends the signal to itself, so it is dead or
 * stopped when the call into the kernel returns: not one statement later. The witness tells that death from any other.
 */
export function failpointsOf(fate: Fate | undefined): Failpoints {
  const kill = killAt(fate?.ending === 'kill' ? `${fate.failpoint}#${fate.hit}` : undefined)
  let hits = 0
  return {
    hit: (name) => {
      if (name === fate?.failpoint && ++hits === fate.hit) {
        // Not synced: a process kill leaves the page cache alone.
        writeFileSync(fate.witness, testimony(fate, process.pid))
        if (fate.ending === 'freeze') process.kill(process.pid, 'SIGSTOP')
      }
      return kill.hit(name)
    },
  }
}
