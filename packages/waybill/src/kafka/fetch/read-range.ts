import { WaybillError } from '../../model/errors.js'
import type { FetchedBatch } from '../../ports/broker.js'
import { decodeBatches } from '../records/decode-batches.js'
import type { Fetched } from './fetch-api.js'

/** Bytes of one fetch. A batch that is larger comes alone and whole. */
export const fetchBytesMax: number = 1024 * 1024
/**
 * How long the broker may hold an empty answer, ms: not at all at first, a read ends at the high watermark and what lies below
 * it is there. Only a fetch that brought nothing below it lets the broker wait before the next.
 */
const emptyWaitMs = 500
/** Answers in a row without a whole batch below the high watermark before we give up. */
const emptyAnswersMax = 20

/** A range of one partition's log. */
export interface ReadRange {
  readonly topic: string
  readonly partition: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly signal: AbortSignal | undefined
}

/**
 * Reads a range batch by batch through `fetch`, up to the high watermark of each answer. Batches keep their identity; records
 * outside the range are left out of their first and last batch.
 */
export async function* readRange(
  range: ReadRange,
  fetch: (offset: number, waitMs: number) => Promise<Fetched>,
): AsyncGenerator<FetchedBatch, void, undefined> {
  let emptyAnswers = 0
  for (let at = range.fromOffset; at < range.toOffset; ) {
    range.signal?.throwIfAborted()
    const fetched = await fetch(at, emptyAnswers === 0 ? 0 : emptyWaitMs)
    const before = at
    for (const batch of decodeBatches(fetched.records)) {
      if (batch.lastOffset < at) continue
      if (batch.baseOffset >= range.toOffset) return
      at = batch.lastOffset + 1
      yield within(batch, range)
      range.signal?.throwIfAborted()
    }
    if (at >= fetched.highWatermark) return
    emptyAnswers = at === before ? emptyAnswers + 1 : 0
    if (emptyAnswers >= emptyAnswersMax)
      throw new WaybillError(
        'WB_DEADLINE',
        `${range.topic}-${range.partition}: ${emptyAnswersMax} fetches at offset ${at} brought nothing although the high watermark is ${fetched.highWatermark}`,
        { facts: { topic: range.topic, partition: range.partition, offset: at } },
      )
  }
}

function within(batch: FetchedBatch, { fromOffset, toOffset }: ReadRange): FetchedBatch {
  if (batch.baseOffset >= fromOffset && batch.lastOffset < toOffset) return batch
  return { ...batch, records: batch.records.filter(({ offset }) => offset >= fromOffset && offset < toOffset) }
}
