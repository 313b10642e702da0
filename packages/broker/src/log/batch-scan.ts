import { type LogFiles, readFully } from './log-files.js'
import { HEADER_BYTES, RecordBatch } from './record-batch.js'

/** One batch found in a segment file. `batch` is a view of bytes that the next step overwrites. */
export interface FoundBatch {
  position: number
  batch: RecordBatch
}

/** Where to scan and how deep. */
export interface ScanRange {
  from: number
  to: number
  /** `header`: only the 61 header bytes are sure to be there; `whole`: all bytes of the batch. */
  depth: 'header' | 'whole'
  /** Bytes read from the file at once. */
  windowBytes: number
}

/**
 * Walks the batches of a segment file in order. Ends silently at the first place that cannot be a batch (cut short, no
 * v2 header, offsets going back): the caller compares where it ended with where the file ends. Checks no CRC.
 */
export function* scanBatches(files: LogFiles, fd: number, range: ScanRange): Generator<FoundBatch> {
  let window = Buffer.allocUnsafe(Math.min(range.windowBytes, Math.max(range.to - range.from, HEADER_BYTES)))
  let windowAt = 0
  let windowLength = 0
  let nextOffset = 0
  const have = (position: number, length: number): boolean => {
    if (position >= windowAt && position + length <= windowAt + windowLength) return true
    if (length > window.length) window = Buffer.allocUnsafe(length)
    windowAt = position
    windowLength = readFully(files, fd, window.subarray(0, Math.min(window.length, range.to - position)), position)
    return length <= windowLength
  }
  for (let position = range.from; position + HEADER_BYTES <= range.to; ) {
    if (!have(position, HEADER_BYTES)) return
    const header = new RecordBatch(window.subarray(position - windowAt, position - windowAt + HEADER_BYTES))
    const { sizeBytes } = header
    if (header.magic !== 2 || sizeBytes < HEADER_BYTES || position + sizeBytes > range.to) return
    if (header.lastOffsetDelta < 0 || header.baseOffset < nextOffset) return
    if (range.depth === 'whole' && !have(position, sizeBytes)) return
    const length = range.depth === 'whole' ? sizeBytes : HEADER_BYTES
    const batch = new RecordBatch(window.subarray(position - windowAt, position - windowAt + length))
    nextOffset = batch.lastOffset + 1
    yield { position, batch }
    position += sizeBytes
  }
}
