import { streamId } from '../../model/flight.js'
import type { Flight } from '../../model/flight.js'
import { invariant } from '../../model/errors.js'
import type { Step, StepResult } from '../../ports/outbox-store.js'
import {
  claimConflict,
  claimed,
  laneOf,
  marked,
  namesFlight,
  releaseConflict,
  released,
  sequenceAt,
} from '../step-rules.js'
import type { ClaimStep, MarkStep, ParkStep, RecognizeStep, ReleaseStep } from '../step-rules.js'
import { takeWaiting, waitingRow } from './state.js'
import type { MemoryState } from './state.js'

/** Applies one step, or leaves no trace of it: every check comes before the first write. */
export function applyStep(state: MemoryState, step: Step, nowMs: number): StepResult {
  const lane = state.lanes[laneOf(step)]
  // A lane given back has no owner although its fence stands: a late write of the former owner must not pass either.
  if (!lane || lane.owner === null || lane.fence !== step.fence) return { kind: 'fenced' }
  switch (step.kind) {
    case 'claim':
      return claim(state, step, nowMs)
    case 'mark':
      return mark(state, step, nowMs)
    case 'release':
      return release(state, step, nowMs)
    case 'park':
      return park(state, step, nowMs)
    case 'recognize':
      return recognize(state, step, nowMs)
    case 'hold-lift':
      if (state.holds.get(step.rowId)?.lane === step.lane) state.holds.delete(step.rowId)
      return { kind: 'done' }
  }
}

function claim(state: MemoryState, step: ClaimStep, nowMs: number): StepResult {
  const key = streamId(step)
  const stream = state.streams.get(key)
  const detail = claimConflict(step, stream, state.flights.has(key)) ?? rowsConflict(state, step)
  if (detail !== undefined) return { kind: 'conflict', detail }
  const after = claimed(step, stream, nowMs)
  state.streams.set(key, after.stream)
  state.flights.set(key, after.flight)
  for (const id of after.flight.rowIds) state.flying.add(id)
  return { kind: 'done', flight: after.flight }
}

function rowsConflict(state: MemoryState, step: ClaimStep): string | undefined {
  for (const id of step.rowIds) {
    const row = waitingRow(state, step.lane, id)
    if (!row) return `row ${id} does not wait in lane ${step.lane}`
    if (row.topic !== step.topic) return `row ${id} is for topic ${row.topic}`
    if (state.flying.has(id)) return `row ${id} is in a flight`
  }
  return undefined
}

function mark(state: MemoryState, step: MarkStep, nowMs: number): StepResult {
  const key = streamId(step.flight)
  const flight = state.flights.get(key)
  const stream = state.streams.get(key)
  if (!stream || !namesFlight(step, flight)) return { kind: 'conflict', detail: 'no such flight' }
  flight.rowIds.forEach((_, i) => sendRow(state, flight, i, step.baseOffset + i, step.leaderEpoch, nowMs))
  endFlight(state, key, flight)
  state.streams.set(key, marked(step, flight, stream))
  return { kind: 'done' }
}

function release(state: MemoryState, step: ReleaseStep, nowMs: number): StepResult {
  const key = streamId(step.flight)
  const flight = state.flights.get(key)
  const stream = state.streams.get(key)
  if (!stream || !namesFlight(step, flight)) return { kind: 'conflict', detail: 'no such flight' }
  const detail = releaseConflict(step, flight)
  if (detail !== undefined) return { kind: 'conflict', detail }
  for (const { rowId, offset } of step.found) sendRow(state, flight, flight.rowIds.indexOf(rowId), offset, -1, nowMs)
  if (step.rejected) addAttempt(state, flight.lane, step.rejected.rowId, step.rejected.reason, nowMs)
  endFlight(state, key, flight)
  state.streams.set(key, released(step, stream))
  return { kind: 'done' }
}

function addAttempt(state: MemoryState, lane: number, rowId: number, reason: string, nowMs: number): void {
  const row = waitingRow(state, lane, rowId)
  invariant(row !== undefined, 'flight-row-waits', `row ${rowId}`)
  const before = state.holds.get(rowId)
  const { topic, key } = row
  const attempts = (before?.attempts ?? 0) + 1
  state.holds.set(rowId, { lane, topic, key, rowId, attempts, reason, sinceMs: before?.sinceMs ?? nowMs })
}

function sendRow(
  state: MemoryState,
  flight: Flight,
  index: number,
  offset: number,
  leaderEpoch: number,
  nowMs: number,
): void {
  const id = flight.rowIds[index] ?? -1
  const row = takeWaiting(state, flight.lane, id)
  invariant(row !== undefined, 'flight-row-waits', `row ${id}`)
  const { partition, incarnation } = flight
  const sequence = sequenceAt(flight, index)
  state.sent.set(id, { ...row, partition, offset, incarnation, sequence, leaderEpoch, ackedAtMs: nowMs })
  state.holds.delete(id)
}

function endFlight(state: MemoryState, key: string, flight: Flight): void {
  state.flights.delete(key)
  for (const id of flight.rowIds) state.flying.delete(id)
}

function recognize(state: MemoryState, { lane, topic, partition, messages }: RecognizeStep, nowMs: number): StepResult {
  const places = new Map(messages.map((message) => [message.messageId, message]))
  const rowIds: number[] = []
  for (const row of [...(state.outbox[lane] ?? [])]) {
    const place = row.topic === topic && !state.flying.has(row.id) ? places.get(row.messageId) : undefined
    if (!place) continue
    takeWaiting(state, lane, row.id)
    const { offset, incarnation, sequence } = place
    state.sent.set(row.id, { ...row, partition, offset, incarnation, sequence, leaderEpoch: -1, ackedAtMs: nowMs })
    state.holds.delete(row.id)
    rowIds.push(row.id)
  }
  return { kind: 'done', rowIds }
}

function park(state: MemoryState, step: ParkStep, nowMs: number): StepResult {
  if (state.flying.has(step.rowId)) return { kind: 'conflict', detail: `row ${step.rowId} is in a flight` }
  const row = takeWaiting(state, step.lane, step.rowId)
  if (!row) return { kind: 'conflict', detail: `row ${step.rowId} does not wait in lane ${step.lane}` }
  const attempts = state.holds.get(step.rowId)?.attempts ?? 0
  state.holds.delete(step.rowId)
  state.parked.set(step.rowId, { ...row, reason: step.reason, attempts, parkedAtMs: nowMs })
  return { kind: 'done' }
}
