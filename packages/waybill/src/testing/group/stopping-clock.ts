import type { Clock } from '../../ports/clock.js'

/**
 * A clock that can stop, as a paused virtual machine's does: nothing that waits on it wakes, and no time passes. It goes on
 * either as a process after SIGSTOP (`thaw('jump')`: the time has passed, and everything is late) or as if nothing had been
 * (`thaw('unaware')`: what a clock shows that does not count in suspension).
 */
export class StoppingClock implements Clock {
  readonly #real: Clock
  #lateMs = 0
  #frozenAtMs: number | undefined
  #thawed: (() => void)[] = []

  constructor(real: Clock) {
    this.#real = real
  }

  freeze(): void {
    this.#frozenAtMs = this.monotonicMs()
  }

  thaw(how: 'jump' | 'unaware'): void {
    if (this.#frozenAtMs === undefined) return
    if (how === 'unaware') this.#lateMs = this.#real.monotonicMs() - this.#frozenAtMs
    this.#frozenAtMs = undefined
    for (const resolve of this.#thawed.splice(0)) resolve()
  }

  monotonicMs(): number {
    return this.#frozenAtMs ?? this.#real.monotonicMs() - this.#lateMs
  }

  wallMs(): number {
    return this.#real.wallMs()
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#real.sleep(ms, signal)
    if (this.#frozenAtMs === undefined || signal?.aborted) return
    await new Promise<void>((resolve) => {
      this.#thawed.push(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
