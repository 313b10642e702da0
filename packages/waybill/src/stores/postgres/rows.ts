import { WaybillError } from '../../model/errors.js'
import type { Flight, Stream } from '../../model/flight.js'
import { decodeHeaders, encodeHeaders } from '../../model/header-list.js'
import type { SealedMessage, WaitingRow } from '../../model/message.js'
import type { SqlValue } from '../../ports/transactions.js'
import type { Alert, Hold, Lease, ReadPage } from '../../ports/outbox-store.js'
import type { TextRow } from './driver.js'

type Column = string | null | undefined

/** A column's whole number. */
export function numberOf(column: Column): number {
  const number = Number(column ?? Number.NaN)
  if (Number.isSafeInteger(number)) return number
  throw new WaybillError('WB_STORE_CORRUPT', `a column that holds a whole number holds ${String(column)}`)
}

export function numberOrNull(column: Column): number | null {
  return column === null ? null : numberOf(column)
}

export function textOf(column: Column): string {
  if (typeof column === 'string') return column
  throw new WaybillError('WB_STORE_CORRUPT', 'a column that holds text holds none')
}

/** Bytes that the statement encoded as hex, whatever `bytea_output` the role has. */
export function bytesOf(column: Column): Uint8Array {
  return plain(Buffer.from(textOf(column), 'hex'))
}

export function bytesOrNull(column: Column): Uint8Array | null {
  return column === null ? null : bytesOf(column)
}

/** A plain view: a Buffer would behave differently from what the memory store returns. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** PostgreSQL's text form of an array of numbers, compact also for thousands. */
export function arrayOf(numbers: readonly (number | boolean)[]): string {
  return `{${numbers.join(',')}}`
}

/** The same for texts. */
export function textArrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** Text as PostgreSQL keeps it: it has no NUL. Only for text that people read. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}

export function waitingOf(row: TextRow): WaitingRow {
  const [id, lane, messageId, topic, key, headers, value, createdAt] = row
  return {
    id: numberOf(id),
    lane: numberOf(lane),
    messageId: textOf(messageId).replaceAll('-', ''),
    topic: textOf(topic),
    key: bytesOrNull(key ?? null),
    headers: headers === '' ? [] : decodeHeaders(bytesOf(headers)),
    value: bytesOrNull(value ?? null),
    createdAtMs: numberOf(createdAt),
  }
}

/** What `read` returned: a row for each lane that has messages, and one with the names of open senders if it looked. */
export function pageOf(found: readonly TextRow[]): ReadPage {
  const rows: WaitingRow[] = []
  const cut = new Set<number>()
  let openSenders: ReadPage['openSenders'] = 'not-looked'
  for (const [lane, isCut, places, payload] of found) {
    if (lane === null) {
      openSenders = new Set(typeof places === 'string' ? places.split(',') : [])
      continue
    }
    if (isCut === 'true') cut.add(numberOf(lane))
    unpack(numberOf(lane), textOf(places), Buffer.from(textOf(payload), 'hex'), rows)
  }
  return { rows, cut, openSenders }
}

/** The messages of one lane: their places in the payload, one per line, as outbox_read writes them. */
function unpack(lane: number, places: string, payload: Buffer, rows: WaitingRow[]): void {
  // Plain views: Buffers would behave differently from what the memory store returns.
  let at = payload.byteOffset
  const take = (size: number): Uint8Array => {
    const bytes = new Uint8Array(payload.buffer, at, size)
    at += size
    return bytes
  }
  let lastId = 0
  for (const place of places.split('\n')) {
    const [id, messageId = '', createdAt, key, headers, value, topic = ''] = place.split(' ')
    const [keyBytes, headerBytes, valueBytes] = [Number(key), Number(headers), Number(value)]
    const rowId = numberOf(id)
    if (rowId <= lastId) throw new WaybillError('WB_STORE_CORRUPT', 'outbox_read returned messages out of order')
    lastId = rowId
    rows.push({
      id: rowId,
      lane,
      messageId: messageId.replaceAll('-', ''),
      topic,
      key: keyBytes < 0 ? null : take(keyBytes),
      headers: headerBytes === 0 ? [] : decodeHeaders(take(headerBytes)),
      value: valueBytes < 0 ? null : take(valueBytes),
      createdAtMs: numberOf(createdAt),
    })
  }
}

/** Columns of the `enqueue` statement: one payload, and where each message lies in it. */
export function enqueueParams(messages: readonly SealedMessage[]): readonly SqlValue[] {
  const parts = messages.map(({ key, headers, value }) => ({ key, headers: encodeHeaders(headers), value }))
  const bytes = parts.flatMap(({ key, headers, value }) => [key, headers, value].filter((part) => part !== null))
  return [
    Buffer.concat(bytes),
    arrayOf(messages.map((message) => message.lane)),
    textArrayOf(messages.map((message) => message.messageId)),
    textArrayOf(messages.map((message) => message.topic)),
    arrayOf(parts.map(({ key }) => key?.length ?? -1)),
    arrayOf(parts.map(({ headers }) => headers.length)),
    arrayOf(parts.map(({ value }) => value?.length ?? -1)),
  ]
}

export function leaseOf([lane, fence, expiresAt, producerId]: TextRow): Lease {
  return {
    lane: numberOf(lane),
    fence: numberOf(fence),
    expiresAtMs: numberOf(expiresAt),
    producerId: numberOrNull(producerId ?? null),
  }
}

export function streamOf(row: TextRow): Stream {
  const [lane, topic, partition, topicId, producerId, producerEpoch, next, lastOffset, lastLeaderEpoch, stamp] = row
  return {
    lane: numberOf(lane),
    topic: textOf(topic),
    partition: numberOf(partition),
    topicId: textOf(topicId),
    incarnation: { producerId: numberOf(producerId), producerEpoch: numberOf(producerEpoch) },
    nextSequence: numberOf(next),
    lastOffset: numberOf(lastOffset),
    lastLeaderEpoch: numberOf(lastLeaderEpoch),
    lastStampMs: numberOf(stamp),
  }
}

export function flightOf(row: TextRow): Flight {
  const [lane, topic, partition, producerId, producerEpoch, firstSequence, rowIds, stamp, fence] = row
  const ids = /^\{(\d+(?:,\d+)*)\}$/.exec(textOf(rowIds))?.[1]
  if (ids === undefined) throw new WaybillError('WB_STORE_CORRUPT', 'the row ids of a flight are not a list of numbers')
  return {
    lane: numberOf(lane),
    topic: textOf(topic),
    partition: numberOf(partition),
    incarnation: { producerId: numberOf(producerId), producerEpoch: numberOf(producerEpoch) },
    firstSequence: numberOf(firstSequence),
    rowIds: ids.split(',').map(numberOf),
    stampMs: numberOf(stamp),
    claimedFence: numberOf(fence),
  }
}

export function holdOf([lane, topic, key, rowId, attempts, reason, since]: TextRow): Hold {
  return {
    lane: numberOf(lane),
    topic: textOf(topic),
    key: bytesOrNull(key ?? null),
    rowId: numberOf(rowId),
    attempts: numberOf(attempts),
    reason: textOf(reason),
    sinceMs: numberOf(since),
  }
}

export function alertOf([id, cause, kind, detail, openedAt, resolvedAt]: TextRow): Alert {
  return {
    id: numberOf(id),
    cause: textOf(cause),
    kind: textOf(kind),
    detail: textOf(detail),
    openedAtMs: numberOf(openedAt),
    resolvedAtMs: numberOrNull(resolvedAt ?? null),
  }
}
