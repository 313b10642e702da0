import type { Clock } from '../../ports/clock.js'

/** Kafka's default, `group.consumer.session.timeout.ms`, and how many heartbeat intervals of 5 s fit into it. */
const timeoutDefaultMs = 45_000
const intervalsDefault = 9
const lookMaxMs = 1000

/**
 * Our side of the coordinator's session timer. It starts at the *sending* of a heartbeat that was answered, which is before the
 * coordinator's own start, and ends a twentieth (at most 1 s) early: when it is over here, the coordinator has not given our
 * partitions away yet. The clock also counts while the process is stopped or its event loop is blocked.
 */
export class Session {
  readonly #clock: Clock
  #timeoutMs = timeoutDefaultMs
  #isKnown = false
  #endMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  /** The group's session timeout; `undefined` when it may not be read: then nine heartbeat intervals, at most 45 s. */
  learn(timeoutMs: number | undefined): void {
    this.#isKnown = timeoutMs !== undefined
    this.#timeoutMs = timeoutMs ?? timeoutDefaultMs
  }

  /** A heartbeat sent at `sentMs` was answered. */
  answered(sentMs: number, intervalMs: number): void {
    if (!this.#isKnown) this.#timeoutMs = Math.min(timeoutDefaultMs, intervalMs * intervalsDefault)
    this.#endMs = sentMs + this.#timeoutMs - Math.min(1000, this.#timeoutMs / 20)
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs
  }

  /** When to look again, ms from now. */
  nextLookMs(): number {
    return Math.min(lookMaxMs, Math.max(5, this.#endMs - this.#clock.monotonicMs()))
  }
}
