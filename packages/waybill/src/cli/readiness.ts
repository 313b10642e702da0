import type { Clock } from '../ports/clock.js'
import type { WaybillEvent } from '../ports/events.js'
import type { Log } from '../ports/log.js'
import type { OutboxAdmin } from '../ports/outbox-admin.js'
import type { OutboxStore } from '../ports/outbox-store.js'

/** What `/ready` answers. */
export interface Readiness {
  readonly ready: boolean
  /** Why not; empty when ready. */
  readonly reasons: readonly string[]
  readonly lanesHeld: number
  readonly kafka: 'reachable' | 'unreachable' | 'not asked yet'
}

/** The relay looks at the outbox once a second; without a look for so long it hangs. */
const silentMs = 30_000
const probeMs = 2_000

/**
 * Judges whether this relay does its work: it holds leases (or all lanes are with living others: a stand-by is ready), the
 * store answers now, and its monitor goes round. Kafka is told and not judged: a restart does not mend it,
 * and a relay that waits for it is where it should be.
 */
export class RelayWatch {
  readonly #clock: Clock
  readonly #log: Log
  readonly #store: OutboxStore
  readonly #admin: OutboxAdmin
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  #held = 0
  #kafka: Readiness['kafka'] = 'not asked yet'
  #lookedMs: number
  #probing: Promise<string[]> | undefined

  constructor(database: { readonly store: OutboxStore; readonly admin: OutboxAdmin }, clock: Clock, log: Log) {
    this.#store = database.store
    this.#admin = database.admin
    this.#clock = clock
    this.#log = log
    this.#lookedMs = clock.monotonicMs()
  }

  phase(phase: 'running' | 'stopping'): void {
    this.#phase = phase
    this.#lookedMs = this.#clock.monotonicMs()
  }

  note(event: WaybillEvent): void {
    if (event.kind === 'lanes') this.#held = event.held.length
    else if (event.kind === 'backlog') this.#lookedMs = this.#clock.monotonicMs()
    else if (event.kind === 'kafka') {
      this.#kafka = event.reachable ? 'reachable' : 'unreachable'
      if (event.reachable) this.#log.info('Kafka is reachable')
      else this.#log.warn('waiting for Kafka; messages stay in the outbox', { cause: event.cause })
    }
  }

  async look(): Promise<Readiness> {
    const reasons: string[] = []
    if (this.#phase === 'stopping') reasons.push('stopping: lanes are being given back')
    if (this.#phase === 'starting') reasons.push('starting: the store was not opened yet')
    // One probe at a time, shared: a store that hangs must not collect one per look.
    this.#probing ??= this.#probe().finally(() => (this.#probing = undefined))
    const answered = new AbortController()
    const late = this.#clock.sleep(probeMs, answered.signal).then(() => [`the store did not answer in ${probeMs} ms`])
    reasons.push(...(await Promise.race([this.#probing, late])))
    answered.abort()
    const sinceMs = this.#clock.monotonicMs() - this.#lookedMs
    if (this.#phase === 'running' && sinceMs > silentMs)
      reasons.push(`stuck: the relay has not looked at the outbox for ${Math.round(sinceMs / 1000)} s`)
    return { ready: reasons.length === 0, reasons, lanesHeld: this.#held, kafka: this.#kafka }
  }

  async #probe(): Promise<string[]> {
    try {
      if (this.#phase !== 'running' || this.#held > 0) {
        await this.#store.nowMs()
        return []
      }
      const lanes = await this.#admin.lanes()
      const free = lanes.filter(({ owner, leaseLeftMs }) => owner === null || leaseLeftMs <= 0).length
      if (free === 0) return []
      const why = this.#kafka === 'reachable' ? '' : ` (Kafka: ${this.#kafka})`
      return [`no lane is leased yet, ${free} of ${lanes.length} are free${why}`]
    } catch (error) {
      return [`the store is not reachable: ${error instanceof Error ? error.message : String(error)}`]
    }
  }
}
