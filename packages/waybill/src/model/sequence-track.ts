import { advanceSequence, sequenceDistance, sequenceMax } from './sequence-number.js'
import type { Incarnation } from './flight.js'

/** Sequences that were jumped over: `count` from `from`, wrapping. */
export interface MissingSequences {
  readonly from: number
  readonly count: number
}

/** One incarnation of one producer in one partition, as seen so far. */
export interface Track {
  readonly incarnation: Incarnation
  /** Sequence of the next record. */
  readonly next: number
  /** Offset of the record before it; the offset before the baseline when none was seen. */
  readonly lastOffset: number
  /** The partition's count of unread offsets when that record was seen. */
  readonly unread: number
  /** What was jumped over and has not come since, oldest first. */
  readonly missing: readonly MissingSequences[]
}

/** Jumps remembered per incarnation; the two oldest are joined beyond that, so that a late record is never taken for good. */
const missingMax = 32

/** Where a run of sequences stands to the next one that is due. */
export type Step =
  | { readonly kind: 'due' }
  | { readonly kind: 'ahead'; readonly jumped: MissingSequences }
  | { readonly kind: 'behind'; readonly wasMissing: boolean }

/** Sequences are compared as in a circle of 2^31: less than half a turn ahead is ahead, all else is behind. */
export function stepOf(track: Track, sequence: number): Step {
  const distance = sequenceDistance(track.next, sequence)
  if (distance === 0) return { kind: 'due' }
  if (distance <= sequenceMax / 2) return { kind: 'ahead', jumped: { from: track.next, count: distance } }
  return { kind: 'behind', wasMissing: track.missing.some((run) => sequenceDistance(run.from, sequence) < run.count) }
}

/** The track after `count` records from `sequence`, which is due or ahead. */
export function advanced(
  track: Track,
  seen: { readonly sequence: number; readonly count: number; readonly lastOffset: number; readonly unread: number },
): Track {
  const distance = sequenceDistance(track.next, seen.sequence)
  const missing = distance === 0 ? track.missing : bounded([...track.missing, { from: track.next, count: distance }])
  return {
    incarnation: track.incarnation,
    next: advanceSequence(seen.sequence, seen.count),
    lastOffset: seen.lastOffset,
    unread: seen.unread,
    missing,
  }
}

/** The track without these sequences among the missing ones. */
export function found(track: Track, sequence: number, count: number): Track {
  const missing = track.missing.flatMap((run) => without(run, sequence, count))
  return { ...track, missing: bounded(missing) }
}

/** What is left of `run` when `count` sequences from `sequence` are taken out. */
function without(run: MissingSequences, sequence: number, count: number): readonly MissingSequences[] {
  const start = sequenceDistance(run.from, sequence)
  // A batch may begin before the run and reach into it.
  const isBefore = start > sequenceMax / 2
  const from = isBefore ? 0 : start
  const to = isBefore ? count - sequenceDistance(sequence, run.from) : start + count
  if (from >= run.count || to <= 0) return [run]
  const left = { from: run.from, count: from }
  const right = { from: advanceSequence(run.from, Math.min(to, run.count)), count: run.count - Math.min(to, run.count) }
  return [left, right].filter((part) => part.count > 0)
}

function bounded(missing: readonly MissingSequences[]): readonly MissingSequences[] {
  const [first, second, ...rest] = missing
  if (missing.length <= missingMax || !first || !second) return missing
  return [{ from: first.from, count: sequenceDistance(first.from, second.from) + second.count }, ...rest]
}
