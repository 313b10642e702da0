import type { FailpointName, Failpoints } from '../ports/failpoint.js'

/** Production: nothing happens. */
export const noFailpoints: Failpoints = { hit: () => undefined }

/**
 * Reads `<name>` or `<name>#<n>` (the nth hit, from 1) from `text`, usually the variable WAYBILL_KILL_AT, and kills the
 * process with SIGKILL there. For crash proofs only.
 */
export function killAt(text: string | undefined): Failpoints {
  if (!text) return noFailpoints
  const [name, count] = text.split('#')
  let left = Number(count ?? 1)
  return {
    hit: (at: FailpointName) => {
      if (at === name && --left === 0) process.kill(process.pid, 'SIGKILL')
    },
  }
}
