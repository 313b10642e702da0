/** How many of the newest messages the brake looks at. */
const newestCount = 200

/**
 * Notices a bad deployment: when more than `percent` of the newest 200 messages would be dead letters, it allows no more, and
 * the consumer stops instead of draining the topic into the dead-letter topic. Until 200 messages have ended it allows as
 * many as later: one bad message at the start is no reason to stop. It lives as long as its consumer.
 */
export class Brake {
  readonly #deadMax: number
  /** 1 for a dead letter. A ring: `#at` is the oldest. */
  readonly #newest: Uint8Array = new Uint8Array(newestCount)
  #at = 0
  #dead = 0

  constructor(percent: number) {
    this.#deadMax = Math.floor((newestCount * percent) / 100)
  }

  /** A message was handled. */
  handled(): void {
    this.#push(0)
  }

  /** True when one more dead letter is all right; it is then counted, before it is sent. */
  allows(): boolean {
    if (this.#dead - (this.#newest[this.#at] ?? 0) >= this.#deadMax) return false
    this.#push(1)
    return true
  }

  #push(dead: 0 | 1): void {
    this.#dead += dead - (this.#newest[this.#at] ?? 0)
    this.#newest[this.#at] = dead
    this.#at = (this.#at + 1) % newestCount
  }
}
