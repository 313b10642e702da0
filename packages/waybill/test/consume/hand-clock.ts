import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/ports/clock.js'

/** A clock that moves only when it is told to, from one due sleep to the next. */
export class HandClock implements Clock {
  #nowMs = 0
  readonly #sleeps = new Set<{ readonly dueMs: number; readonly wake: () => void }>()

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return 1_800_000_000_000 + this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        this.#sleeps.delete(sleep)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleep = { dueMs: this.#nowMs + ms, wake }
      this.#sleeps.add(sleep)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  /** Lets everything that is due in the next `ms` happen, in order, with what follows from it. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      // What was woken goes on until it sleeps again: promises only, no input or output.
      for (let turn = 0; turn < 5; turn++) await setImmediate()
      const [next] = [...this.#sleeps].sort((a, b) => a.dueMs - b.dueMs)
      if (!next || next.dueMs > untilMs) break
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.wake()
    }
    this.#nowMs = untilMs
  }
}
