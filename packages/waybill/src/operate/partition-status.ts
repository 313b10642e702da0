import type { OffsetRun } from '../model/offset-runs.js'
import { parseMetadata } from '../model/progress.js'
import type { GroupPosition, LogEnds, Retention } from '../ports/group-admin.js'

/**
 * When retention may delete the oldest unhandled record.
 * - `none`: nothing is unhandled.
 * - `never`: nothing of this topic goes by age or size.
 * - `at`: not before this time (ms since 1970): Kafka deletes whole segments, by their newest record. `orSooner`: the topic
 *   has a limit in bytes, too, which may come first.
 * - `overtaken`: so many offsets that the group has not handled are deleted already.
 * - `unknown`: never to be taken for good news.
 */
export type Loss =
  | { readonly kind: 'none' | 'never' }
  | { readonly kind: 'at'; readonly atMs: number; readonly orSooner: boolean }
  | { readonly kind: 'overtaken'; readonly offsets: number }
  | { readonly kind: 'unknown'; readonly cause: string }

/** What the commit's metadata says. `none`: no metadata; `foreign`: another tool's; `unusable`: ours, but not of this log. */
export type ProgressFound = 'none' | 'foreign' | 'unusable' | 'read'

/** A partition of a group. `undefined` is unknown, never zero. */
export interface PartitionStatus {
  readonly topic: string
  readonly partition: number
  /** Next offset that the group would read; `undefined`: it has committed none. */
  readonly position: number | undefined
  readonly logStart: number | undefined
  /** High watermark. */
  readonly end: number | undefined
  /** Offsets from the position to the end, transaction markers and compacted ones included. */
  readonly lag: number | undefined
  readonly progress: ProgressFound
  /** Offsets above the position that are handled already: what only the commit's metadata tells. */
  readonly handledAhead: number
  /** `lag` without `handledAhead`. */
  readonly unhandled: number | undefined
  /** The oldest record that is not handled, when there is one and it could be read. */
  readonly oldest: { readonly offset: number; readonly timestampMs: number } | undefined
  readonly loss: Loss
  /** Member id; `undefined`: nobody reads it. */
  readonly owner: string | undefined
  /** Why something above is not known. */
  readonly troubles: readonly string[]
}

/** The progress above a committed position, as far as its text can be believed. */
export interface ProgressAbove {
  readonly found: ProgressFound
  readonly runs: readonly OffsetRun[]
  /** Leader epoch whose log must reach to the end of the last run, else it is `unusable`; -1 unknown. */
  readonly leaderEpoch: number
}

/** Reads the progress in a commit's metadata; `topicId` is that of the topic now. */
export function progressAbove({ metadata, offset, partition }: GroupPosition, topicId: string): ProgressAbove {
  // Behind a blank the redrive keeps its own words.
  const [text = ''] = metadata.split(' ')
  if (text === '') return { found: 'none', runs: [], leaderEpoch: -1 }
  const known = parseMetadata(text, offset, `${topicId} ${partition}`)
  if (known) return { found: 'read', runs: known.runs, leaderEpoch: known.leaderEpoch }
  return { found: text.startsWith('wb1.') ? 'unusable' : 'foreign', runs: [], leaderEpoch: -1 }
}

/** What was learnt of one partition. */
export interface PartitionFacts {
  readonly topic: string
  readonly partition: number
  readonly position: number | undefined
  readonly above: ProgressAbove
  readonly ends: LogEnds
  readonly retention: Retention
  /** The oldest unhandled record; `none` when there is no record; or why it could not be read. */
  readonly oldest: { readonly offset: number; readonly timestampMs: number } | 'none' | { readonly cause: string }
  readonly owner: string | undefined
}

/** Puts together what was learnt. Pure. */
export function partitionStatus(facts: PartitionFacts): PartitionStatus {
  const { topic, partition, position, above, ends, owner, oldest } = facts
  const troubles: string[] = []
  if ('cause' in ends) troubles.push(`end of the log: ${ends.cause}`)
  if (typeof oldest === 'object' && 'cause' in oldest) troubles.push(`oldest unhandled record: ${oldest.cause}`)
  if (above.found === 'unusable') troubles.push('the progress in the commit is not of this log: nothing above counts')
  const logStart = 'cause' in ends ? undefined : ends.logStart
  const end = 'cause' in ends ? undefined : ends.highWatermark
  const lag = position === undefined || end === undefined ? undefined : Math.max(0, end - position)
  const handledAhead = above.runs.reduce((sum, [from, to]) => sum + to - from, 0)
  const unhandled = lag === undefined ? undefined : Math.max(0, lag - handledAhead)
  if (position !== undefined && end !== undefined && position > end)
    troubles.push(`the position is ${position - end} above the end of the log: it was truncated or made anew`)
  return {
    ...{ topic, partition, position, logStart, end, lag, unhandled, owner, troubles, handledAhead },
    progress: above.found,
    oldest: typeof oldest === 'object' && 'offset' in oldest ? oldest : undefined,
    loss: lossOf(facts, unhandled, logStart),
  }
}

function lossOf(
  { position, above, retention, oldest }: PartitionFacts,
  unhandled: number | undefined,
  logStart: number | undefined,
): Loss {
  if (position === undefined) return { kind: 'unknown', cause: 'the group has no position here' }
  if (unhandled === undefined || logStart === undefined) return { kind: 'unknown', cause: 'the log is not known' }
  const gone = deletedUnhandled(position, logStart, above.runs)
  if (gone > 0) return { kind: 'overtaken', offsets: gone }
  if (unhandled === 0 || oldest === 'none') return { kind: 'none' }
  if ('cause' in retention) return { kind: 'unknown', cause: `retention: ${retention.cause}` }
  if (!retention.deletes || (retention.ms < 0 && retention.bytes < 0)) return { kind: 'never' }
  if (retention.ms < 0) return { kind: 'unknown', cause: 'the topic is limited by retention.bytes' }
  if ('cause' in oldest) return { kind: 'unknown', cause: oldest.cause }
  if (oldest.timestampMs < 0) return { kind: 'unknown', cause: 'the oldest record has no timestamp' }
  return { kind: 'at', atMs: oldest.timestampMs + retention.ms, orSooner: retention.bytes >= 0 }
}

/** Offsets below the log's start that were not handled. */
function deletedUnhandled(position: number, logStart: number, runs: readonly OffsetRun[]): number {
  const handled = runs.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, logStart) - from), 0)
  return Math.max(0, logStart - position - handled)
}
