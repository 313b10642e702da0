import type { StreamKey } from '../model/flight.js'
import type { Clock } from '../ports/clock.js'

/**
 * What keeps messages from being sent, as last heard, by place: a stream, a lane, or Kafka as a whole. It is what the alert
 * `delayed` says; nothing is decided by it. At most one entry a place.
 */
export class Obstacles {
  readonly #clock: Clock
  readonly #met = new Map<string, { readonly clause: string; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `clause`: what is wrong, and after a semicolon what to do; `because` makes one. */
  met(place: string, clause: string): void {
    this.#met.delete(place)
    this.#met.set(place, { clause, atMs: this.#clock.monotonicMs() })
  }

  /** The place is free: its messages went through, or wait for another reason. */
  passed(place: string): void {
    this.#met.delete(place)
  }

  /** The clause heard last, within the last `ms`; what is older is forgotten, somebody else may have the lane by now. */
  latest(ms: number): string | undefined {
    const sinceMs = this.#clock.monotonicMs() - ms
    let latest: string | undefined
    for (const [place, { clause, atMs }] of this.#met) {
      if (atMs < sinceMs) this.#met.delete(place)
      else latest = clause
    }
    return latest
  }
}

/** By what is in the cause. Kafka's codes come first in it; a refusal that names the right to grant needs nothing more. */
const fixes: readonly (readonly [cause: RegExp, fix: string])[] = [
  [/: grant [A-Z]/, ''],
  [/^TOPIC_AUTHORIZATION_FAILED/, 'grant the relay WRITE on the topic'],
  [/^NOT_ENOUGH_REPLICAS/, 'start the brokers of its replicas: fewer than min.insync.replicas are in sync'],
  [/^(NOT_LEADER_OR_FOLLOWER|LEADER_NOT_AVAILABLE)/, 'if it stays, start the brokers of its replicas'],
  [/^INVALID_TIMESTAMP/, 'compare the clocks of database and brokers; docs/operations.md, Clocks'],
  [/^KAFKA_STORAGE_ERROR/, 'look at the disk of its leader'],
  [/^[A-Z]+_[A-Z_]+( |$)/, 'look at the log of its leader'],
]
const otherwise = 'see whether the brokers run and can be reached from here'

/** `who: cause; what to do`. */
export function because(who: string, cause: string): string {
  const told = cause.trim()
  const fix = fixes.find(([pattern]) => pattern.test(told))?.[1] ?? otherwise
  return fix === '' ? `${who}: ${told}` : `${who}: ${told}; ${fix}`
}

/** A stream as an operator knows it. */
export function placeOf({ topic, partition }: Pick<StreamKey, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`
}
