import { causeText } from '../model/errors.js'
import { producerEpochMax } from '../model/flight.js'
import type { ProduceOutcome, TopicView } from '../ports/broker.js'
import type { StepResult } from '../ports/outbox-store.js'
import { claimIdentity, cutRows, mayClaim } from './claim.js'
import { HoldKeeper } from './hold.js'
import type { OwnedLane, StreamState } from './lane-state.js'
import { batchOf, decideLaunch, oldestFirst, RequestDraft } from './launch.js'
import type { RejectPolicy } from './options.js'
import { Reader } from './reader.js'
import type { RelayContext } from './relay-context.js'
import { backoffMs, nothingChanged } from './relay-context.js'
import type { Doubt } from './resolve.js'
import { ensureProducerId, readBeforeOpening, rereadStream, resolveFlight, verifyFlight } from './resolve.js'
import type { Answer, Place, Planned } from './settle.js'
import { Settler, unacknowledgedCause } from './settle.js'
import type { Topics } from './topics.js'
import type { Wake } from './wake.js'

/** What a pipeline asks of its relay. */
export interface PipelineHost {
  /** The lanes of this pipeline that are ours now. */
  lanes(): readonly OwnedLane[]
  /** The lane was taken over: forget it. */
  lose(lane: OwnedLane): void
  /** Memory and store may differ: give the lane back, whoever takes it reads the store. */
  abandon(lane: OwnedLane, cause: string): void
  reachable(reachable: boolean, cause?: string): void
  isReachable(): boolean
  policyOf(topic: string): RejectPolicy
}

/**
 * Moves the rows of its lanes into Kafka. One turn = settle answers, read, claim, one store transaction, launch requests.
 * A turn never waits for Kafka: requests, read-backs and look-ups run beside it and come back as answers, so a leader
 * that hangs holds up only its own partitions. At most one request per leader is under way.
 */
export class Pipeline {
  readonly #context: RelayContext
  readonly #host: PipelineHost
  readonly #topics: Topics
  readonly #reader: Reader
  readonly #settler: Settler
  readonly #holds: HoldKeeper
  readonly #wake: Wake
  readonly #index: number
  readonly #answers: Answer[] = []
  readonly #busyLeaders = new Set<number>()
  readonly #opening = new Set<StreamState>()
  readonly #tasks = new Set<Promise<unknown>>()
  /** Monotonic start of the turn under way; the relay's watchdog looks at it. */
  turnSinceMs: number | undefined

  constructor(context: RelayContext, host: PipelineHost, topics: Topics, wake: Wake, index: number) {
    this.#context = context
    this.#host = host
    this.#topics = topics
    this.#wake = wake
    this.#index = index
    this.#reader = new Reader(context.store, context.clock, topics, context.options)
    const run = (lane: OwnedLane, work: Promise<unknown>): void => this.#run(lane, work)
    this.#holds = new HoldKeeper(context, (topic) => host.policyOf(topic), run)
    this.#settler = new Settler(context, this.#reader, this.#holds, {
      resolve: (place, doubt) => this.#resolve(place, doubt),
      verify: (place, baseOffset, leaderEpoch) => this.#verify(place, baseOffset, leaderEpoch),
      run,
      staleTopic: (topic) => topics.stale(topic),
      reachable: (reachable, cause) => host.reachable(reachable, cause),
    })
  }

  /** One turn; true when anything was done, so that another look is worth it at once. */
  async turn(): Promise<boolean> {
    this.turnSinceMs = this.#context.clock.monotonicMs()
    try {
      // Reading comes first: between planning a mark and its commit the rows are still in the outbox, and would be queued again.
      const found = await this.#reader.read(this.#host.lanes())
      const settled = this.#answers.splice(0).flatMap((answer) => this.#settler.settle(answer) ?? [])
      const planned = [...settled, ...this.#planParking(), ...this.#planClaims(this.#host.lanes())]
      if (planned.length > 0) await this.#advance(planned)
      const launched = this.#launch(this.#host.lanes())
      return planned.length > 0 || found || launched
    } finally {
      this.turnSinceMs = undefined
    }
  }

  /** Time until a look at the outbox that the last turn put off; infinite when it did not. */
  get lookDueInMs(): number {
    return this.#reader.putOffMs
  }

  /** Requests under way and other background work; resolves when all of it has ended. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }

  /** The lane is not ours any more. */
  forget(lane: OwnedLane): void {
    this.#reader.forget(lane)
  }

  /** Claims all streams that can; rows leave their queue only when the store has bound them. */
  #planClaims(lanes: readonly OwnedLane[]): Planned[] {
    const now = this.#context.clock.monotonicMs()
    const planned: Planned[] = []
    for (const lane of lanes) {
      if (now >= lane.leaseEndMs - this.#context.options.leaseMarginMs) continue
      for (const state of lane.streams.values()) {
        const claim = mayClaim(lane, state, now) ? this.#planClaim(lane, state) : undefined
        if (claim) planned.push(claim)
      }
    }
    return planned
  }

  #planClaim(lane: OwnedLane, state: StreamState): Planned | undefined {
    const { topic, partition } = state.key
    const view = this.#topics.view(topic)
    const producerId = lane.lease.producerId
    if (!view || producerId === null) return undefined
    if (state.stream?.topicId !== view.topicId && state.openedForTopicId !== view.topicId) {
      this.#open(lane, state, view)
      return undefined
    }
    if (state.stream?.topicId === view.topicId && state.stream.incarnation.producerId !== producerId) {
      if (state.rereadFor !== producerId) {
        this.#reread(lane, state, producerId)
        return undefined
      }
    }
    const identity = claimIdentity(state.stream, producerId, view, this.#context.databaseTime.nowMs())
    if (identity.kind === 'need-producer-id') {
      this.#renewProducerId(lane)
      return undefined
    }
    const { rows, bytes } = cutRows(state, view, this.#context.options)
    const { incarnation, firstSequence } = identity
    return {
      lane,
      step: {
        kind: 'claim',
        lane: lane.lane,
        fence: lane.lease.fence,
        topic,
        topicId: view.topicId,
        partition,
        incarnation,
        firstSequence,
        rowIds: rows.map((row) => row.id),
        openedAtOffset: state.openedAtOffset,
      },
      done: ({ flight }) => {
        if (!flight) throw new Error('a claim was done without a flight')
        const opened = state.stream?.topicId === view.topicId ? state.stream : undefined
        const lastOffset = opened?.lastOffset ?? state.openedAtOffset
        state.stream = {
          lane: lane.lane,
          topic,
          partition,
          topicId: view.topicId,
          incarnation,
          nextSequence: firstSequence,
          lastOffset,
          lastLeaderEpoch: opened?.lastLeaderEpoch ?? -1,
          lastStampMs: flight.stampMs,
        }
        this.#reader.take(state, rows, bytes)
        state.open = { flight, rows, bytes, uncertain: false, unansweredAtMs: undefined, phase: 'due' }
        this.#context.events.emit({ kind: 'claimed', stream: state.key, count: rows.length })
      },
    }
  }

  /** Looks into the partition before the stream's first claim. */
  #open(lane: OwnedLane, state: StreamState, view: TopicView): void {
    this.#look(lane, state, async () => {
      try {
        const { openedAtOffset, readBack } = await readBeforeOpening(this.#context, lane, state, view)
        this.#answers.push({ kind: 'reread', lane, state, readBack })
        state.openedAtOffset = openedAtOffset
        state.openedForTopicId = view.topicId
      } catch (error) {
        state.tries++
        state.notBeforeMs = this.#context.clock.monotonicMs() + backoffMs(state.tries, this.#context)
        this.#topics.stale(state.key.topic)
        this.#host.reachable(false, causeText(error))
      }
    })
  }

  /** Looks whether the database is an older one before the first claim under a new producer id. */
  #reread(lane: OwnedLane, state: StreamState, producerId: number): void {
    this.#look(lane, state, async () => {
      const readBack = await rereadStream(this.#context, lane, state)
      if (!readBack) return
      this.#answers.push({ kind: 'reread', lane, state, readBack })
      state.rereadFor = producerId
    })
  }

  /** One look at a time into the partition of a stream. */
  #look(lane: OwnedLane, state: StreamState, look: () => Promise<void>): void {
    if (this.#opening.has(state)) return
    this.#opening.add(state)
    const work = look().finally(() => {
      this.#opening.delete(state)
      this.#wake.ring()
    })
    this.#run(lane, work)
  }

  #renewProducerId(lane: OwnedLane): void {
    lane.lease = { ...lane.lease, producerId: null }
    this.#run(lane, ensureProducerId(this.#context, lane))
  }

  #planParking(): Planned[] {
    const orders = this.#holds.parking.splice(0).filter(({ lane }) => !lane.gone.signal.aborted)
    return orders.map(({ lane, state, row, step }) => ({
      lane,
      step,
      done: () => {
        lane.holds.delete(row.id)
        lane.known.delete(row.id)
        state.notBeforeMs = 0
      },
    }))
  }

  /**
   * One store transaction. A store that is busy or full changed nothing: the same steps again. Any other failure leaves it
   * unknown what was stored: the lanes are given back and read anew, which is what a restart would do.
   */
  async #advance(planned: readonly Planned[]): Promise<void> {
    const { store, failpoints, log, clock } = this.#context
    for (let tries = 0; ; tries++) {
      try {
        for (const kind of crashKinds) if (has(planned, kind)) await failpoints.hit(`${kind}:before-commit`)
        const results = await store.advance(planned.map(({ step }) => step))
        for (const kind of crashKinds) if (has(planned, kind)) await failpoints.hit(`${kind}:after-commit`)
        planned.forEach((plan, at) => this.#apply(plan, results[at]))
        return
      } catch (error) {
        const lanes = new Set(planned.map(({ lane }) => lane).filter((lane) => !lane.gone.signal.aborted))
        const [first] = lanes
        if (!first) return
        log.warn('the store did not take a step', { cause: causeText(error), tries })
        if (!nothingChanged(error)) {
          for (const lane of lanes) this.#host.abandon(lane, causeText(error))
          return
        }
        // Ends when that lane goes: a stop must not wait for a store that is busy.
        await clock.sleep(backoffMs(tries, this.#context), first.gone.signal)
      }
    }
  }

  #apply(plan: Planned, result: StepResult | undefined): void {
    if (plan.lane.gone.signal.aborted) return
    if (result?.kind === 'done') plan.done(result)
    else if (result?.kind === 'fenced') this.#host.lose(plan.lane)
    else this.#host.abandon(plan.lane, `${plan.step.kind}: ${result?.detail ?? 'no result'}`)
  }

  /** Sends every due flight whose leader is free. */
  #launch(lanes: readonly OwnedLane[]): boolean {
    const now = this.#context.clock.monotonicMs()
    const due: Place[] = []
    for (const lane of lanes) {
      if (now >= lane.leaseEndMs - this.#context.options.leaseMarginMs || lane.lease.producerId === null) continue
      for (const state of lane.streams.values()) {
        const open = state.open
        if (open?.phase === 'due' && state.notBeforeMs <= now) due.push({ lane, state, open })
      }
    }
    const drafts = new Map<number, RequestDraft>()
    for (const place of oldestFirst(due)) this.#draft(drafts, place)
    for (const draft of drafts.values()) if (draft.places.length > 0) this.#send(draft)
    return drafts.size > 0
  }

  #draft(drafts: Map<number, RequestDraft>, place: Place): void {
    const { lane, state, open } = place
    const view = this.#topics.view(open.flight.topic)
    const launch = decideLaunch(lane, state, open, view, this.#context.databaseTime.nowMs())
    if (launch.kind === 'resolve') this.#resolve(place, { cause: launch.cause, newProducer: false })
    else if (launch.kind === 'wait') this.#pause(place, launch.cause)
    else if (!this.#busyLeaders.has(launch.leader)) {
      const draft = drafts.get(launch.leader) ?? new RequestDraft(launch.leader, this.#context.options.requestBytesMax)
      drafts.set(launch.leader, draft)
      draft.add({ ...place, view: launch.view })
    }
  }

  #pause({ lane, state, open }: Place, cause: string): void {
    state.tries++
    state.notBeforeMs = this.#context.clock.monotonicMs() + backoffMs(state.tries, this.#context)
    this.#topics.stale(open.flight.topic)
    this.#alertWhenLong(lane, state, cause)
  }

  #send(draft: RequestDraft): void {
    this.#busyLeaders.add(draft.leader)
    for (const { open } of draft.places) open.phase = 'sending'
    const { clock } = this.#context
    const sentAtMs = clock.monotonicMs()
    const work = async (): Promise<void> => {
      try {
        const outcomes = await this.#produce(draft)
        const tookMs = clock.monotonicMs() - sentAtMs
        draft.places.forEach((place, at) => {
          const { lane, state, open, view } = place
          const outcome = outcomes[at] ?? { kind: 'unknown' as const, cause: 'the answer has no entry for this batch' }
          const leaderEpoch = view.partitions[open.flight.partition]?.leaderEpoch ?? -1
          this.#answers.push({
            kind: 'produced',
            lane,
            state,
            open,
            outcome,
            tookMs,
            leaderEpoch,
            timestampType: view.timestampType,
          })
          if (outcome.kind === 'rejected') this.#alertWhenLong(lane, state, outcome.code)
          else if (outcome.kind !== 'acked') this.#alertWhenLong(lane, state, outcome.cause)
        })
      } finally {
        this.#busyLeaders.delete(draft.leader)
        this.#wake.ring()
      }
    }
    this.#track(work())
  }

  /** The port never rejects; should an adapter do so all the same, nothing is known about the request. */
  async #produce(draft: RequestDraft): Promise<readonly ProduceOutcome[]> {
    const { broker, options, failpoints, source } = this.#context
    try {
      await failpoints.hit('send:before-write')
      const outcomes = await broker.produce({
        pipeline: this.#index,
        leader: draft.leader,
        batches: draft.places.map(({ open, view }) => batchOf(source, open, view.topicId)),
        timeoutMs: options.requestTimeoutMs,
        sendBeforeMs: Math.min(...draft.places.map(({ lane }) => lane.leaseEndMs)) - options.leaseMarginMs,
      })
      await failpoints.hit('send:after-answer')
      return outcomes
    } catch (error) {
      return draft.places.map(() => ({ kind: 'unknown', cause: causeText(error) }))
    }
  }

  #alertWhenLong(lane: OwnedLane, state: StreamState, cause: string): void {
    // While Kafka as a whole is out of reach the age of the outbox alerts, once, and not every stream for itself.
    state.refusedRounds = this.#host.isReachable() ? state.refusedRounds + 1 : 0
    if (state.refusedRounds !== this.#context.options.alertAfterTries) return
    state.mayHaveAlert = true
    const detail = `${state.id}: not acknowledged after ${state.refusedRounds} rounds: ${cause}`
    this.#run(
      lane,
      this.#context.store.openAlert({ cause: unacknowledgedCause(state), kind: 'unacknowledged', detail }),
    )
  }

  #resolve(place: Place, doubt: Doubt): void {
    const { lane, state, open } = place
    open.phase = 'resolving'
    this.#context.log.warn('resolving a flight', { stream: state.id, cause: doubt.cause })
    const work = async (): Promise<void> => {
      const { incarnation } = open.flight
      if (doubt.newProducer && incarnation.producerId === lane.lease.producerId)
        lane.lease = { ...lane.lease, producerId: null }
      const readBack = await resolveFlight(this.#context, lane, state, open)
      if (!readBack) return
      const used = incarnation.producerId === lane.lease.producerId && incarnation.producerEpoch >= producerEpochMax
      if ((lane.lease.producerId === null || used) && !(await ensureProducerId(this.#context, lane))) return
      this.#answers.push({ kind: 'read', lane, state, open, doubt, readBack })
      this.#wake.ring()
    }
    this.#run(lane, work())
  }

  #verify(place: Place, baseOffset: number, leaderEpoch: number): void {
    place.open.phase = 'resolving'
    place.open.uncertain = true
    const work = async (): Promise<void> => {
      const good = await verifyFlight(this.#context, place.lane, place.open, baseOffset)
      if (good === undefined) return
      this.#answers.push({ ...place, kind: 'verified', baseOffset, leaderEpoch, good })
      this.#wake.ring()
    }
    this.#run(place.lane, work())
  }

  /** Background work of one lane; a failure gives the lane back rather than leaving it half known. */
  #run(lane: OwnedLane, work: Promise<unknown>): void {
    this.#track(
      work.catch((error: unknown) => {
        if (!lane.gone.signal.aborted) this.#host.abandon(lane, causeText(error))
      }),
    )
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.finally(() => this.#tasks.delete(tracked))
    this.#tasks.add(tracked)
  }
}

/** Steps that have failpoints of their own. */
const crashKinds = ['mark', 'release', 'claim'] as const

function has(planned: readonly Planned[], kind: (typeof crashKinds)[number]): boolean {
  return planned.some(({ step }) => step.kind === kind)
}
