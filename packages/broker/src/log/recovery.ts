import { FlushMark, type FlushPoint } from './flush-mark.js'
import { LeaderEpochs } from './leader-epochs.js'
import type { LogConfig } from './log-config.js'
import { LogDirectory } from './log-directory.js'
import type { LogFiles } from './log-files.js'
import { ProducerState } from './producer-state.js'
import type { RecordBatch } from './record-batch.js'
import { Segment } from './segment.js'

/** What opening a log found and did. */
export interface RecoveryReport {
  /** The log had been closed cleanly and looks like it: no checksum was looked at. */
  clean: boolean
  /** Bytes of torn or corrupt batches (and of whole segments behind them) that were cut off. */
  truncatedBytes: number
  /** Records below the flushed point were damaged from outside and are gone: the log ends before that point. */
  flushedRecordsLost: boolean
}

/** The parts of an opened log. */
export interface RecoveredLog {
  directory: LogDirectory
  segments: Segment[]
  startOffset: number
  epochs: LeaderEpochs
  producers: ProducerState
  mark: FlushMark
  report: RecoveryReport
}

/** What is known before the segments are read. */
interface Premise {
  /** The end offset of the clean stop, or undefined after an unclean one. */
  cleanEnd: number | undefined
  flushed: FlushPoint | undefined
  startStored: number
}

interface LoadedSegments {
  segments: Segment[]
  epochs: LeaderEpochs
  producers: ProducerState
  /** The offset of the producer snapshot that was used. */
  snapshotAt: number | undefined
  truncatedBytes: number
}

/**
 * Opens a partition directory as Kafka's LogLoader does. After an unclean stop the segment that holds the first unflushed
 * offset and all later ones are checked batch by batch; from the first torn or corrupt batch on everything is cut off,
 * later segments included, and also below the flushed point when somebody damaged that. After any restart a producer is
 * remembered by its last batch only, and not at all when the log holds no records (measured on Kafka 4.3.1).
 */
export function recoverLog(files: LogFiles, dir: string, config: LogConfig, nowMs: number): RecoveredLog {
  files.makeDir(dir)
  const directory = new LogDirectory(files, dir)
  const flushed = FlushMark.stored(files, dir)
  const startStored = directory.readLogStart()
  const cleanEnd = directory.readCleanEnd()
  // From here on a crash is an unclean stop.
  if (cleanEnd !== undefined) directory.removeCleanEnd()
  const loaded = loadConsistently(directory, { cleanEnd, flushed, startStored })
  const { epochs, producers, clean, truncatedBytes } = loaded
  const { segments, active } = segmentsFromStart(directory, loaded, startStored)
  const startOffset = Math.max(startStored, segments[0]?.baseOffset ?? 0)
  const { endOffset } = active
  settleProducers(producers, startOffset < endOffset, config, nowMs)
  settleEpochs(directory, epochs, startOffset, endOffset)
  const bases = new Set(segments.map((segment) => segment.baseOffset))
  directory.removeSnapshots((offset) => offset > endOffset || (offset !== endOffset && !bases.has(offset)))
  files.syncDir(dir)
  const mark = FlushMark.open(files, dir, flushPointAfter(segments, active, clean, flushed))
  const report = { clean, truncatedBytes, flushedRecordsLost: endOffset < (flushed?.offset ?? 0) }
  return { directory, segments, startOffset, epochs, producers, mark, report }
}

/** A directory that is not what its clean marker or its snapshots say was changed from outside: check every batch then. */
function loadConsistently(directory: LogDirectory, premise: Premise): LoadedSegments & { clean: boolean } {
  const first = loadSegments(directory, premise)
  const endOffset = first.segments.at(-1)?.endOffset ?? premise.startStored
  const { cleanEnd } = premise
  if ((cleanEnd === undefined || cleanEnd === endOffset) && endOffset >= (first.snapshotAt ?? 0)) {
    return { ...first, clean: cleanEnd !== undefined }
  }
  for (const segment of first.segments) segment.close()
  const second = loadSegments(directory, { ...premise, cleanEnd: undefined, flushed: undefined })
  return { ...second, truncatedBytes: first.truncatedBytes + second.truncatedBytes, clean: false }
}

function loadSegments(directory: LogDirectory, premise: Premise): LoadedSegments {
  const { cleanEnd, flushed, startStored } = premise
  const bases = directory.segmentOffsets()
  const checkFrom =
    cleanEnd === undefined ? (bases.findLast((base) => base <= (flushed?.offset ?? 0)) ?? 0) : Number.POSITIVE_INFINITY
  directory.removeSnapshots((offset) => offset > checkFrom || offset <= startStored)
  const producers = new ProducerState()
  const snapshotAt = loadNewestSnapshot(directory, producers)
  // After a clean stop without any snapshot Kafka does not scan either: there was no producer in reach.
  const withoutSnapshot = cleanEnd === undefined ? Math.min(startStored, checkFrom) : Number.POSITIVE_INFINITY
  const replayFrom = snapshotAt ?? withoutSnapshot
  const loaded: LoadedSegments = {
    segments: [],
    epochs: new LeaderEpochs(directory.readEpochs()),
    producers,
    snapshotAt,
    truncatedBytes: 0,
  }
  for (const base of bases) {
    // Behind a cut nothing may stay: its offsets will be given out again (LogLoader.recoverLog).
    if (loaded.truncatedBytes > 0 || base < (loaded.segments.at(-1)?.endOffset ?? 0)) {
      loaded.truncatedBytes += directory.removeSegment(base)
      continue
    }
    const segment = Segment.open(directory.files, directory.path, base)
    loaded.segments.push(segment)
    loaded.truncatedBytes += segment.load(base >= checkFrom, (batch) => replay(loaded, batch, replayFrom))
  }
  return loaded
}

/** LogSegment.recover: what a batch teaches about leader epochs and its producer. */
function replay({ epochs, producers }: LoadedSegments, batch: RecordBatch, replayFrom: number): void {
  if (batch.leaderEpoch > (epochs.latest ?? -1)) epochs.assign(batch.leaderEpoch, batch.baseOffset)
  if (batch.lastOffset >= replayFrom && batch.hasProducerId && !batch.isControl) {
    producers.record(batch, batch.baseOffset, batch.maxTimestamp)
  }
}

/** Damaged snapshots are skipped and removed (ProducerStateManager.loadFromSnapshot). */
function loadNewestSnapshot(directory: LogDirectory, producers: ProducerState): number | undefined {
  for (const offset of directory.snapshotOffsets().toReversed()) {
    const entries = directory.readSnapshot(offset)
    if (entries !== undefined) {
      producers.load(entries)
      return offset
    }
    directory.removeSnapshots((damaged) => damaged === offset)
  }
  return undefined
}

/**
 * At least one segment. When the log ends before its start (records below it were deleted and then lost), all of it goes
 * and it begins anew at its start, so that no offset is given out twice (LogLoader.deleteSegmentsIfLogStartGreaterThanLogEnd).
 */
function segmentsFromStart(
  directory: LogDirectory,
  loaded: LoadedSegments,
  startStored: number,
): { segments: Segment[]; active: Segment } {
  const last = loaded.segments.at(-1)
  if (last !== undefined && last.endOffset >= startStored) return { segments: loaded.segments, active: last }
  for (const segment of loaded.segments) {
    segment.close()
    directory.removeSegment(segment.baseOffset)
  }
  loaded.epochs.truncateFromEnd(0)
  const active = Segment.open(directory.files, directory.path, startStored)
  return { segments: [active], active }
}

function settleProducers(producers: ProducerState, hasRecords: boolean, config: LogConfig, nowMs: number): void {
  if (!hasRecords) producers.clear()
  producers.keepLastOnly()
  producers.expire(nowMs, config.producerIdExpirationMs)
}

function settleEpochs(directory: LogDirectory, epochs: LeaderEpochs, startOffset: number, endOffset: number): void {
  epochs.truncateFromEnd(endOffset)
  epochs.truncateFromStart(startOffset)
  if (JSON.stringify(epochs.entries()) !== JSON.stringify(directory.readEpochs()))
    directory.writeEpochs(epochs.entries())
}

/** Recovery flushes nothing: what was only in the page cache before a crash still is (LogLoader.RecoveryOffsets). */
function flushPointAfter(
  segments: readonly Segment[],
  active: Segment,
  clean: boolean,
  flushed: FlushPoint | undefined,
): FlushPoint {
  const { baseOffset, size, endOffset } = active
  if (clean || (flushed !== undefined && endOffset <= flushed.offset)) {
    return { segment: baseOffset, bytes: size, offset: endOffset }
  }
  if (flushed !== undefined && segments.some((segment) => segment.baseOffset === flushed.segment)) return flushed
  const first = segments[0]?.baseOffset ?? baseOffset
  return { segment: first, bytes: 0, offset: first }
}
