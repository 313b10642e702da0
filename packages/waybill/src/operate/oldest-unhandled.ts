import type { OffsetRun } from '../model/offset-runs.js'
import type { Fetcher, FetchOutcome } from '../ports/fetcher.js'
import type { GroupPartition } from '../ports/group.js'
import type { PartitionFacts } from './partition-status.js'

const bytesMax = 64 * 1024
const waitMs = 500
/** Fetches that bring nothing unhandled (control records, aborted ones, handled ones) before we say that we do not know. */
const fetchesMax = 50

/**
 * The oldest record at or above `from` that is in none of the runs: place and timestamp. Reads only as far as that record,
 * committed records only, as waybill's consumer does. Never rejects.
 */
export async function oldestUnhandled(
  fetcher: Fetcher,
  place: GroupPartition,
  span: { readonly from: number; readonly end: number; readonly runs: readonly OffsetRun[] },
  signal: AbortSignal,
): Promise<PartitionFacts['oldest']> {
  let offset = behind(span.from, span.runs)
  for (let fetches = 0; fetches < fetchesMax; fetches++) {
    if (offset >= span.end) return 'none'
    const outcome = await fetchOne(fetcher, place, offset, signal)
    if (outcome.kind === 'failed' || outcome.kind === 'corrupt') return { cause: outcome.cause }
    if (outcome.kind !== 'records') return { cause: `offset ${offset} is ${outcome.kind}` }
    for (const { isControl, records } of outcome.batches)
      for (const record of isControl ? [] : records)
        if (record.offset >= offset && behind(record.offset, span.runs) === record.offset)
          return { offset: record.offset, timestampMs: record.timestampMs }
    // Nothing came although there is something: an open transaction holds the readers of committed records back.
    if (outcome.nextOffset <= offset) return { cause: `nothing can be read at offset ${offset} yet` }
    offset = behind(outcome.nextOffset, span.runs)
  }
  return { cause: `no unhandled record found up to offset ${offset}` }
}

async function fetchOne(
  fetcher: Fetcher,
  place: GroupPartition,
  offset: number,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  let found: FetchOutcome = { kind: 'failed', cause: 'stopped' }
  const position = { ...place, offset, lastLeaderEpoch: -1, bytesMax }
  await fetcher.fetch([position], waitMs, signal, (_position, outcome) => {
    found = outcome
  })
  return found
}

/** The lowest offset from `offset` on that no run covers. */
function behind(offset: number, runs: readonly OffsetRun[]): number {
  return runs.find(([from, to]) => from <= offset && offset < to)?.[1] ?? offset
}
