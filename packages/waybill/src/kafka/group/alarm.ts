import type { Clock } from '../../ports/clock.js'

/** A rest that can be cut short. A ring before the rest counts: the next one does not begin. */
export class Alarm {
  readonly #clock: Clock
  readonly #stop: AbortSignal
  #rung = new AbortController()

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock
    this.#stop = stop
    stop.addEventListener('abort', () => this.#rung.abort(), { once: true })
  }

  /** Ends the present rest, or the next. */
  ring(): void {
    this.#rung.abort()
  }

  /** Rests `ms`, or until rung or stopped. */
  async rest(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#rung.signal)
    if (this.#rung.signal.aborted && !this.#stop.aborted) this.#rung = new AbortController()
  }
}
