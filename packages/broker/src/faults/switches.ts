import { apiNamed } from '../api/table.js'

/** Which responses are dropped: the request is executed, the answer never sent, the connection cut. */
export interface DropResponses {
  /** Kafka's name of the API: 'Produce', 'Fetch', … */
  readonly api: string
  /** How many responses are dropped in all. */
  readonly count: number
  /** Only each n-th response of the API is dropped; 1 (default) = every one. */
  readonly every?: number
}

/** Which requests are answered with an error and not executed. */
export interface ErrorNext {
  readonly api: string
  readonly count: number
  readonly errorCode: number
  /** Only requests that name this topic, and only their items of this topic. */
  readonly topic?: string
}

/** Which responses are held back. */
export interface DelayResponses {
  readonly api: string
  readonly count: number
  readonly delayMs: number
}

/** What the switches have done so far and what is still set. */
export interface FaultsSnapshot {
  readonly dropped: number
  readonly errored: number
  readonly delayed: number
  readonly crashes: number
  readonly powerLosses: number
  readonly coordinatorMoves: number
  readonly diskFull: boolean
  readonly pending: {
    readonly drops: readonly DropResponses[]
    readonly errors: readonly ErrorNext[]
    readonly delays: readonly DelayResponses[]
  }
}

/** Rules of one kind that may be waiting at once. */
const RULES_MAX = 1000

/** A rule with how often it may still act; `left` counts down, `seen` counts up. */
type Live<Rule> = { readonly rule: Rule; left: number; seen: number }

/** The switches that act on single requests. They outlive a crash: they are in the test's hand, not the broker's. */
export class FaultSwitches {
  diskIsFull = false
  crashes = 0
  powerLosses = 0
  /** How often the group coordinator has moved away and back. */
  coordinatorMoves = 0
  #dropped = 0
  #errored = 0
  #delayed = 0
  #drops: Live<DropResponses>[] = []
  #errors: Live<ErrorNext>[] = []
  #delays: Live<DelayResponses>[] = []

  addDrop(rule: DropResponses): void {
    checkCount('every', rule.every ?? 1)
    this.#drops = added(this.#drops, rule)
  }

  addError(rule: ErrorNext): void {
    if (!Number.isInteger(rule.errorCode) || rule.errorCode === 0)
      throw new TypeError('errorCode must be one of Kafka, not 0')
    this.#errors = added(this.#errors, rule)
  }

  addDelay(rule: DelayResponses): void {
    checkCount('delayMs', rule.delayMs)
    this.#delays = added(this.#delays, rule)
  }

  clear(): void {
    this.#drops = []
    this.#errors = []
    this.#delays = []
    this.diskIsFull = false
  }

  /** True when the response that is about to be sent must not be. */
  dropsResponse(api: string): boolean {
    for (const live of this.#drops) {
      if (live.rule.api !== api) continue
      live.seen++
      if (live.seen % (live.rule.every ?? 1) !== 0) continue
      this.#drops = spent(this.#drops, live)
      this.#dropped++
      return true
    }
    return false
  }

  /** How long the response that is about to be sent is held back, in milliseconds. */
  delayOf(api: string): number {
    const live = this.#delays.find((l) => l.rule.api === api)
    if (!live) return 0
    this.#delays = spent(this.#delays, live)
    this.#delayed++
    return live.rule.delayMs
  }

  /**
   * The error lookup of one request. A rule is spent by the request, not by the item: a request for ten partitions of a
   * topic gets the error ten times and counts once.
   */
  errorsFor(api: string): (topic?: string) => number {
    const taken = new Set<Live<ErrorNext>>()
    return (topic) => {
      const fits = (l: Live<ErrorNext>): boolean =>
        l.rule.api === api && (l.rule.topic === undefined || l.rule.topic === topic)
      const again = [...taken].find(fits)
      if (again) return again.rule.errorCode
      const live = this.#errors.find(fits)
      if (!live) return 0
      taken.add(live)
      this.#errors = spent(this.#errors, live)
      this.#errored++
      return live.rule.errorCode
    }
  }

  snapshot(): FaultsSnapshot {
    const open = <Rule extends { count: number }>(rules: readonly Live<Rule>[]): Rule[] =>
      rules.map(({ rule, left }) => ({ ...rule, count: left }))
    return {
      dropped: this.#dropped,
      errored: this.#errored,
      delayed: this.#delayed,
      crashes: this.crashes,
      powerLosses: this.powerLosses,
      coordinatorMoves: this.coordinatorMoves,
      diskFull: this.diskIsFull,
      pending: { drops: open(this.#drops), errors: open(this.#errors), delays: open(this.#delays) },
    }
  }
}

function added<Rule extends { api: string; count: number }>(rules: readonly Live<Rule>[], rule: Rule): Live<Rule>[] {
  apiNamed(rule.api)
  checkCount('count', rule.count)
  if (rules.length >= RULES_MAX) throw new RangeError(`${RULES_MAX} rules are waiting already; call clear() first`)
  return [...rules, { rule, left: rule.count, seen: 0 }]
}

function spent<Rule>(rules: readonly Live<Rule>[], live: Live<Rule>): Live<Rule>[] {
  live.left--
  return rules.filter((l) => l.left > 0)
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`${name} must be a whole number from 1 on, not ${value}`)
}
