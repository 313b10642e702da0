import type { Clock } from '../ports/clock.js'
import type { OutboxStore } from '../ports/outbox-store.js'
import type { MetricName } from './metric-table.js'

/** Most holds that are counted: each costs a look at the rows behind it. */
const holdsMax = 1_000

/** What the store says now. */
export type StoreLook = ReadonlyMap<MetricName, number>

/**
 * Asks the store for its gauges. `undefined` when it does not answer within the deadline: a gauge that repeats its last value
 * while the database is gone says "all is well" in the one moment that counts. Asks that overlap share one; an ask
 * that is past its deadline is never waited for again, so a hanging store is asked by one look at a time.
 */
export class StoreLooks {
  readonly #store: OutboxStore
  readonly #clock: Clock
  readonly #timeoutMs: number
  #current: { readonly startMs: number; readonly answer: Promise<StoreLook | undefined> } | undefined

  constructor(store: OutboxStore, clock: Clock, timeoutMs: number) {
    this.#store = store
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  async look(): Promise<StoreLook | undefined> {
    const nowMs = this.#clock.monotonicMs()
    const current = (this.#current ??= { startMs: nowMs, answer: this.#ask() })
    const leftMs = current.startMs + this.#timeoutMs - nowMs
    if (leftMs <= 0) return undefined
    const answered = new AbortController()
    const late = this.#clock.sleep(leftMs, answered.signal).then(() => undefined)
    try {
      return await Promise.race([current.answer, late])
    } finally {
      answered.abort()
    }
  }

  async #ask(): Promise<StoreLook | undefined> {
    try {
      return await ask(this.#store)
    } catch {
      return undefined
    } finally {
      this.#current = undefined
    }
  }
}

async function ask(store: OutboxStore): Promise<StoreLook> {
  const { waiting, held, parked, oldestMs } = await store.backlog()
  const look = new Map<MetricName, number>([
    ['waybill_outbox_oldest_age_seconds', oldestMs / 1000],
    ['waybill_outbox_waiting', waiting],
    ['waybill_outbox_held', held],
    ['waybill_outbox_parked', parked],
    ['waybill_alerts_open', (await store.openAlerts()).length],
  ])
  const lanes = await store.admin.lanes()
  const inFlight = lanes.reduce((sum, lane) => sum + lane.inFlight, 0)
  const unowned = lanes.filter((lane) => lane.owner === null || lane.leaseLeftMs <= 0).length
  look.set('waybill_outbox_in_flight', inFlight)
  look.set('waybill_outbox_held_keys', held === 0 ? 0 : (await store.admin.holds(holdsMax)).length)
  look.set('waybill_lanes', lanes.length)
  return look.set('waybill_lanes_unowned', unowned)
}
