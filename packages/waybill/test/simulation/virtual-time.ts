import type { Scheduler } from 'fast-check'

interface Timer {
  readonly dueMs: number
  readonly number: number
  fire(): void
}

/** While input or output is under way, a tick moves time by at most this, so that no single answer takes a whole lease. */
const stepMs = 30

/**
 * Virtual time. fast-check's scheduler decides the order of everything; one of its tasks is always the tick, which moves
 * time to the earliest timer and fires it. So input and output overtake each other freely, timers never overtake timers.
 */
export class VirtualTime {
  nowMs = 0
  /** Never resolves: virtual time has no end. */
  readonly ended: Promise<never>
  readonly #scheduler: Scheduler
  readonly #timers: Timer[] = []
  #count = 0

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
    this.ended = this.#tick()
  }

  /** Resolves when the scheduler picks it. */
  async hop(label: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), label)
  }

  /** Resolves after `ms` of virtual time, or when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        const at = this.#timers.indexOf(timer)
        if (at >= 0) this.#timers.splice(at, 1)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer: Timer = { dueMs: this.nowMs + Math.max(0, ms), number: this.#count++, fire: done }
      this.#timers.push(timer)
      signal?.addEventListener('abort', done, { once: true })
    })
  }

  async #tick(): Promise<never> {
    for (;;) {
      await this.#scheduler.schedule(Promise.resolve(), 'tick')
      this.#timers.sort((a, b) => a.dueMs - b.dueMs || a.number - b.number)
      const next = this.#timers[0]
      const dueMs = next?.dueMs ?? this.nowMs + stepMs
      const busy = this.#scheduler.count() > 0
      this.nowMs = Math.max(this.nowMs + 1, busy ? Math.min(dueMs, this.nowMs + stepMs) : dueMs)
      if (this.nowMs >= dueMs) next?.fire()
    }
  }
}
