import { WaybillError } from '../../model/errors.js'
import type { FetchedBatch } from '../../ports/broker.js'
import type { FetchOutcome, FetchPosition } from '../../ports/fetcher.js'
import { decodeBatch, rawBatches } from '../records/decode-batches.js'
import { AbortedRanges } from './aborted-ranges.js'
import type { Fetched } from './fetch-api.js'

/**
 * What an answer without error brought for this position. Good batches before a corrupt one are delivered; the corrupt one is
 * the outcome of the next fetch, which begins with it.
 */
export function outcomeOfFetched(position: FetchPosition, fetched: Fetched): FetchOutcome {
  const { logStart, highWatermark, diverging } = fetched
  if (diverging !== undefined) return { kind: 'diverging', ...diverging }
  const batches: FetchedBatch[] = []
  const aborted = new AbortedRanges(fetched.aborted)
  let nextOffset = position.offset
  try {
    for (const raw of rawBatches(fetched.records)) {
      const isHidden = aborted.hides(raw)
      if (raw.lastOffset < nextOffset) continue
      if (!isHidden) batches.push(from(decodeBatch(raw), position.offset))
      nextOffset = raw.lastOffset + 1
    }
  } catch (error) {
    if (nextOffset === position.offset) return corrupt(position, error)
  }
  return { kind: 'records', batches, nextOffset, logStart, highWatermark }
}

/** A batch is answered whole also when the position is inside it. */
function from(batch: FetchedBatch, offset: number): FetchedBatch {
  if (batch.baseOffset >= offset) return batch
  return { ...batch, records: batch.records.filter((record) => record.offset >= offset) }
}

function corrupt({ offset }: FetchPosition, error: unknown): FetchOutcome {
  const cause = error instanceof Error ? error.message : String(error)
  const at = error instanceof WaybillError ? error.facts['offset'] : undefined
  return { kind: 'corrupt', offset: typeof at === 'number' ? at : offset, cause }
}
