import type { RecordBatch } from './record-batch.js'
import { unpackRecords, walkRecords } from './records.js'
import type { Segment } from './segment.js'

/** A record's place: offset, timestamp in ms, and the leader epoch it was written in. */
export interface StampedOffset {
  offset: number
  timestamp: number
  leaderEpoch: number
}

/**
 * The first record at or after `minOffset` whose timestamp is at least `ms` (LogSegment.findOffsetByTimestamp). In a batch
 * whose codec this broker cannot open (snappy, lz4, zstd) the batch's first record is named: never later than the right one.
 */
export function searchTimestamp(
  segments: readonly Segment[],
  ms: number,
  minOffset: number,
): StampedOffset | undefined {
  for (const segment of segments) {
    for (const batch of segment.batchesFromTimestamp(ms)) {
      const found = firstRecord(batch, (timestamp, offset) => timestamp >= ms && offset >= minOffset)
      if (found !== undefined && found.offset >= minOffset) return found
      // Not openable and begun before the log start: its first readable record.
      if (found !== undefined && batch.lastOffset >= minOffset) return { ...found, offset: minOffset }
    }
  }
  return undefined
}

/** The first record that carries the largest timestamp of all (UnifiedLog.fetchOffsetByTimestamp, MAX_TIMESTAMP). */
export function searchMaxTimestamp(segments: readonly Segment[]): StampedOffset | undefined {
  let newest: Segment | undefined
  for (const segment of segments) {
    if (segment.maxTimestamp > (newest?.maxTimestamp ?? -1)) newest = segment
  }
  const batch = newest?.batchOfMaxTimestamp()
  if (batch === undefined) return undefined
  const { maxTimestamp } = batch
  return firstRecord(batch, (timestamp) => timestamp === maxTimestamp)
}

function firstRecord(
  batch: RecordBatch,
  fits: (timestamp: number, offset: number) => boolean,
): StampedOffset | undefined {
  const { baseOffset, leaderEpoch } = batch
  const unpacked = unpackRecords(batch)
  if (unpacked === undefined) return { offset: baseOffset, timestamp: batch.maxTimestamp, leaderEpoch }
  let found: StampedOffset | undefined
  walkRecords(batch, unpacked, ({ timestamp, offsetDelta }) => {
    const offset = baseOffset + offsetDelta
    if (found === undefined && fits(timestamp, offset)) found = { offset, timestamp, leaderEpoch }
  })
  return found
}
