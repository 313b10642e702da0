import type { Incarnation, Stream } from '../model/flight.js'
import { producerEpochMax } from '../model/flight.js'
import type { WaitingRow } from '../model/message.js'
import { batchOverheadBytes } from '../model/record-size.js'
import type { TopicView } from '../ports/broker.js'
import type { OwnedLane, StreamState } from './lane-state.js'
import { rowBytes } from './lane-state.js'

/** Part of the broker's memory of a producer that is relied on; the rest is a margin for clocks that differ. */
const trustedShare = 0.9

/**
 * How long a broker surely remembers a producer in a partition, counted from its newest record's timestamp: until
 * `producer.id.expiration.ms`, or until retention may have deleted its records. After that it accepts any epoch and
 * sequence and a repeat appends twice (seen on Kafka 4.3.1).
 */
export function trustMs(view: Pick<TopicView, 'retentionMs' | 'producerIdExpirationMs'>): number {
  const retention = view.retentionMs < 0 ? Number.POSITIVE_INFINITY : view.retentionMs
  return Math.min(view.producerIdExpirationMs, retention) * trustedShare
}

/** The incarnation after `current` on a lane with `laneProducerId`; `undefined` when the epochs are used up. */
export function nextIncarnation(current: Incarnation, laneProducerId: number): Incarnation | undefined {
  if (current.producerId !== laneProducerId) return { producerId: laneProducerId, producerEpoch: 0 }
  if (current.producerEpoch >= producerEpochMax) return undefined
  return { producerId: laneProducerId, producerEpoch: current.producerEpoch + 1 }
}

/** Identity for the next claim: the stream's own while the broker surely remembers it, else a new incarnation. */
export type ClaimIdentity =
  | { readonly kind: 'ready'; readonly incarnation: Incarnation; readonly firstSequence: number }
  | { readonly kind: 'need-producer-id' }

/** Decides under which identity a stream claims its next flight. `nowMs` is database time. */
export function claimIdentity(
  stream: Stream | undefined,
  laneProducerId: number,
  view: TopicView,
  nowMs: number,
): ClaimIdentity {
  if (!stream) return { kind: 'ready', incarnation: { producerId: laneProducerId, producerEpoch: 0 }, firstSequence: 0 }
  const trusted =
    stream.incarnation.producerId === laneProducerId &&
    stream.topicId === view.topicId &&
    nowMs - stream.lastStampMs < trustMs(view)
  if (trusted) return { kind: 'ready', incarnation: stream.incarnation, firstSequence: stream.nextSequence }
  const next = nextIncarnation(stream.incarnation, laneProducerId)
  return next ? { kind: 'ready', incarnation: next, firstSequence: 0 } : { kind: 'need-producer-id' }
}

/** Rows for one batch and the bytes they take there. */
export interface Cut {
  readonly rows: readonly WaitingRow[]
  readonly bytes: number
}

/** The first rows of the queue that fit into one batch; at least one. */
export function cutRows(
  state: StreamState,
  view: TopicView,
  limits: { readonly batchRowsMax: number; readonly batchBytesMax: number },
): Cut {
  const bytesMax = Math.min(limits.batchBytesMax, view.maxMessageBytes) - batchOverheadBytes
  const rowsMax = Math.min(limits.batchRowsMax, state.rowsMax)
  let bytes = 0
  let count = 0
  for (const row of state.queue) {
    const more = rowBytes(row)
    if (count > 0 && (bytes + more > bytesMax || count >= rowsMax)) break
    bytes += more
    count++
  }
  return { rows: state.queue.slice(0, count), bytes }
}

/** True when the stream may claim now: rows wait, no flight is open, nothing holds it back. */
export function mayClaim(lane: OwnedLane, state: StreamState, nowMs: number): boolean {
  return (
    state.queue.length > 0 &&
    state.open === undefined &&
    state.notBeforeMs <= nowMs &&
    !lane.closing &&
    lane.stopped === undefined &&
    lane.lease.producerId !== null
  )
}
