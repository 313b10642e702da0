import type { Flight, Stream } from '../model/flight.js'
import { headerName, parseHeader, redriveHeaderName } from '../model/header.js'
import type { WaybillHeader } from '../model/header.js'
import type { WaitingRow } from '../model/message.js'
import type { Broker, FetchedBatch, FetchedRecord, TopicView } from '../ports/broker.js'
import type { FoundRow, RecognizedMessage } from '../ports/outbox-store.js'
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
      /** Rows of other messages that wait and lie in the topic all the same; they are marked. */
      readonly recognized: readonly number[]
      /** Other messages of our lane were met. */
      readonly strangers: boolean
      /** Set when the log ends below what was acknowledged: Kafka lost acknowledged records from here on. */
      readonly truncatedAt: number | undefined
    }
  | { readonly kind: 'unknown'; readonly cause: string; readonly endOffset: number }

/** Marks waiting rows whose messages lie in the topic; tells their row ids. */
export type Recognize = (messages: readonly RecognizedMessage[]) => Promise<readonly number[]>

/** Where to read, and what of. */
export interface Span {
  readonly broker: Broker
  readonly stream: Stream
  readonly source: string
  readonly signal: AbortSignal
  readonly recognize: Recognize
}

/**
 * Looks for the flight's messages from the stream's last acknowledged offset to the high watermark, by message id. When
 * `OffsetForLeaderEpoch` shows a truncation it looks from there, because our records may have been appended lower than
 * `lastOffset`. Nothing else of our lane can lie there, unless the database went back (restored from a backup): then such
 * messages are recognized, or they would be sent again. Without a flight it looks for those alone. Rejects when the topic
 * cannot be read now.
 */
export async function readBack(
  span: Span,
  flight: { readonly rows: readonly WaitingRow[] },
  view: TopicView,
): Promise<ReadBack> {
  const { broker, stream, signal } = span
  const { topic, partition } = stream
  const { logStart, highWatermark } = await broker.offsets(topic, partition)
  if (view.topicId !== stream.topicId)
    return { kind: 'unknown', cause: `topic ${topic} was re-created`, endOffset: highWatermark }
  const truncatedAt = await truncation(broker, stream, highWatermark)
  const from = Math.min(stream.lastOffset + 1, truncatedAt ?? Number.POSITIVE_INFINITY)
  if (logStart > from)
    return { kind: 'unknown', cause: `records ${from} to ${logStart - 1} were deleted`, endOffset: highWatermark }
  const search = new Search(span, flight.rows)
  for await (const batch of broker.read(topic, partition, from, highWatermark, signal)) await search.take(batch)
  const recognized = await search.end()
  const { found, doubled, strangers } = search
  return { kind: 'read', found, doubled, recognized, strangers, endOffset: highWatermark, truncatedAt }
}

/** Sorts what is read into messages of the flight and others of our lane. */
class Search {
  readonly found: FoundRow[] = []
  readonly doubled: string[] = []
  readonly #span: Span
  readonly #wanted: ReadonlyMap<string, number>
  readonly #seen = new Set<string>()
  readonly #recognized: number[] = []
  #others = new Map<string, RecognizedMessage>()
  strangers = false

  constructor(span: Span, rows: readonly WaitingRow[]) {
    this.#span = span
    this.#wanted = new Map(rows.map((row) => [row.messageId, row.id]))
  }

  async take(batch: FetchedBatch): Promise<void> {
    for (const record of batch.records) this.#record(record)
    if (this.#others.size >= recognizeRows) await this.#recognizeOthers()
  }

  async end(): Promise<readonly number[]> {
    if (this.#others.size > 0) await this.#recognizeOthers()
    return this.#recognized
  }

  #record(record: FetchedRecord): void {
    const header = waybillHeaderOf(record)
    if (!header) return
    const { messageId, incarnation, sequence } = header
    const { offset } = record
    const rowId = this.#wanted.get(messageId)
    if (rowId === undefined) {
      const { source, stream } = this.#span
      if (header.source !== source || header.lane !== stream.lane) return
      this.strangers = true
      if (!this.#others.has(messageId)) this.#others.set(messageId, { messageId, offset, incarnation, sequence })
      return
    }
    if (this.#seen.has(messageId)) this.doubled.push(messageId)
    else this.found.push({ rowId, offset })
    this.#seen.add(messageId)
  }

  async #recognizeOthers(): Promise<void> {
    this.#recognized.push(...(await this.#span.recognize([...this.#others.values()])))
    this.#others = new Map()
  }
}

/** Messages per store call: after a restore there may be millions. */
const recognizeRows = 5_000

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
  return waybillHeaderOf(record)?.messageId
}

function waybillHeaderOf(record: FetchedRecord): WaybillHeader | undefined {
  // A dead letter that was sent back is a second copy on purpose: neither a duplicate nor a sign of a database that went back.
  if (record.headers.some(([name]) => name === redriveHeaderName)) return undefined
  for (const [name, value] of record.headers)
    if (name === headerName) return parseHeader(Buffer.from(value).toString('utf8'))
  return undefined
}
