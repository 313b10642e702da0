import { noLongerNeeded } from '../../model/abort-reason.js'
import type { Clock } from '../../ports/clock.js'

/** What `within` resolves to when the time is up. */
export const timedOut: unique symbol = Symbol('timed out')

/** The promise's result, or `timedOut` once the clock is at `endMs`; what comes later is dropped, a rejection too. */
export async function within<T>(clock: Clock, endMs: number, promise: Promise<T>): Promise<T | typeof timedOut> {
  const timer = new AbortController()
  const timeout = clock
    .sleep(Math.max(0, endMs - clock.monotonicMs()), timer.signal)
    .then((): typeof timedOut => timedOut)
  promise.catch(() => {})
  try {
    return await Promise.race([promise, timeout])
  } finally {
    timer.abort(noLongerNeeded)
  }
}
