import { WaybillError } from '../../model/errors.js'
import type { Flight, Incarnation, Stream, StreamKey } from '../../model/flight.js'
import { decodeHeaders, encodeHeaders } from '../../model/header-list.js'
import type { SealedMessage, WaitingRow } from '../../model/message.js'
import type { Alert, Hold, Lease } from '../../ports/outbox-store.js'
import type { SqlRow, SqlValue } from '../../ports/transactions.js'
import { bytesOf, bytesOrNull, numberOf, textOf } from './driver.js'

/** Parameters of the `enqueue` statement. */
export function enqueueParams(message: SealedMessage): SqlValue[] {
  const { lane, topic, key, value } = message
  return [lane, Buffer.from(message.messageId, 'hex'), topic, key, encodeHeaders(message.headers), value]
}

export function waitingOf(row: SqlRow): WaitingRow {
  return {
    id: numberOf(row.id),
    lane: numberOf(row.lane),
    messageId: Buffer.from(bytesOf(row.message_id)).toString('hex'),
    topic: textOf(row.topic),
    key: bytesOrNull(row.key),
    headers: decodeHeaders(bytesOf(row.headers)),
    value: bytesOrNull(row.value),
    createdAtMs: numberOf(row.created_at),
  }
}

export function leaseOf(row: SqlRow): Lease {
  return {
    lane: numberOf(row.lane),
    fence: numberOf(row.fence),
    expiresAtMs: numberOf(row.expires_at),
    producerId: row.producer_id === null ? null : numberOf(row.producer_id),
  }
}

function streamKeyOf(row: SqlRow): StreamKey {
  return { lane: numberOf(row.lane), topic: textOf(row.topic), partition: numberOf(row.partition) }
}

function incarnationOf(row: SqlRow): Incarnation {
  return { producerId: numberOf(row.producer_id), producerEpoch: numberOf(row.producer_epoch) }
}

export function streamOf(row: SqlRow): Stream {
  return {
    ...streamKeyOf(row),
    topicId: textOf(row.topic_id),
    incarnation: incarnationOf(row),
    nextSequence: numberOf(row.next_sequence),
    lastOffset: numberOf(row.last_offset),
    lastLeaderEpoch: numberOf(row.last_leader_epoch),
    lastStampMs: numberOf(row.last_stamp),
  }
}

/** Parameters of `stream-save`. */
export function streamParams(stream: Stream): SqlValue[] {
  const { producerId, producerEpoch } = stream.incarnation
  return [
    ...[stream.lane, stream.topic, stream.partition, stream.topicId, producerId, producerEpoch],
    ...[stream.nextSequence, stream.lastOffset, stream.lastLeaderEpoch, stream.lastStampMs],
  ]
}

export function flightOf(row: SqlRow): Flight {
  return {
    ...streamKeyOf(row),
    incarnation: incarnationOf(row),
    firstSequence: numberOf(row.first_sequence),
    rowIds: rowIdsOf(textOf(row.row_ids)),
    stampMs: numberOf(row.stamp),
    claimedFence: numberOf(row.claimed_fence),
  }
}

/** Parameters of `flight-add`. */
export function flightParams(flight: Flight): SqlValue[] {
  const { producerId, producerEpoch } = flight.incarnation
  return [
    ...[flight.lane, flight.topic, flight.partition, producerId, producerEpoch, flight.firstSequence],
    ...[JSON.stringify(flight.rowIds), flight.stampMs, flight.claimedFence],
  ]
}

function rowIdsOf(json: string): readonly number[] {
  let ids: unknown
  try {
    ids = JSON.parse(json)
  } catch (cause) {
    throw new WaybillError('WB_STORE_CORRUPT', 'the row ids of a flight cannot be read', { cause })
  }
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id): id is number => Number.isSafeInteger(id))) return ids
  throw new WaybillError('WB_STORE_CORRUPT', 'the row ids of a flight are not a list of numbers')
}

export function holdOf(row: SqlRow): Hold {
  return {
    lane: numberOf(row.lane),
    topic: textOf(row.topic),
    key: bytesOrNull(row.key),
    rowId: numberOf(row.row_id),
    attempts: numberOf(row.attempts),
    reason: textOf(row.reason),
    sinceMs: numberOf(row.since),
  }
}

export function alertOf(row: SqlRow): Alert {
  return {
    id: numberOf(row.id),
    cause: textOf(row.cause),
    kind: textOf(row.kind),
    detail: textOf(row.detail),
    openedAtMs: numberOf(row.opened_at),
    resolvedAtMs: row.resolved_at === null ? null : numberOf(row.resolved_at),
  }
}

/** Text as SQLite keeps it: libsql cuts a parameter at the first NUL, silently. Only for text that people read. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}
