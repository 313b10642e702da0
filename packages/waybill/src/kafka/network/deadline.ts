import { noLongerNeeded } from '../../model/abort-reason.js'
import type { Clock } from '../../ports/clock.js'

/** What became of a wait. */
export type Waited<T> = { readonly inTime: true; readonly value: T } | { readonly inTime: false }

/**
 * Waits for `work`, but not longer than `ms`. The work goes on behind a passed deadline: the caller must end it (close the
 * connection); its late failure is swallowed.
 */
export async function withDeadline<T>(clock: Clock, ms: number, work: Promise<T>): Promise<Waited<T>> {
  const settled = new AbortController()
  try {
    return await Promise.race([
      work.then((value): Waited<T> => ({ inTime: true, value })),
      clock.sleep(Math.max(0, ms), settled.signal).then((): Waited<T> => ({ inTime: false })),
    ])
  } finally {
    settled.abort(noLongerNeeded)
  }
}
