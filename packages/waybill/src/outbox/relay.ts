import { causeText, WaybillError } from '../model/errors.js'
import type { AlertSink } from '../ports/alert-sink.js'
import { AlertCourier } from './alert.js'
import type { OwnedLane } from './lane-state.js'
import { LeaseKeeper } from './lease.js'
import { Monitor } from './monitor.js'
import { Obstacles } from './obstacles.js'
import type { RejectPolicy, RelayOptions } from './options.js'
import { Pipeline } from './pipeline.js'
import type { RelayContext, RelayPorts } from './relay-context.js'
import { backoffMs, DatabaseTime } from './relay-context.js'
import { Topics } from './topics.js'
import { Wake } from './wake.js'

/** Settings of a relay that are not numbers. */
export interface RelaySetup {
  readonly source: string
  readonly lanes: number
  /** Unique per process start; names the leases. */
  readonly owner: string
  readonly options: RelayOptions
  readonly policyOf: (topic: string) => RejectPolicy
  readonly sinks: readonly AlertSink[]
  /** Ends all calls to Kafka that are under way, so that `stop` keeps its deadline when Kafka does not answer. */
  readonly hangUp: () => Promise<void>
}

/** Rows that one pipeline expects: until when, and how many looks there have been. */
interface Expected {
  untilMs: number
  looks: number
}

/** After a commit is expected, the outbox is looked at again after 2, 4, 10, 30 ms and then every `pollMs`. */
const expectedLooksMs = [2, 4, 10, 30]

/**
 * Sends waiting rows to Kafka: exactly once per message and in key order while the promises of 2-outbox hold. States:
 * new → starting (identity, first leases) → running → draining (no claims, open flights end) → stopped. `start` and `stop`
 * may be called in any order and any number of times.
 */
export class Relay {
  readonly #context: RelayContext
  readonly #setup: RelaySetup
  readonly #keeper: LeaseKeeper
  readonly #topics: Topics
  readonly #pipelines: { readonly pipeline: Pipeline; readonly wake: Wake; readonly expected: Expected }[] = []
  readonly #monitor: Monitor
  readonly #ended = new AbortController()
  readonly #tasks = new Set<Promise<unknown>>()
  #running: Promise<unknown> | undefined
  #stopping: Promise<void> | undefined
  #adopted = ''
  #cluster: string | undefined

  constructor(ports: RelayPorts, setup: RelaySetup) {
    this.#setup = setup
    this.#context = {
      ...ports,
      options: setup.options,
      source: setup.source,
      databaseTime: new DatabaseTime(ports.clock),
      obstacles: new Obstacles(ports.clock),
    }
    this.#keeper = new LeaseKeeper(this.#context, setup.owner, setup.lanes, {
      took: () => this.#ring(),
      lost: (lane) => this.#pipelineOf(lane).forget(lane),
      track: (work) => this.#track(work),
    })
    this.#monitor = new Monitor(this.#context, new AlertCourier(this.#context, setup.sinks))
    this.#topics = new Topics(ports, {
      changed: () => this.#ring(),
      failed: (cause) => this.#monitor.reachable(false, causeText(cause)),
      learned: (view) => this.#monitor.learned(view),
    })
    for (let index = 0; index < setup.options.pipelines; index++) this.#addPipeline(index)
  }

  /** Starts in the background; a Kafka or database that is down is waited for. */
  start(): void {
    if (this.#running || this.#stopping) return
    const loops = [
      this.#leases(),
      this.#watch(),
      this.#monitor.run(
        this.#ended.signal,
        this.#pipelines.map(({ pipeline }) => pipeline),
        this.#topics,
      ),
      this.#listen(),
      ...this.#pipelines.map(({ pipeline, wake, expected }) => this.#turns(pipeline, wake, expected)),
    ]
    this.#running = Promise.all(loops)
  }

  /**
   * Stops claiming, lets open flights end for at most `drainMs`, gives the lanes back. What is still open then stays in
   * the store as an open flight and is repeated by the next owner.
   */
  stop(drainMs: number): Promise<void> {
    this.#stopping ??= this.#stop(drainMs)
    return this.#stopping
  }

  /** Rows, of these lanes if known, may be committed soon: look now, again shortly, and until `expectMs` have passed. */
  expectRows(lanes?: ReadonlySet<number>): void {
    const untilMs = this.#context.clock.monotonicMs() + this.#context.options.expectMs
    const meant = lanes && new Set([...lanes].map((lane) => this.#indexOf(lane)))
    for (const [index, { expected, wake }] of this.#pipelines.entries()) {
      if (meant && !meant.has(index)) continue
      expected.untilMs = untilMs
      expected.looks = 0
      wake.ring()
    }
  }

  #addPipeline(index: number): void {
    const wake = new Wake(this.#context.clock)
    const host = {
      lanes: () => this.#keeper.held().filter(({ lane }) => this.#indexOf(lane) === index),
      lose: (lane: OwnedLane) => this.#keeper.takenOver(lane),
      abandon: (lane: OwnedLane, cause: string) => this.#keeper.abandon(lane, cause),
      reachable: (reachable: boolean, cause?: string) => this.#monitor.reachable(reachable, cause),
      isReachable: () => this.#monitor.isReachable,
      policyOf: this.#setup.policyOf,
    }
    this.#pipelines.push({
      pipeline: new Pipeline(this.#context, host, this.#topics, wake, index),
      wake,
      expected: { untilMs: 0, looks: 0 },
    })
  }

  /**
   * A pipeline has neighbouring lanes: they feed different partitions, so their flights share requests. With every fourth
   * lane of 32 it had two of eight partitions, and its eight lanes took turns, four requests long (a second of delay at 1,000
   * messages a second).
   */
  #indexOf(lane: number): number {
    return Math.floor((lane * this.#setup.options.pipelines) / this.#setup.lanes)
  }

  #pipelineOf(lane: OwnedLane): Pipeline {
    const own = this.#pipelines[this.#indexOf(lane.lane)]
    if (!own) throw new WaybillError('WB_INTERNAL', `no pipeline for lane ${lane.lane}`)
    return own.pipeline
  }

  /** Heartbeats three times a lease; identity first, because under a wrong one nothing may be sent. */
  async #leases(): Promise<void> {
    const { clock, options, log } = this.#context
    const signal = this.#ended.signal
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#adoptIdentity()
        await this.#keeper.round()
        failures = 0
      } catch (error) {
        failures++
        log.warn('no leases yet or not renewed', { cause: causeText(error) })
        if (error instanceof WaybillError && error.code === 'WB_KAFKA_UNREACHABLE')
          this.#monitor.reachable(false, causeText(error))
      }
      const pause =
        failures > 0 ? Math.min(backoffMs(failures, this.#context), options.leaseMs / 3) : options.leaseMs / 3
      await clock.sleep(this.#keeper.draining ? Math.min(pause, 50) : pause, signal)
    }
  }

  /**
   * A restored or cloned database, or another cluster, must not go on under the old producer identity: the broker may
   * know its sequences with other content.
   */
  async #adoptIdentity(): Promise<void> {
    const { store, log } = this.#context
    const database = await store.databaseIdentity()
    await this.#askCluster()
    const cluster = this.#cluster
    if (cluster === undefined || this.#adopted === `${cluster} ${database}`) return
    const { changed, before } = await store.adoptIdentity({ cluster, database })
    this.#adopted = `${cluster} ${database}`
    if (!changed) return
    for (const lane of this.#keeper.held()) this.#keeper.lose(lane)
    const detail = `was ${before?.cluster} / ${before?.database}, is ${cluster} / ${database}: new producer ids for all lanes`
    log.warn('database or cluster identity changed', { detail })
    await store.openAlert({ cause: `identity ${cluster} ${database}`, kind: 'identity-changed', detail })
  }

  /**
   * Asks which cluster this is: waits for the first answer, and asks beside the heartbeats after Kafka was out of reach,
   * because a heartbeat that waits for Kafka would let all leases run out in an outage.
   */
  async #askCluster(): Promise<void> {
    if (!this.#monitor.clusterInDoubt) return
    this.#monitor.clusterInDoubt = false
    const ask = async (): Promise<void> => {
      try {
        this.#cluster = await this.#context.broker.clusterId()
      } catch (error) {
        this.#monitor.clusterInDoubt = true
        throw error
      }
    }
    if (this.#cluster === undefined) await ask()
    // Asked again with every heartbeat until it answers: an outage is told once by the event, not twice a second as an error.
    else
      this.#track(
        ask().catch((error: unknown) => this.#context.log.debug('no cluster id yet', { cause: causeText(error) })),
      )
  }

  async #turns(pipeline: Pipeline, wake: Wake, expected: Expected): Promise<void> {
    const { log, clock } = this.#context
    const signal = this.#ended.signal
    let lookedMs = Number.NEGATIVE_INFINITY
    let failures = 0
    while (!signal.aborted) {
      try {
        lookedMs = clock.monotonicMs()
        const isBusy = await pipeline.turn()
        failures = 0
        if (isBusy) continue
      } catch (error) {
        failures++
        // A database that is gone fails every turn of every pipeline: told at the first, and then ever less often.
        if (Number.isInteger(Math.log2(failures)))
          log.error('a relay turn failed, trying again', { cause: causeText(error), failures })
        await clock.sleep(Math.min(turnPauseMaxMs, backoffMs(failures, this.#context)), signal)
      }
      const sinceMs = clock.monotonicMs() - lookedMs
      const pauseMs = Math.min(this.#pauseMs(expected) - sinceMs, pipeline.lookDueInMs)
      await wake.wait(Math.max(1, pauseMs), signal)
    }
    await pipeline.idle()
  }

  #pauseMs(expected: Expected): number {
    const { pollMs } = this.#context.options
    if (this.#context.clock.monotonicMs() >= expected.untilMs) return pollMs
    return Math.min(pollMs, expectedLooksMs[expected.looks++] ?? pollMs)
  }

  /** Other processes tell that they inserted rows; commits follow, so this is an expectation like our own. */
  async #listen(): Promise<void> {
    const { store, log } = this.#context
    const state = (listening: boolean, cause?: string): void => {
      if (listening) log.info('listening for other processes')
      else log.warn('not listening for other processes, polling instead', { cause, pollMs: this.#setup.options.pollMs })
    }
    await store.listen?.({ woken: () => this.expectRows(), state }, this.#ended.signal)
  }

  /** Where the store can tell cheaply that others committed, pipelines look at once instead of at the next poll. */
  async #watch(): Promise<void> {
    const { store, clock, log } = this.#context
    const signal = this.#ended.signal
    while (!signal.aborted && store.changed) {
      try {
        if (await store.changed()) this.#ring()
      } catch (error) {
        log.debug('watching the store failed', { cause: causeText(error) })
      }
      await clock.sleep(watchMs, signal)
    }
  }

  async #stop(drainMs: number): Promise<void> {
    const { clock, failpoints, log } = this.#context
    if (this.#running) {
      this.#keeper.draining = true
      for (const lane of this.#keeper.held()) lane.closing = true
      const until = clock.monotonicMs() + drainMs
      while (this.#keeper.held().some((lane) => lane.busy) && clock.monotonicMs() < until) {
        this.#ring()
        await clock.sleep(drainLookMs)
      }
      await failpoints.hit('stop:before-release')
    }
    this.#ended.abort()
    for (const lane of this.#keeper.held()) this.#keeper.lose(lane)
    await this.#setup.hangUp()
    await this.#running
    await Promise.all(this.#tasks)
    try {
      await this.#keeper.leave()
    } catch (error) {
      log.warn('lanes were not given back, their leases will run out', { cause: causeText(error) })
    }
  }

  #ring(): void {
    for (const { wake } of this.#pipelines) wake.ring()
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((error: unknown) => this.#context.log.error('background work failed', { cause: causeText(error) }))
      .finally(() => this.#tasks.delete(tracked))
    this.#tasks.add(tracked)
  }
}

const watchMs = 5
/** A store that is back should not be left alone for longer. */
const turnPauseMaxMs = 1_000
const drainLookMs = 5
