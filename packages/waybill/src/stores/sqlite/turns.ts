import { noLongerNeeded } from '../../model/abort-reason.js'
import { WaybillError } from '../../model/errors.js'
import type { Clock } from '../../ports/clock.js'

/** One turn after another, first come first served, with a deadline and at most `waitingMax` in the queue. */
export class Turns {
  readonly #clock: Clock
  readonly #waitingMax: number
  #taken = false
  #waiting = new Set<() => void>()

  constructor(clock: Clock, waitingMax: number) {
    this.#clock = clock
    this.#waitingMax = waitingMax
  }

  /** Resolves when it is our turn; WB_STORE_BUSY after `deadlineMs` or when too many wait already. */
  async take(deadlineMs: number): Promise<void> {
    if (!this.#taken) {
      this.#taken = true
      return
    }
    if (this.#waiting.size >= this.#waitingMax)
      throw busy(`${this.#waitingMax} transactions wait for this connection already`)
    const stop = new AbortController()
    // Whoever passes the turn on removes us from the queue and ends the sleep.
    const start = (): void => stop.abort(noLongerNeeded)
    this.#waiting.add(start)
    await this.#clock.sleep(deadlineMs, stop.signal)
    if (stop.signal.aborted) return
    this.#waiting.delete(start)
    throw busy(`no turn within ${deadlineMs} ms`)
  }

  /** Ends our turn; the next one starts. */
  pass(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#taken = false
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

function busy(why: string): WaybillError {
  return new WaybillError(
    'WB_STORE_BUSY',
    `another transaction uses this SQLite connection: ${why}. One connection runs one transaction at a time: keep them short, ` +
      'and never start one inside another (it would wait for itself)',
  )
}
