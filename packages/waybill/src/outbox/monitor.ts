import { causeText } from '../model/errors.js'
import type { TopicView } from '../ports/broker.js'
import type { Backlog } from '../ports/outbox-store.js'
import type { AlertCourier } from './alert.js'
import { because } from './obstacles.js'
import type { Pipeline } from './pipeline.js'
import type { RelayContext } from './relay-context.js'
import type { Topics } from './topics.js'

const roundMs = 1_000
/** The backlog is counted for at most this share of the time: with a million rows that takes 0.2 s of a core. */
const countShare = 0.05
/** Kafka as a whole, as the place of an obstacle. */
const kafka = 'Kafka'
const purgeRows = 1_000
const unexplainedRounds = 3
const noCause =
  'none known to this relay; see in `waybill status` whether every lane has an owner, and whether the backlog shrinks'

/**
 * Looks at the relay from outside, once a second: backlog and its age, topics that do not exist, turns that hang, alerts
 * to deliver, sent rows to drop. Nothing here is needed for delivery.
 */
export class Monitor {
  readonly #context: RelayContext
  readonly #courier: AlertCourier
  readonly #limits = new Map<string, number>()
  /** What was last told to the store; a former relay's alert is resolved by the first look of this one. */
  readonly #alerted = new Map<string, boolean>()
  #limitsChanged = false
  #unexplained = 0
  #countDueMs = 0
  #reachable: boolean | undefined
  /** Set when Kafka was out of reach: what answers next may be another cluster. */
  clusterInDoubt = true

  constructor(context: RelayContext, courier: AlertCourier) {
    this.#context = context
    this.#courier = courier
  }

  /** Kafka answered, or did not. */
  reachable(reachable: boolean, cause?: string): void {
    const { obstacles } = this.#context
    if (reachable) obstacles.passed(kafka)
    else obstacles.met(kafka, because(kafka, cause ?? 'no answer'))
    if (this.#reachable === reachable) return
    this.#reachable = reachable
    if (!reachable) this.clusterInDoubt = true
    this.#context.events.emit(cause === undefined ? { kind: 'kafka', reachable } : { kind: 'kafka', reachable, cause })
  }

  /** False while nothing of Kafka answers, as far as is known. */
  get isReachable(): boolean {
    return this.#reachable !== false
  }

  /** A topic's limits, to be shared with processes that only enqueue. */
  learned(view: TopicView): void {
    this.reachable(true)
    if (this.#limits.get(view.topic) === view.maxMessageBytes) return
    this.#limits.set(view.topic, view.maxMessageBytes)
    this.#limitsChanged = true
  }

  async run(signal: AbortSignal, pipelines: readonly Pipeline[], topics: Topics): Promise<void> {
    const { clock, log } = this.#context
    while (!signal.aborted) {
      try {
        await this.#round(signal, pipelines, topics)
      } catch (error) {
        log.warn('a look at the outbox failed', { cause: causeText(error) })
      }
      await clock.sleep(roundMs, signal)
    }
  }

  async #round(signal: AbortSignal, pipelines: readonly Pipeline[], topics: Topics): Promise<void> {
    const { store, options, clock } = this.#context
    if (clock.monotonicMs() >= this.#countDueMs) await this.#count(topics)
    const unknown = topics.unknownFor(options.topicGraceMs)
    await this.#alertWhile(
      'topics unknown',
      'topic-unknown',
      unknown.length > 0,
      `unknown topics: ${unknown.join(', ')}`,
    )
    const now = clock.monotonicMs()
    const stuck = pipelines.some(({ turnSinceMs }) => turnSinceMs !== undefined && now - turnSinceMs >= options.stuckMs)
    await this.#alertWhile('relay stuck', 'stuck', stuck, `a relay turn has taken more than ${options.stuckMs} ms`)
    if (this.#limitsChanged) {
      this.#limitsChanged = false
      await store.saveTopicLimits([...this.#limits].map(([topic, maxMessageBytes]) => ({ topic, maxMessageBytes })))
    }
    if (store.maintain) await store.maintain(options.dropUnverified ? { dropSentOlderThanMs: options.keepSentMs } : {})
    else if (options.dropUnverified) await store.purgeSent(options.keepSentMs, purgeRows)
    await this.#courier.round(signal)
  }

  async #count(topics: Topics): Promise<void> {
    const { store, clock, events } = this.#context
    const startedMs = clock.monotonicMs()
    const backlog = await store.backlog()
    this.#countDueMs = startedMs + (clock.monotonicMs() - startedMs) / countShare
    events.emit({ kind: 'backlog', waiting: backlog.waiting, oldestMs: backlog.oldestMs })
    await this.#alertWhileDelayed(backlog, topics)
  }

  /** Relays share this alert: one that knows no cause leaves the word to the others for a few rounds. */
  async #alertWhileDelayed(backlog: Backlog, topics: Topics): Promise<void> {
    const { waiting, oldestMs } = backlog
    const isDelayed = oldestMs >= this.#context.options.alertAfterMs
    const cause = isDelayed ? this.#lastCause(backlog, topics) : undefined
    this.#unexplained = isDelayed && cause === undefined ? this.#unexplained + 1 : 0
    if (this.#unexplained > 0 && this.#unexplained < unexplainedRounds) return
    const detail = `${waiting} messages wait, the oldest for ${Math.round(oldestMs / 1000)} s; last cause: ${cause ?? noCause}`
    await this.#alertWhile('outbox delayed', 'delayed', isDelayed, detail)
  }

  /** What has been in the way since the oldest message waits, as far as this relay knows, and what to do. */
  #lastCause({ oldestMs, held }: Backlog, topics: Topics): string | undefined {
    const met = this.#context.obstacles.latest(oldestMs) ?? topics.trouble()
    if (met !== undefined || held === 0) return met
    return `${held} of them are held behind a refused one; see the alert rejected`
  }

  async #alertWhile(cause: string, kind: string, holds: boolean, detail: string): Promise<void> {
    const { store } = this.#context
    if (this.#alerted.get(cause) === holds) return
    if (holds) await store.openAlert({ cause, kind, detail })
    else await store.resolveAlert(cause)
    this.#alerted.set(cause, holds)
  }
}
