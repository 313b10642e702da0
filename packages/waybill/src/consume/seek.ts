import { WaybillError } from '../model/errors.js'
import type { CommitOutcome, GroupPartition } from '../ports/group.js'
import type { ConsumePorts } from './consume-context.js'

/** Where to go on: an offset; the oldest record there is; behind the newest; or the first record of this time or later. */
export type SeekPosition = number | 'beginning' | 'end' | { readonly timestampMs: number }

/**
 * The offset of a position, within what the partition holds now: elsewhere the next fetch would report a loss.
 * WB_OPTION_INVALID names what it holds.
 */
export async function offsetOf(
  { kafka }: Pick<ConsumePorts, 'kafka'>,
  { topic, partition }: GroupPartition,
  position: SeekPosition,
): Promise<number> {
  const { logStart, highWatermark } = await kafka.offsets(topic, partition)
  if (position === 'beginning') return logStart
  if (position === 'end') return highWatermark
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', `${what}; ${topic}/${partition} holds ${logStart} to ${highWatermark}`)
  }
  if (typeof position === 'number') {
    if (!Number.isSafeInteger(position) || position < logStart || position > highWatermark)
      invalid(`cannot seek to offset ${position}`)
    return position
  }
  const given: unknown = position
  const isTime = typeof given === 'object' && given !== null && 'timestampMs' in given
  const timestampMs = isTime ? given.timestampMs : undefined
  if (typeof timestampMs !== 'number' || !Number.isSafeInteger(timestampMs) || timestampMs < 0)
    return invalid("a position is an offset, 'beginning', 'end' or { timestampMs }")
  return Math.max(logStart, await kafka.offsetAt(topic, partition, timestampMs))
}

/** Why the position was not set; `unknown` may have been. */
export function notSet(
  outcome: Exclude<CommitOutcome, { kind: 'committed' }>,
  { topic, partition }: GroupPartition,
): WaybillError {
  const facts = { topic, partition }
  const text = `the position of ${topic}/${partition} was not set`
  switch (outcome.kind) {
    case 'unknown':
      return new WaybillError('WB_KAFKA_UNREACHABLE', `${text}, or nobody knows: ${outcome.cause}; seek again`, {
        facts,
      })
    case 'refused':
      return new WaybillError('WB_KAFKA_REFUSED', `${text}: ${outcome.code}`, {
        facts: { ...facts, kafka: outcome.code },
      })
    case 'fenced':
    case 'not-owned':
      return taken({ topic, partition })
  }
}

/** The partition is no longer ours, or not yet. */
export function taken({ topic, partition }: Pick<GroupPartition, 'topic' | 'partition'>): WaybillError {
  const text = `${topic}/${partition} is not assigned to this consumer now; its position was not set: seek at the member that owns it`
  return new WaybillError('WB_NOT_ASSIGNED', text, { facts: { topic, partition } })
}
