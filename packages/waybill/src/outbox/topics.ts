import { causeText } from '../model/errors.js'
import type { Broker, TopicView } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import { because, placeOf } from './obstacles.js'

interface Entry {
  view: TopicView | undefined
  /** Monotonic time of the last answer, whatever it was. */
  askedMs: number
  /** Monotonic time since when the cluster says it does not know the topic. */
  unknownSinceMs: number | undefined
  failures: number
  /** Why the last question failed. */
  cause?: string
  pending: boolean
  stale: boolean
}

const freshMs = 5_000
const retryMinMs = 100
const retryMaxMs = 5_000

/**
 * What is known about the topics in use. `view` answers at once from memory and asks in the background, so that one
 * topic or broker that does not answer never holds up the others.
 */
export class Topics {
  readonly #broker: Broker
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #changed: () => void
  readonly #failed: (cause: unknown) => void
  readonly #learned: (view: TopicView) => void

  constructor(
    ports: { broker: Broker; clock: Clock },
    on: { changed: () => void; learned: (view: TopicView) => void; failed: (cause: unknown) => void },
  ) {
    this.#broker = ports.broker
    this.#clock = ports.clock
    this.#changed = on.changed
    this.#learned = on.learned
    this.#failed = on.failed
  }

  /** The topic as last seen, or `undefined` while unknown. Asks again when that is older than 5 s or was found wrong. */
  view(topic: string): TopicView | undefined {
    let entry = this.#entries.get(topic)
    if (!entry) {
      entry = { view: undefined, askedMs: 0, unknownSinceMs: undefined, failures: 0, pending: false, stale: true }
      this.#entries.set(topic, entry)
    }
    if (!entry.pending && this.#due(entry)) this.#ask(topic, entry)
    return entry.view
  }

  /** The view proved wrong (moved leader, unknown id): ask at the next look. */
  stale(topic: string): void {
    const entry = this.#entries.get(topic)
    if (entry) entry.stale = true
  }

  /** Topics the cluster has not known for at least `ms`. */
  unknownFor(ms: number): readonly string[] {
    const now = this.#clock.monotonicMs()
    return [...this.#entries]
      .filter(([, entry]) => entry.unknownSinceMs !== undefined && now - entry.unknownSinceMs >= ms)
      .map(([topic]) => topic)
  }

  /** What is wrong with a topic in use, if anything, and what to do. */
  trouble(): string | undefined {
    for (const [topic, { view, cause, unknownSinceMs }] of this.#entries) {
      if (cause !== undefined) return because(`topic ${topic}`, cause)
      if (unknownSinceMs !== undefined) return `topic ${topic} does not exist; create it, or correct its name`
      const leaderless = view?.partitions.find(({ leader }) => leader < 0)
      if (leaderless) return `${placeOf({ topic, ...leaderless })} has no leader; start the brokers of its replicas`
    }
    return undefined
  }

  #due(entry: Entry): boolean {
    const age = this.#clock.monotonicMs() - entry.askedMs
    if (entry.failures > 0 || !entry.view) {
      const pause = entry.failures === 0 ? 0 : Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(entry.failures, 10))
      return age >= pause || entry.askedMs === 0
    }
    return age >= (entry.stale ? retryMinMs : freshMs)
  }

  #ask(topic: string, entry: Entry): void {
    entry.pending = true
    const fresh = entry.stale
    entry.stale = false
    this.#broker.describeTopic(topic, { fresh }).then(
      (view) => this.#answered(entry, view),
      (error: unknown) => {
        this.#settle(entry, false)
        entry.cause = causeText(error)
        this.#failed(error)
      },
    )
  }

  #answered(entry: Entry, view: TopicView | undefined): void {
    delete entry.cause
    this.#settle(entry, view !== undefined)
    if (view) {
      entry.view = view
      entry.unknownSinceMs = undefined
      this.#learned(view)
    } else {
      entry.view = undefined
      entry.unknownSinceMs ??= this.#clock.monotonicMs()
    }
    this.#changed()
  }

  #settle(entry: Entry, good: boolean): void {
    entry.pending = false
    entry.askedMs = this.#clock.monotonicMs()
    entry.failures = good ? 0 : entry.failures + 1
  }
}
