import type { Clock } from '../../ports/clock.js'

/** Wakes all who wait for anything to happen in a membership. */
export class News {
  readonly #clock: Clock
  readonly #stop: AbortSignal
  #waiting: (() => void)[] = []

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock
    this.#stop = stop
  }

  /** Ends all waits of now. */
  tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Waits while `isOpen`, looking again at all news, until `ms` have passed or the membership stops. */
  async whileOpen(ms: number, isOpen: () => boolean): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + ms
    while (isOpen() && this.#clock.monotonicMs() < untilMs) {
      const told = new Promise<void>((resolve) => this.#waiting.push(resolve))
      await Promise.race([told, this.#clock.sleep(untilMs - this.#clock.monotonicMs(), this.#stop)])
      if (this.#stop.aborted) return
    }
  }
}
