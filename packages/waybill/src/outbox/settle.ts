import { invariant } from '../model/errors.js'
import type { Incarnation } from '../model/flight.js'
import type { WaitingRow } from '../model/message.js'
import { advanceSequence } from '../model/sequence-number.js'
import type { ProduceOutcome, TopicView } from '../ports/broker.js'
import type { Step, StepResult } from '../ports/outbox-store.js'
import { nextIncarnation } from './claim.js'
import { rejectedCause } from './hold.js'
import type { HoldKeeper } from './hold.js'
import { judge } from './judge.js'
import type { OpenFlight, OwnedLane, StreamState } from './lane-state.js'
import { because, placeOf } from './obstacles.js'
import type { ReadBack } from './read-back.js'
import type { Reader } from './reader.js'
import type { RelayContext } from './relay-context.js'
import { backoffMs } from './relay-context.js'
import type { Doubt } from './resolve.js'
import { checkSpan } from './resolve.js'

/** A flight in the hands of its pipeline. */
export interface Place {
  readonly lane: OwnedLane
  readonly state: StreamState
  readonly open: OpenFlight
}

/** News about an open flight, to be settled in the pipeline's next turn. */
export type Answer =
  | (Place & {
      readonly kind: 'produced'
      readonly outcome: ProduceOutcome
      /** From the request to its answer. */
      readonly tookMs: number
      /** Leader epoch by which the request was routed. */
      readonly leaderEpoch: number
      readonly timestampType: TopicView['timestampType']
    })
  | (Place & {
      readonly kind: 'verified'
      readonly baseOffset: number
      readonly leaderEpoch: number
      readonly good: boolean
    })
  | (Place & { readonly kind: 'read'; readonly doubt: Doubt; readonly readBack: ReadBack })
  | { readonly kind: 'reread'; readonly lane: OwnedLane; readonly state: StreamState; readonly readBack: ReadBack }

/**
 * A step for the next store transaction and what follows when it is committed. What memory knows of the stream moves on
 * when the step is planned, so that mark and next claim share a transaction; a step that is not done loses the lane, and
 * with it this memory. Nothing is sent, told or forgotten before the commit.
 */
export interface Planned {
  readonly lane: OwnedLane
  readonly step: Step
  done(result: Extract<StepResult, { kind: 'done' }>): void
}

/** What the settler asks its pipeline to start in the background. */
export interface SettleTasks {
  resolve(place: Place, doubt: Doubt): void
  verify(place: Place, baseOffset: number, leaderEpoch: number): void
  run(lane: OwnedLane, work: Promise<unknown>): void
  staleTopic(topic: string): void
  reachable(reachable: boolean, cause?: string): void
}

/** Turns answers into store steps. */
export class Settler {
  readonly #context: RelayContext
  readonly #reader: Reader
  readonly #holds: HoldKeeper
  readonly #tasks: SettleTasks

  constructor(context: RelayContext, reader: Reader, holds: HoldKeeper, tasks: SettleTasks) {
    this.#context = context
    this.#reader = reader
    this.#holds = holds
    this.#tasks = tasks
  }

  /** The step that settles this answer, or nothing when the flight goes on. */
  settle(answer: Answer): Planned | undefined {
    if (answer.lane.gone.signal.aborted) return undefined
    if (answer.kind === 'reread') {
      this.#forgetRecognized(answer, answer.readBack)
      return undefined
    }
    if (answer.state.open !== answer.open) return undefined
    switch (answer.kind) {
      case 'produced':
        return this.#produced(answer)
      case 'verified':
        if (answer.good) return this.#mark(answer, answer.baseOffset, answer.leaderEpoch)
        this.#tasks.resolve(answer, {
          cause: `not found at ${answer.baseOffset} although acknowledged`,
          newProducer: true,
        })
        return undefined
      case 'read':
        return this.#resolved(answer)
    }
  }

  #produced(answer: Extract<Answer, { kind: 'produced' }>): Planned | undefined {
    const { state, open, outcome } = answer
    const { flight } = open
    // `unsent` may also mean that our lease was too short for another attempt: it says nothing about Kafka.
    if (outcome.kind === 'unknown') this.#tasks.reachable(false, outcome.cause)
    else if (outcome.kind !== 'unsent') this.#tasks.reachable(true)
    const nowMs = this.#context.databaseTime.nowMs()
    const lastOffset = state.stream?.lastOffset ?? -1
    const verdict = judge(flight, lastOffset, open.uncertain, outcome, answer.timestampType, nowMs)
    switch (verdict.kind) {
      case 'mark':
        return this.#mark(answer, verdict.baseOffset, answer.leaderEpoch, answer.tookMs)
      case 'verify':
        this.#tasks.verify(answer, verdict.baseOffset, answer.leaderEpoch)
        return undefined
      case 'repeat':
        this.#repeat(answer, verdict.uncertain, verdict.cause)
        return undefined
      case 'reject':
        return this.#reject(answer, verdict)
      case 'resolve':
        // Acknowledged is replicated, too; after an error the append may still be on its way to where it can be read.
        if (outcome.kind === 'rejected' && outcome.appended !== 'no')
          open.unansweredAtMs = this.#context.clock.monotonicMs()
        open.uncertain = verdict.uncertain
        this.#tasks.resolve(answer, verdict)
        return undefined
    }
  }

  #repeat({ state, open }: Place, uncertain: boolean, cause: string): void {
    if (uncertain) open.unansweredAtMs = this.#context.clock.monotonicMs()
    open.uncertain = uncertain
    open.phase = 'due'
    state.tries++
    state.notBeforeMs = this.#context.clock.monotonicMs() + backoffMs(state.tries, this.#context)
    this.#tasks.staleTopic(state.key.topic)
    this.#context.obstacles.met(state.id, because(placeOf(state.key), cause))
    this.#context.events.emit({ kind: 'unanswered', stream: state.key, cause })
  }

  #mark(place: Place, baseOffset: number, leaderEpoch: number, tookMs?: number): Planned {
    const { lane, state, open } = place
    const { flight } = open
    const count = flight.rowIds.length
    if (state.stream)
      state.stream = {
        ...state.stream,
        incarnation: flight.incarnation,
        nextSequence: advanceSequence(flight.firstSequence, count),
        lastOffset: baseOffset + count - 1,
        lastLeaderEpoch: leaderEpoch,
        lastStampMs: flight.stampMs,
      }
    state.rowsMax = Number.MAX_SAFE_INTEGER
    this.#close(state)
    return {
      lane,
      step: { kind: 'mark', fence: lane.lease.fence, flight, baseOffset, leaderEpoch },
      done: () => {
        for (const id of flight.rowIds) lane.known.delete(id)
        this.#acknowledged(place, open.rows, baseOffset, tookMs)
        if (state.spanCheck) this.#tasks.run(lane, checkSpan(this.#context, lane, state, baseOffset))
      },
    }
  }

  /** The broker refused the content and no attempt was ever in doubt: nothing was appended. */
  #reject(
    place: Place,
    verdict: { readonly code: string; readonly message: string; readonly recordIndex?: number },
  ): Planned | undefined {
    const { state, open } = place
    this.#context.events.emit({ kind: 'refused', stream: state.key, code: verdict.code })
    const single = open.rows.length === 1 ? 0 : verdict.recordIndex
    const offender = single === undefined ? undefined : open.rows[single]
    const next = this.#next(place)
    if (!next) {
      // The epochs of this producer id are used up; a resolve gets the lane another id first.
      this.#tasks.resolve(place, { cause: `${verdict.code}, and no producer epoch is left`, newProducer: false })
      return undefined
    }
    const lastOffset = state.stream?.lastOffset ?? -1
    const reason = `${verdict.code} ${verdict.message}`.trim()
    if (!offender) {
      state.rowsMax = Math.max(1, Math.floor(open.rows.length / 2))
      return this.#release(place, next, lastOffset, [], undefined)
    }
    state.rowsMax = 1
    const attempts = this.#holds.attempts(place.lane, offender) + 1
    state.notBeforeMs = this.#context.clock.monotonicMs() + backoffMs(attempts, this.#context)
    const planned = this.#release(place, next, lastOffset, [], { rowId: offender.id, reason })
    return {
      ...planned,
      done: (result) => {
        planned.done(result)
        this.#holds.rejected(place.lane, state, offender, attempts, reason, this.#reader)
      },
    }
  }

  #resolved(answer: Extract<Answer, { kind: 'read' }>): Planned | undefined {
    const { state, readBack, doubt } = answer
    const { events, options, store } = this.#context
    this.#forgetRecognized(answer, readBack)
    if (readBack.kind === 'read') {
      events.emit({ kind: 'resolved', stream: state.key, outcome: readBack.found.length > 0 ? 'found' : 'not-found' })
      this.#reportFindings(answer, readBack, doubt)
      return this.#release(answer, this.#nextAfterRead(answer), readBack.endOffset - 1, readBack.found, undefined)
    }
    // No attempt can have been appended, so it does not matter that the place cannot be read (a re-created topic).
    if (!answer.open.uncertain) {
      events.emit({ kind: 'resolved', stream: state.key, outcome: 'not-found' })
      return this.#release(answer, this.#nextAfterRead(answer), readBack.endOffset - 1, [], undefined)
    }
    events.emit({ kind: 'resolved', stream: state.key, outcome: 'unknown' })
    const detail = `${answer.open.rows.length} messages of ${state.id}: ${doubt.cause}; ${readBack.cause}`
    const alert = { cause: `unresolved ${state.id}`, kind: 'unresolved', detail }
    this.#tasks.run(answer.lane, store.openAlert(alert))
    if (options.unresolved === 'resend')
      return this.#release(answer, this.#nextAfterRead(answer), readBack.endOffset - 1, [], undefined)
    answer.open.phase = 'stuck'
    this.#context.obstacles.met(state.id, `${placeOf(state.key)} stands still; see the alert unresolved`)
    return undefined
  }

  /** Rows that were marked because their messages lie in the topic: the database had forgotten that they were sent. */
  #forgetRecognized(
    { lane, state }: { readonly lane: OwnedLane; readonly state: StreamState },
    readBack: ReadBack,
  ): void {
    if (readBack.kind !== 'read' || readBack.recognized.length === 0) return
    const ids = new Set(readBack.recognized)
    this.#reader.take(
      state,
      state.queue.filter((row) => ids.has(row.id)),
    )
    for (const id of ids) lane.known.delete(id)
    const detail = `${ids.size} waiting messages of ${state.id} lie in the topic already: the database is an older copy`
    this.#context.log.warn('messages recognized', { stream: state.id, count: ids.size })
    this.#context.events.emit({ kind: 'finding', finding: 'database-went-back', stream: state.key, detail })
    const alert = { cause: `database-went-back ${state.id} ${readBack.endOffset}`, kind: 'database-went-back', detail }
    this.#tasks.run(lane, this.#context.store.openAlert(alert))
  }

  #reportFindings({ lane, state }: Place, readBack: Extract<ReadBack, { kind: 'read' }>, doubt: Doubt): void {
    const { events, store } = this.#context
    const finding = (kind: string, detail: string): void => {
      events.emit({ kind: 'finding', finding: kind, stream: state.key, detail })
      this.#tasks.run(lane, store.openAlert({ cause: `${kind} ${state.id} ${readBack.endOffset}`, kind, detail }))
    }
    if (readBack.truncatedAt !== undefined)
      finding('truncated', `acknowledged records from offset ${readBack.truncatedAt} are gone from ${state.id}`)
    if (readBack.doubled.length > 0)
      finding('duplicate', `${readBack.doubled.length} messages lie twice in ${state.id}: ${readBack.doubled[0]}`)
    if (doubt.newProducer) finding('identity-clash', `${state.id}: ${doubt.cause}; the lane has a new producer id`)
  }

  /** Ends the flight in the store; rows not found wait again and go out under the next incarnation. */
  #release(
    place: Place,
    next: Incarnation,
    lastOffset: number,
    found: readonly { readonly rowId: number; readonly offset: number }[],
    rejected: { readonly rowId: number; readonly reason: string } | undefined,
  ): Planned {
    const { lane, state, open } = place
    const { flight } = open
    const step: Step = { kind: 'release', fence: lane.lease.fence, flight, found, next, lastOffset }
    const foundIds = new Set(found.map((row) => row.rowId))
    const waiting = open.rows.filter((row) => !foundIds.has(row.id))
    if (state.stream)
      state.stream = { ...state.stream, incarnation: next, nextSequence: 0, lastOffset, lastStampMs: flight.stampMs }
    this.#close(state)
    this.#reader.putBack(state, waiting)
    if (open.uncertain && waiting.length > 0)
      state.spanCheck = {
        incarnation: flight.incarnation,
        fromOffset: lastOffset + 1,
        messageIds: new Set(waiting.map((row) => row.messageId)),
      }
    return {
      lane,
      step: rejected ? { ...step, rejected } : step,
      done: () => {
        for (const id of foundIds) lane.known.delete(id)
        const acknowledged = open.rows.filter((row) => foundIds.has(row.id))
        if (found.length > 0) this.#acknowledged(place, acknowledged, found[0]?.offset ?? -1)
      },
    }
  }

  #acknowledged({ lane, state }: Place, rows: readonly WaitingRow[], baseOffset: number, tookMs?: number): void {
    const nowMs = this.#context.databaseTime.nowMs()
    const waitedMs = rows.map(({ createdAtMs }) => Math.max(0, nowMs - createdAtMs))
    const took = tookMs === undefined ? {} : { tookMs }
    this.#context.events.emit({ kind: 'acked', stream: state.key, count: rows.length, baseOffset, ...took, waitedMs })
    if (lane.holds.size > 0) this.#heldWentThrough(lane, rows)
    if (!state.mayHaveAlert) return
    state.mayHaveAlert = false
    this.#tasks.run(lane, this.#context.store.resolveAlert(unacknowledgedCause(state)))
  }

  /** Messages that were refused once and are acknowledged now: nobody has to look after them any more. */
  #heldWentThrough(lane: OwnedLane, rows: readonly WaitingRow[]): void {
    for (const { id, messageId } of rows)
      if (lane.holds.delete(id)) this.#tasks.run(lane, this.#context.store.resolveAlert(rejectedCause(messageId)))
  }

  /** The flight is over as far as memory goes. */
  #close(state: StreamState): void {
    state.open = undefined
    this.#context.obstacles.passed(state.id)
    state.tries = 0
    state.refusedRounds = 0
  }

  #next({ lane, open }: Place): Incarnation | undefined {
    const { incarnation } = open.flight
    return nextIncarnation(incarnation, lane.lease.producerId ?? incarnation.producerId)
  }

  /** A resolve has seen to it that the lane has a producer id with epochs left. */
  #nextAfterRead(place: Place): Incarnation {
    const next = this.#next(place)
    invariant(next !== undefined, 'resolved-has-next', `${place.state.id} has no producer epoch left after a resolve`)
    return next
  }
}

/** Names the alert of a stream whose flight is not acknowledged for many rounds. */
export function unacknowledgedCause(state: StreamState): string {
  return `unacknowledged ${state.id}`
}
