import type { Clock } from '../ports/clock.js'

/** A sender that was open at a look: its rows lie above `aboveId`, and may not be visible yet. */
interface OpenSender {
  readonly aboveId: number
  readonly sinceMs: number
}

/** Senders open for longer are not waited for by reading their span again and again, but by noticing their end. */
const youngMs = 100

/**
 * The transactions that have drawn row ids and not ended, as far as reads have shown: what a reader must not pass.
 *
 * Rows are read above what was seen before. A row with a smaller id can still appear, when its transaction commits, and its
 * key's next row may then be visible in the same read, further up; sending that one first would reorder the key. Who can
 * own such a row? A read sees the rows of one moment and the senders open then, or *later*. So (1) a sender open at the last
 * look: its ids are above what the look before it had seen; (2) one that began and ended since: its ids are above what the
 * last read had seen at its beginning. Hence the next read starts where the *last but one* ended, and below every sender of
 * (1). While a sender is open nobody else can draw ids for its keys (they wait for its key locks), so for one that stays
 * open for long it is enough to notice the end: a read that started above its rows and finds it gone is thrown away, and
 * the next one starts below. That one starts below all senders, so it is never thrown away itself: reading always gets on.
 */
export class OpenSenders {
  readonly #clock: Clock
  readonly #open = new Map<string, OpenSender>()
  #newestId = 0
  #startsBelowAll = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nothing seen so far may be built upon, e.g. because the database was restored and ids come again. */
  reset(): void {
    this.#newestId = 0
  }

  /** Whether any are waited for: then a read must look at them again although it finds nothing. */
  get any(): boolean {
    return this.#open.size > 0
  }

  /** Where the next read of a lane must start that is settled up to `settledTo`. */
  startOf(settledTo: number): number {
    const now = this.#clock.monotonicMs()
    let start = settledTo
    for (const { aboveId, sinceMs } of this.#open.values())
      if (this.#startsBelowAll || now - sinceMs < youngMs) start = Math.min(start, aboveId)
    return start
  }

  /**
   * Takes in what a read that started at `starts` (one id per lane) showed. `mayUse` false: throw its rows away.
   * `endedAbove`: to be read again from here, because a sender ended; `undefined` when none did.
   */
  look(
    openSenders: ReadonlySet<string>,
    newestId: number,
    starts: readonly number[],
  ): { readonly mayUse: boolean; readonly endedAbove: number | undefined } {
    let endedAbove: number | undefined
    for (const [name, { aboveId }] of this.#open) {
      if (openSenders.has(name)) continue
      this.#open.delete(name)
      endedAbove = Math.min(endedAbove ?? aboveId, aboveId)
    }
    const now = this.#clock.monotonicMs()
    for (const name of openSenders)
      if (!this.#open.has(name)) this.#open.set(name, { aboveId: this.#newestId, sinceMs: now })
    this.#newestId = Math.max(this.#newestId, newestId)
    const passed = endedAbove
    const mayUse = passed === undefined || starts.every((start) => start <= passed)
    this.#startsBelowAll = !mayUse
    return { mayUse, endedAbove }
  }
}
