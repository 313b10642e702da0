import { noLongerNeeded } from '../model/abort-reason.js'
import type { Clock } from '../ports/clock.js'

/**
 * A doorbell: `ring()` ends the present or the next `wait()`. A ring is never lost between a look at the work and the
 * wait, because it is remembered until a wait consumes it.
 */
export class Wake {
  readonly #clock: Clock
  #rung = false
  #ring: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the wait under way, or the next one at once. */
  ring(): void {
    this.#rung = true
    this.#ring?.()
  }

  /** Waits until rung, until `ms` passed or until `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const timer = new AbortController()
      const rung = new Promise<void>((resolve) => {
        this.#ring = resolve
      })
      const stop = (): void => timer.abort(noLongerNeeded)
      signal.addEventListener('abort', stop, { once: true })
      await Promise.race([rung, this.#clock.sleep(ms, timer.signal)])
      signal.removeEventListener('abort', stop)
      timer.abort(noLongerNeeded)
      this.#ring = undefined
    }
    this.#rung = false
  }
}
