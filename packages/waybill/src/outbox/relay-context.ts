import { backoff } from '../model/backoff.js'
import { WaybillError } from '../model/errors.js'
import type { Broker } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Events } from '../ports/events.js'
import type { Failpoints } from '../ports/failpoint.js'
import type { Log } from '../ports/log.js'
import type { OutboxStore } from '../ports/outbox-store.js'
import type { Random } from '../ports/random.js'
import type { Obstacles } from './obstacles.js'
import type { RelayOptions } from './options.js'

/** What the relay needs from outside. */
export interface RelayPorts {
  readonly store: OutboxStore
  readonly broker: Broker
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly events: Events
  readonly failpoints: Failpoints
}

/** Ports, settings and the facts that every part of a relay shares. */
export interface RelayContext extends RelayPorts {
  readonly options: RelayOptions
  readonly source: string
  readonly databaseTime: DatabaseTime
  readonly obstacles: Obstacles
}

/**
 * The database's clock, carried forward on our monotonic clock between two answers of the store. Only for judging ages
 * of minutes and hours (trust, alerts); leases and stamps are computed inside the database.
 */
export class DatabaseTime {
  readonly #clock: Clock
  #aheadMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Learns the database time as answered to a question asked at `askedAtMs` (monotonic). */
  learn(databaseMs: number, askedAtMs: number): void {
    this.#aheadMs = databaseMs - askedAtMs
  }

  nowMs(): number {
    return this.#clock.monotonicMs() + this.#aheadMs
  }
}

/** The pause after `tries` failed rounds. */
export function backoffMs(tries: number, { options, random }: Pick<RelayContext, 'options' | 'random'>): number {
  return backoff(tries, { minMs: options.backoffMinMs, maxMs: options.backoffMaxMs }, random.next())
}

/** True when the store says that nothing was changed and that trying again can help. */
export function nothingChanged(error: unknown): boolean {
  return error instanceof WaybillError && error.retryable === 'yes'
}
