import type { Flight, Stream } from '../model/flight.js'
import { headerName, parseHeader } from '../model/header.js'
import type { WaitingRow } from '../model/message.js'
import type { Broker, FetchedBatch, FetchedRecord, TopicView } from '../ports/broker.js'
import type { FoundRow } from '../ports/outbox-store.js'
import type { SpanCheck } from './lane-state.js'

/**
 * What reading the topic back says about a flight. `unknown`: the place where it would be is gone (deleted records,
 * another topic of the same name), so neither "it is there" nor "it is not" can be said.
 */
export type ReadBack =
  | {
      readonly kind: 'read'
      readonly found: readonly FoundRow[]
      /** Messages met more than once. */
      readonly doubled: readonly string[]
      /** End of what was read. */
      readonly endOffset: number
      /** Set when the log ends below what was acknowledged: Kafka lost acknowledged records from here on. */
      readonly truncatedAt: number | undefined
    }
  | { readonly kind: 'unknown'; readonly cause: string; readonly endOffset: number }

/**
 * Looks for the flight's messages from the stream's last acknowledged offset to the high watermark, by message id. When
 * `OffsetForLeaderEpoch` shows a truncation it looks from there, because our records may have been appended lower than
 * `lastOffset`. Rejects when the topic cannot be read now.
 */
export async function readBack(
  broker: Broker,
  flight: Flight,
  rows: readonly WaitingRow[],
  stream: Stream,
  view: TopicView,
  signal: AbortSignal,
): Promise<ReadBack> {
  const { topic, partition } = flight
  const { logStart, highWatermark } = await broker.offsets(topic, partition)
  if (view.topicId !== stream.topicId)
    return { kind: 'unknown', cause: `topic ${topic} was re-created`, endOffset: highWatermark }
  const truncatedAt = await truncation(broker, stream, highWatermark)
  const from = Math.min(stream.lastOffset + 1, truncatedAt ?? Number.POSITIVE_INFINITY)
  if (logStart > from)
    return { kind: 'unknown', cause: `records ${from} to ${logStart - 1} were deleted`, endOffset: highWatermark }
  const wanted = new Map(rows.map((row) => [row.messageId, row.id]))
  const found: FoundRow[] = []
  const seen = new Set<string>()
  const doubled: string[] = []
  for await (const batch of broker.read(topic, partition, from, highWatermark, signal)) {
    for (const record of batch.records) {
      const messageId = messageIdOf(record)
      const rowId = messageId === undefined ? undefined : wanted.get(messageId)
      if (messageId === undefined || rowId === undefined) continue
      if (seen.has(messageId)) doubled.push(messageId)
      else found.push({ rowId, offset: record.offset })
      seen.add(messageId)
    }
  }
  return { kind: 'read', found, doubled, endOffset: highWatermark, truncatedAt }
}

/** The offset from which acknowledged records of this stream are gone, if the leader epoch says so. */
async function truncation(broker: Broker, stream: Stream, highWatermark: number): Promise<number | undefined> {
  const from = stream.lastOffset + 1
  const suspects = highWatermark < from ? [highWatermark] : []
  if (stream.lastLeaderEpoch >= 0) {
    const { endOffset } = await broker.endOffsetForEpoch(stream.topic, stream.partition, stream.lastLeaderEpoch)
    if (endOffset >= 0 && endOffset < from) suspects.push(endOffset)
  }
  return suspects.length === 0 ? undefined : Math.min(...suspects)
}

/** True when all rows of the flight lie at `baseOffset` in order. */
export async function isAt(
  broker: Broker,
  flight: Flight,
  rows: readonly WaitingRow[],
  baseOffset: number,
  signal: AbortSignal,
): Promise<boolean> {
  let next = 0
  const end = baseOffset + rows.length
  for await (const batch of broker.read(flight.topic, flight.partition, baseOffset, end, signal)) {
    for (const record of batch.records) {
      if (record.offset !== baseOffset + next || messageIdOf(record) !== rows[next]?.messageId) return false
      next++
    }
  }
  return next === rows.length
}

/** Messages of a released flight that its former incarnation got into the topic after all: each is doubled. */
export async function lateArrivals(
  broker: Broker,
  topic: string,
  partition: number,
  span: SpanCheck,
  toOffset: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const late: string[] = []
  for await (const batch of broker.read(topic, partition, span.fromOffset, toOffset, signal)) {
    if (!isOf(batch, span)) continue
    for (const record of batch.records) {
      const messageId = messageIdOf(record)
      if (messageId !== undefined && span.messageIds.has(messageId)) late.push(messageId)
    }
  }
  return late
}

function isOf(batch: FetchedBatch, span: SpanCheck): boolean {
  return batch.producerId === span.incarnation.producerId && batch.producerEpoch === span.incarnation.producerEpoch
}

function messageIdOf(record: FetchedRecord): string | undefined {
  for (const [name, value] of record.headers)
    if (name === headerName) return parseHeader(Buffer.from(value).toString('utf8'))?.messageId
  return undefined
}
