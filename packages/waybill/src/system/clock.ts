import { setMaxListeners } from 'node:events'
import type { Clock } from '../ports/clock.js'

/** Node's timers cannot wait longer than this; longer sleeps wake early, which every caller must allow for. */
const sleepMaxMs = 2_147_483_647

/** The machine's clock. `monotonicMs` is CLOCK_MONOTONIC, which also counts while the process is stopped (SIGSTOP). */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(Math.max(0, ms), sleepMaxMs))
      // A signal of an engine has as many sleepers as messages pause: more than the 10 from which Node suspects a leak.
      if (signal) setMaxListeners(0, signal)
      signal?.addEventListener('abort', done, { once: true })
    }),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
}
