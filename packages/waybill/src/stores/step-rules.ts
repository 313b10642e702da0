import { sameIncarnation } from '../model/flight.js'
import type { Flight, Incarnation, Stream } from '../model/flight.js'
import { advanceSequence } from '../model/sequence-number.js'
import type { Step } from '../ports/outbox-store.js'

/** The steps by kind. */
export type ClaimStep = Extract<Step, { kind: 'claim' }>
export type MarkStep = Extract<Step, { kind: 'mark' }>
export type ReleaseStep = Extract<Step, { kind: 'release' }>
export type ParkStep = Extract<Step, { kind: 'park' }>
export type RecognizeStep = Extract<Step, { kind: 'recognize' }>
export type HoldLiftStep = Extract<Step, { kind: 'hold-lift' }>

/** The lane a step writes to; its fence is checked before anything else. */
export function laneOf(step: Step): number {
  return 'flight' in step ? step.flight.lane : step.lane
}

/** True when `next` can carry sequence 0: brokers know nothing under it. An older epoch of the same id would be fenced. */
function isNewer(next: Incarnation, than: Incarnation): boolean {
  return next.producerId !== than.producerId || next.producerEpoch > than.producerEpoch
}

/**
 * Why a claim does not fit the stored stream; `undefined` when it does. The rows are the store's to check.
 * A re-created topic (another topic id) forgot every producer, so it asks for a new incarnation: the old one would be
 * accepted with any sequence, and nothing would be fenced.
 */
export function claimConflict(step: ClaimStep, stream: Stream | undefined, openFlight: boolean): string | undefined {
  if (step.rowIds.length === 0) return 'a claim without rows'
  if (new Set(step.rowIds).size !== step.rowIds.length) return 'a row is named twice'
  if (openFlight) return 'the stream has an open flight'
  if (!stream || isNewer(step.incarnation, stream.incarnation))
    return step.firstSequence === 0 ? undefined : `a new incarnation starts at sequence 0, not ${step.firstSequence}`
  if (!sameIncarnation(step.incarnation, stream.incarnation))
    return `the stream is at epoch ${stream.incarnation.producerEpoch} already`
  if (step.topicId !== stream.topicId) return 'the topic was re-created: claim under a new incarnation'
  if (step.firstSequence !== stream.nextSequence)
    return `the stream's next sequence is ${stream.nextSequence}, not ${step.firstSequence}`
  return undefined
}

/** The flight and the stream after a claim that fits. A stream of a missing or re-created topic starts at `openedAtOffset`. */
export function claimed(
  step: ClaimStep,
  stream: Stream | undefined,
  nowMs: number,
): { readonly flight: Flight; readonly stream: Stream } {
  const { lane, topic, topicId, partition, incarnation, firstSequence } = step
  // Strictly rising although the clock may stand still or go back: Kafka answers a duplicate with its stamp, so two
  // flights of a stream with one stamp could not be told apart.
  const stampMs = Math.max(nowMs, (stream?.lastStampMs ?? 0) + 1)
  const known = stream?.topicId === topicId ? stream : undefined
  return {
    flight: {
      lane,
      topic,
      partition,
      incarnation,
      firstSequence,
      rowIds: [...step.rowIds],
      stampMs,
      claimedFence: step.fence,
    },
    stream: {
      ...{ lane, topic, partition, topicId, incarnation },
      nextSequence: firstSequence,
      lastOffset: known?.lastOffset ?? step.openedAtOffset,
      lastLeaderEpoch: known?.lastLeaderEpoch ?? -1,
      lastStampMs: stampMs,
    },
  }
}

/** True when the step names this very flight. */
export function namesFlight(step: MarkStep | ReleaseStep, flight: Flight | undefined): flight is Flight {
  return (
    flight !== undefined &&
    flight.firstSequence === step.flight.firstSequence &&
    sameIncarnation(flight.incarnation, step.flight.incarnation)
  )
}

/** The stream after its flight was acknowledged. */
export function marked(step: MarkStep, flight: Flight, stream: Stream): Stream {
  return {
    ...stream,
    nextSequence: advanceSequence(flight.firstSequence, flight.rowIds.length),
    lastOffset: step.baseOffset + flight.rowIds.length - 1,
    lastLeaderEpoch: step.leaderEpoch,
  }
}

/** Why a release does not fit its flight; `undefined` when it does. */
export function releaseConflict(step: ReleaseStep, flight: Flight): string | undefined {
  if (!isNewer(step.next, flight.incarnation)) return 'a release must move the stream to a new incarnation'
  const inFlight = new Set(flight.rowIds)
  const found = new Set(step.found.map((row) => row.rowId))
  if (found.size !== step.found.length) return 'a found row is named twice'
  for (const rowId of found) if (!inFlight.has(rowId)) return `found row ${rowId} is not in the flight`
  if (!step.rejected) return undefined
  if (!inFlight.has(step.rejected.rowId)) return `rejected row ${step.rejected.rowId} is not in the flight`
  return found.has(step.rejected.rowId) ? `row ${step.rejected.rowId} is both found and rejected` : undefined
}

/** The stream after its flight was released: everything up to the step's `lastOffset` was read back. */
export function released(step: ReleaseStep, stream: Stream): Stream {
  return { ...stream, incarnation: step.next, nextSequence: 0, lastOffset: step.lastOffset }
}

/** Sequence of the row at `index` of a flight. */
export function sequenceAt(flight: Flight, index: number): number {
  return advanceSequence(flight.firstSequence, index)
}
