import { invariant } from '../../model/errors.js'
import type { Flight, Stream, StreamKey } from '../../model/flight.js'
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
import type { ClaimStep, HoldLiftStep, MarkStep, ParkStep, RecognizeStep, ReleaseStep } from '../step-rules.js'
import type { SqliteConnection } from './connection.js'
import { bytesOrNull, numberOf, textOf } from './driver.js'
import { flightOf, flightParams, plainText, streamOf, streamParams } from './rows.js'

/**
 * Applies steps in order. Must run inside one BEGIN IMMEDIATE: each step checks everything before its first write, and
 * nobody else writes in between, so a step that is fenced or conflicts leaves no trace and the others are still applied.
 */
export function applySteps(db: SqliteConnection, steps: readonly Step[], nowMs: number): readonly StepResult[] {
  const fences = new Map<number, number | undefined>()
  const fenceOf = (lane: number): number | undefined => {
    if (!fences.has(lane)) {
      // A lane given back has no owner although its fence stands: a late write of the former owner must not pass either.
      const [row] = db.rows('lane-fence', lane)
      fences.set(lane, row && numberOf(row.fence))
    }
    return fences.get(lane)
  }
  return steps.map((step) => (fenceOf(laneOf(step)) === step.fence ? applyStep(db, step, nowMs) : { kind: 'fenced' }))
}

function applyStep(db: SqliteConnection, step: Step, nowMs: number): StepResult {
  switch (step.kind) {
    case 'claim':
      return claim(db, step, nowMs)
    case 'mark':
      return mark(db, step, nowMs)
    case 'release':
      return release(db, step, nowMs)
    case 'park':
      return park(db, step, nowMs)
    case 'recognize':
      return recognize(db, step, nowMs)
    case 'hold-lift':
      return liftHold(db, step)
  }
}

function conflict(detail: string): StepResult {
  return { kind: 'conflict', detail }
}

function streamAt(db: SqliteConnection, key: StreamKey): Stream | undefined {
  const [row] = db.rows('stream', key.lane, key.topic, key.partition)
  return row && streamOf(row)
}

function flightAt(db: SqliteConnection, key: StreamKey): Flight | undefined {
  const [row] = db.rows('flight', key.lane, key.topic, key.partition)
  return row && flightOf(row)
}

function claim(db: SqliteConnection, step: ClaimStep, nowMs: number): StepResult {
  const stream = streamAt(db, step)
  const flights = db.rows('flights-of-topic', step.lane, step.topic).map(flightOf)
  const detail =
    claimConflict(
      step,
      stream,
      flights.some((flight) => flight.partition === step.partition),
    ) ??
    flyingRow(flights, step.rowIds) ??
    rowsMissing(db, step)
  if (detail !== undefined) return conflict(detail)
  const after = claimed(step, stream, nowMs)
  db.change('stream-save', ...streamParams(after.stream))
  db.change('flight-add', ...flightParams(after.flight))
  return { kind: 'done', flight: after.flight }
}

/** A row can only be in flights of its own lane and topic, so these are all that have to be looked at. */
function flyingRow(flights: readonly Flight[], rowIds: readonly number[]): string | undefined {
  if (flights.length === 0) return undefined
  const flying = new Set(flights.flatMap((flight) => flight.rowIds))
  const row = rowIds.find((id) => flying.has(id))
  return row === undefined ? undefined : `row ${row} is in a flight`
}

function rowsMissing(db: SqliteConnection, step: ClaimStep): string | undefined {
  const fit = numberOf(db.row('rows-fit', JSON.stringify(step.rowIds), step.lane, step.topic).n)
  const missing = step.rowIds.length - fit
  return missing === 0 ? undefined : `${missing} of the rows do not wait in lane ${step.lane} for topic ${step.topic}`
}

function mark(db: SqliteConnection, step: MarkStep, nowMs: number): StepResult {
  const flight = flightAt(db, step.flight)
  const stream = streamAt(db, step.flight)
  if (!stream || !namesFlight(step, flight)) return conflict('no such flight')
  const { producerId, producerEpoch } = flight.incarnation
  const ids = JSON.stringify(flight.rowIds)
  const sent = db.change(
    'sent-add-flight',
    ...[
      flight.partition,
      step.baseOffset,
      producerId,
      producerEpoch,
      flight.firstSequence,
      step.leaderEpoch,
      nowMs,
      ids,
    ],
  )
  invariant(
    sent === flight.rowIds.length,
    'flight-rows-wait',
    `${sent} of ${flight.rowIds.length} rows of a flight are waiting`,
  )
  db.change('waiting-remove', ids)
  db.change('holds-remove', flight.lane, ids)
  db.change('flight-remove', flight.lane, flight.topic, flight.partition)
  db.change('stream-save', ...streamParams(marked(step, flight, stream)))
  return { kind: 'done' }
}

function release(db: SqliteConnection, step: ReleaseStep, nowMs: number): StepResult {
  const flight = flightAt(db, step.flight)
  const stream = streamAt(db, step.flight)
  if (!stream || !namesFlight(step, flight)) return conflict('no such flight')
  const detail = releaseConflict(step, flight)
  if (detail !== undefined) return conflict(detail)
  const { producerId, producerEpoch } = flight.incarnation
  for (const { rowId, offset } of step.found) {
    const sequence = sequenceAt(flight, flight.rowIds.indexOf(rowId))
    // The leader epoch of a record that was read back is not known here: -1.
    const sent = db.change(
      'sent-add-row',
      flight.partition,
      offset,
      producerId,
      producerEpoch,
      sequence,
      -1,
      nowMs,
      rowId,
    )
    invariant(sent === 1, 'flight-rows-wait', `row ${rowId} of a flight is not waiting`)
  }
  const found = JSON.stringify(step.found.map((row) => row.rowId))
  db.change('waiting-remove', found)
  db.change('holds-remove', flight.lane, found)
  if (step.rejected) addAttempt(db, step.rejected.rowId, step.rejected.reason, nowMs)
  db.change('flight-remove', flight.lane, flight.topic, flight.partition)
  db.change('stream-save', ...streamParams(released(step, stream)))
  return { kind: 'done' }
}

function addAttempt(db: SqliteConnection, rowId: number, reason: string, nowMs: number): void {
  const row = db.row('row', rowId)
  const key = bytesOrNull(row.key)
  db.change('hold-attempt', rowId, numberOf(row.lane), textOf(row.topic), key, plainText(reason), nowMs)
}

function park(db: SqliteConnection, step: ParkStep, nowMs: number): StepResult {
  const [row] = db.rows('row', step.rowId)
  if (!row || numberOf(row.lane) !== step.lane) return conflict(`row ${step.rowId} does not wait in lane ${step.lane}`)
  const flying = flyingRow(db.rows('flights-of-topic', step.lane, textOf(row.topic)).map(flightOf), [step.rowId])
  if (flying !== undefined) return conflict(flying)
  const ids = JSON.stringify([step.rowId])
  db.change('parked-add', plainText(step.reason), nowMs, step.rowId)
  db.change('waiting-remove', ids)
  db.change('holds-remove', step.lane, ids)
  return { kind: 'done' }
}

function recognize(db: SqliteConnection, step: RecognizeStep, nowMs: number): StepResult {
  const places = new Map(step.messages.map((message) => [message.messageId, message]))
  const flights = db.rows('flights-of-topic', step.lane, step.topic).map(flightOf)
  const flying = new Set(flights.flatMap((flight) => flight.rowIds))
  const rowIds: number[] = []
  for (const row of db.rows('rows-recognized', step.lane, step.topic, JSON.stringify([...places.keys()]))) {
    const id = numberOf(row.id)
    const place = flying.has(id) ? undefined : places.get(textOf(row.message_id))
    if (!place) continue
    const { offset, incarnation, sequence } = place
    const { producerId, producerEpoch } = incarnation
    db.change('sent-add-row', step.partition, offset, producerId, producerEpoch, sequence, -1, nowMs, id)
    rowIds.push(id)
  }
  const ids = JSON.stringify(rowIds)
  db.change('waiting-remove', ids)
  db.change('holds-remove', step.lane, ids)
  return { kind: 'done', rowIds }
}

function liftHold(db: SqliteConnection, step: HoldLiftStep): StepResult {
  db.change('hold-remove', step.rowId, step.lane)
  return { kind: 'done' }
}
