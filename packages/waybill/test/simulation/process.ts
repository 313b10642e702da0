import type { Clock } from '../../src/ports/clock.js'
import type { VirtualTime } from './virtual-time.js'

const never = new Promise<never>(() => {})

/** A process that can be killed and paused at any await: everything that goes in or out of it crosses here. */
export class SimProcess {
  readonly name: string
  readonly #time: VirtualTime
  #alive = true
  #resumed: Promise<void> | undefined
  #resume: () => void = () => {}

  constructor(name: string, time: VirtualTime) {
    this.name = name
    this.#time = time
  }

  get alive(): boolean {
    return this.#alive
  }

  get paused(): boolean {
    return this.#resumed !== undefined
  }

  /** SIGKILL: nothing of this process happens any more. */
  kill(): void {
    this.#alive = false
    this.resume()
  }

  /** SIGSTOP. */
  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  /** SIGCONT. */
  resume(): void {
    this.#resume()
    this.#resumed = undefined
  }

  /** Any way out of or into the process. A dead one gets no answers, a paused one gets them when it goes on. */
  async cross(label: string): Promise<void> {
    await this.#running()
    await this.#time.hop(`${this.name} ${label}`)
    await this.#running()
  }

  /** The clock as this process has it. */
  get clock(): Clock {
    const time = this.#time
    return {
      monotonicMs: () => time.nowMs,
      wallMs: () => time.nowMs,
      sleep: async (ms, signal) => {
        await time.sleep(ms, signal)
        await this.#running()
      },
    }
  }

  async #running(): Promise<void> {
    while (this.#resumed) await this.#resumed
    if (!this.#alive) await never
  }
}
