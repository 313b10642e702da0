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
  for (const [lane, isCut, page] of found) {
    if (lane === null) {
      openSenders = new Set(typeof page === 'string' ? page.split(',') : [])
      continue
    }
    if (isCut === 'true') cut.add(numberOf(lane))
    unpack(numberOf(lane), Buffer.from(textOf(page), 'base64'), rows)
  }
  return { rows, cut, openSenders }
}

/** Columns of a record of outbox_read. */
const pageColumns = 7

/**
 * The messages of one lane, as PostgreSQL's `record_send` writes each: the number of columns, then for each its type, its
 * length (-1: null) and its bytes; all numbers big-endian.
 */
function unpack(lane: number, page: Buffer, rows: WaitingRow[]): void {
  const starts = new Array<number>(pageColumns)
  const sizes = new Array<number>(pageColumns)
  // Plain views: Buffers would behave differently from what the memory store returns.
  const bytes = (column: number): Uint8Array =>
    new Uint8Array(page.buffer, page.byteOffset + (starts[column] ?? 0), sizes[column] ?? 0)
  let lastId = 0
  for (let at = 0; at < page.length; ) {
    if (page.readInt32BE(at) !== pageColumns)
      throw new WaybillError('WB_STORE_CORRUPT', 'outbox_read returned a record of another shape')
    at += 4
    for (let column = 0; column < pageColumns; column++) {
      const size = page.readInt32BE(at + 4)
      starts[column] = at + 8
      sizes[column] = size
      at += 8 + Math.max(0, size)
    }
    const [id, messageId, createdAt, topic] = starts as [number, number, number, number]
    const rowId = int64(page, id)
    if (rowId <= lastId) throw new WaybillError('WB_STORE_CORRUPT', 'outbox_read returned messages out of order')
    lastId = rowId
    rows.push({
      id: rowId,
      lane,
      messageId: page.toString('hex', messageId, messageId + 16),
      topic: page.toString('latin1', topic, topic + (sizes[3] ?? 0)),
      key: (sizes[4] ?? -1) < 0 ? null : bytes(4),
      headers: sizes[5] === 0 ? [] : decodeHeaders(bytes(5)),
      value: (sizes[6] ?? -1) < 0 ? null : bytes(6),
      createdAtMs: int64(page, createdAt),
    })
  }
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4)
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
