import type { GroupLine, GroupStatus } from '../operate/group-status.js'
import { totalsOf } from '../operate/group-totals.js'
import type { Loss, PartitionStatus } from '../operate/partition-status.js'
import { isoTime } from './output.js'

/** Grows when a field changes its meaning or goes; new fields may come at any time. */
export const jsonSchema = 1

/** All groups for programs; null is unknown. */
export function linesJson(lines: readonly GroupLine[], blind: readonly string[]): unknown {
  const groups = lines.map(({ group, protocol, state, members, partitions, lag, trouble }) => ({
    ...{ group, protocol, state, members: members ?? null, partitions: partitions ?? null, lag: lag ?? null },
    trouble: trouble ?? null,
  }))
  return { schema: jsonSchema, groups, blind }
}

/** One group for programs. */
export function statusJson(status: GroupStatus, nowMs: number): unknown {
  const { view, partitions, deadLetters, troubles } = status
  const { lag, handledAhead, unhandled, unknown, unread } = totalsOf(partitions)
  return {
    schema: jsonSchema,
    ...view,
    totals: { lag, handledAhead, unhandled, partitions: partitions.length, unknown, unread },
    partitions: partitions.map((each) => partitionJson(each, status, nowMs)),
    deadLetters: deadLetters.map(({ count, ...seen }) => ({ ...seen, count: count ?? null })),
    troubles,
  }
}

/** Partitions of a group for programs. */
export function lagJson(status: GroupStatus, nowMs: number): unknown {
  const partitions = status.partitions.map((each) => partitionJson(each, status, nowMs))
  return { schema: jsonSchema, group: status.view.group, partitions, troubles: status.troubles }
}

function partitionJson(each: PartitionStatus, { view }: GroupStatus, nowMs: number): unknown {
  const { topic, partition, progress, handledAhead, oldest, owner, troubles } = each
  const reader = view.members.find(({ memberId }) => memberId === owner)
  return {
    ...{ topic, partition, position: each.position ?? null, logStart: each.logStart ?? null, end: each.end ?? null },
    ...{ lag: each.lag ?? null, handledAhead, unhandled: each.unhandled ?? null, progress },
    oldest: oldest
      ? { offset: oldest.offset, at: timeOf(oldest.timestampMs), ageMs: Math.max(0, nowMs - oldest.timestampMs) }
      : null,
    loss: lossJson(each.loss, nowMs),
    owner: reader ? { memberId: reader.memberId, clientId: reader.clientId, host: reader.host } : null,
    troubles,
  }
}

function lossJson(loss: Loss, nowMs: number): unknown {
  if (loss.kind !== 'at') return loss
  return { kind: loss.kind, at: timeOf(loss.atMs), inMs: Math.max(0, loss.atMs - nowMs), orSooner: loss.orSooner }
}

/** Timestamps of records are their producers' own: some are beyond what a date can be. */
function timeOf(ms: number): string | null {
  return Math.abs(ms) <= 8.64e15 ? isoTime(ms) : null
}
