import type { Clock } from '../../ports/clock.js'
import { revokeMsOf } from './group-membership.js'
import { Session } from './session.js'

const intervalMaxMs = 3000
const intervalMinMs = 10

/**
 * Our side of the two timers by which the coordinator of a classic group removes a member: its session, and the rebalance
 * timeout within which it must join again. The second may have begun right after the last answer that told of no rebalance.
 */
export class ClassicSession {
  /** Ten heartbeats in a session, five in a rebalance timeout, as in Kafka at most 3 s. */
  readonly intervalMs: number
  readonly #clock: Clock
  readonly #session: Session
  readonly #rejoinMs: number
  #aliveMs = Number.NEGATIVE_INFINITY
  #settledMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, sessionTimeoutMs: number, rebalanceTimeoutMs: number) {
    this.#clock = clock
    this.#session = new Session(clock)
    this.#session.learn(sessionTimeoutMs)
    this.#rejoinMs = revokeMsOf(rebalanceTimeoutMs)
    this.intervalMs = Math.max(intervalMinMs, Math.min(intervalMaxMs, sessionTimeoutMs / 10, rebalanceTimeoutMs / 5))
  }

  /** A request sent at `sentMs` was answered as to a member; `isSettled`: and told of no rebalance. */
  answered(sentMs: number, isSettled: boolean): void {
    this.#aliveMs = Math.max(this.#aliveMs, sentMs)
    this.#session.answered(this.#aliveMs, this.intervalMs)
    if (isSettled) this.#settledMs = Math.max(this.#settledMs, sentMs)
  }

  /**
   * Why the coordinator may have removed us, if it may. While our JoinGroup waits there (`isWaiting`) it has not for the
   * second reason, however long a dead member makes all others wait.
   */
  whyOver(isWaiting: boolean): string | undefined {
    if (this.#session.isOver) return 'no heartbeat was answered for the session timeout'
    const isLate = !isWaiting && this.#clock.monotonicMs() >= this.#settledMs + this.#rejoinMs
    return isLate ? 'the group was not joined again within the rebalance timeout' : undefined
  }

  /** When to look again, ms from now. */
  nextLookMs(): number {
    const lateMs = this.#settledMs + this.#rejoinMs - this.#clock.monotonicMs()
    return Math.min(this.#session.nextLookMs(), lateMs > 0 ? Math.max(5, lateMs) : Number.POSITIVE_INFINITY)
  }
}
