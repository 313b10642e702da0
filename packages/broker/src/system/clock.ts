/** Wall-clock time. Tests and simulations inject their own. */
export interface Clock {
  /** Milliseconds since 1970, as in record timestamps. */
  now(): number
}

/** One-shot timers. Tests and simulations inject their own. */
export interface Timers {
  /** Runs `action` once after `ms` milliseconds; the answer cancels it and may be called at any time, also twice. */
  after(ms: number, action: () => void): () => void
}

/** setTimeout takes 31 bits; a longer delay would fire at once. */
const DELAY_MS_MAX = 2_147_483_647

/** The computer's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** Node's timers. Delays above 24.8 days are cut to that. */
export const systemTimers: Timers = {
  after(ms, action) {
    const handle = setTimeout(action, Math.min(Math.max(ms, 0), DELAY_MS_MAX))
    return () => clearTimeout(handle)
  },
}
