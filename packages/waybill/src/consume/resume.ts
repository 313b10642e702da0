import { causeText } from '../model/errors.js'
import { readCommitMetadata } from '../model/commit-metadata.js'
import type { FindingKind } from '../model/finding.js'
import { parseMetadata, Progress } from '../model/progress.js'
import type { KnownProgress } from '../model/progress.js'
import type { CommittedOffset, GroupMember, GroupPartition } from '../ports/group.js'
import type { ConsumeContext } from './consume-context.js'
import { pauseMs } from './consume-context.js'
import type { AssignedPartition } from './partition.js'

/** Where a partition goes on. */
export interface Start {
  readonly progress: Progress
  readonly leaderEpoch: number
  readonly committed: CommittedOffset | undefined
  /** The detector's state, where the commit had one. */
  readonly state?: string | undefined
  /** Set when the log no longer holds what the group has read: reported before anything is fetched. */
  readonly loss: { readonly finding: string; readonly detail: string; readonly resumeAt: number } | undefined
}

const memberLookMs = 5

/**
 * Finds where to go on: at the committed position with the progress in its metadata, at the log's start when the group has
 * none, or at `atOffset`. Tries until it knows; `undefined` when the partition is taken away first. Metadata of another
 * tool means no progress known: everything from the position is handled (again), nothing is taken for done.
 */
export async function findStart<Tx>(
  context: ConsumeContext<Tx>,
  partition: AssignedPartition,
  memberOf: () => GroupMember | undefined,
  atOffset: number | undefined,
): Promise<Start | undefined> {
  const signal = partition.gone.signal
  if (atOffset !== undefined)
    return { progress: new Progress(atOffset), leaderEpoch: -1, committed: undefined, loss: undefined }
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const member = memberOf()
      if (member) return await startFrom(context, partition, await committedOf(member, partition))
      // `assigned` may come before `join` has handed out the member.
      await context.clock.sleep(memberLookMs, signal)
    } catch (error) {
      context.log.warn('the committed position is not known yet, trying again', { cause: causeText(error) })
      await context.clock.sleep(pauseMs(tries, context), signal)
    }
  }
  return undefined
}

async function committedOf(member: GroupMember, partition: AssignedPartition): Promise<CommittedOffset | undefined> {
  const [committed] = await member.committed([partition.place])
  return committed
}

async function startFrom<Tx>(
  context: ConsumeContext<Tx>,
  partition: AssignedPartition,
  committed: CommittedOffset | undefined,
): Promise<Start> {
  const { kafka, log } = context
  const { topic, partition: number } = partition.place
  if (!committed) {
    const { logStart } = await kafka.offsets(topic, number)
    return { progress: new Progress(logStart), leaderEpoch: -1, committed, loss: undefined }
  }
  const words = readCommitMetadata(committed.metadata, partition.name)
  if (words.isElsewhere) {
    // Kafka before 4.1 keeps positions by name: a late commit of the deleted topic lands on its namesake.
    tellRecreated(context, partition.place)
    return startFrom(context, partition, undefined)
  }
  const known = parseMetadata(words.progress, committed.offset, partition.name)
  if (!known && committed.metadata !== '')
    log.warn('the commit metadata is not ours: no progress above the position is known', { topic, partition: number })
  const stands = known !== undefined && (await isStillThere(context, partition, known))
  const progress = new Progress(committed.offset, stands ? known : undefined)
  const loss = await truncation(context, partition, committed)
  return { progress, leaderEpoch: committed.leaderEpoch, committed, loss, state: words.state }
}

/** The topic is another one of the same name now: read from its beginning. What the group had not read of the old one is gone. */
export function tellRecreated<Tx>({ events, log, group }: ConsumeContext<Tx>, place: GroupPartition): void {
  const { topic, partition, topicId } = place
  const finding: FindingKind = 'topic-recreated'
  const detail = `${topic}/${partition} was created anew (id ${topicId}): positions of the old topic do not count, it is read from its beginning`
  events.emit({ kind: 'finding', finding, stream: { topic, partition }, detail })
  log.error('a topic was created anew', { group, detail })
}

/**
 * The metadata names offsets above the committed one. An unclean election may have cut the log there and other records may
 * have taken those offsets: they would be skipped as handled. So the progress counts only while the log of its leader
 * epoch reaches as far (KIP-101); else everything from the position is handled again.
 */
async function isStillThere<Tx>(
  { kafka, log }: ConsumeContext<Tx>,
  partition: AssignedPartition,
  known: KnownProgress,
): Promise<boolean> {
  const end = known.runs.at(-1)?.[1]
  if (end === undefined) return true
  const { topic, partition: number } = partition.place
  const { endOffset } =
    known.leaderEpoch < 0 ? { endOffset: -1 } : await kafka.endOffsetForEpoch(topic, number, known.leaderEpoch)
  if (endOffset >= end) return true
  log.warn('the log does not reach as far as the progress: it is not used', {
    topic,
    partition: number,
    end,
    endOffset,
  })
  return false
}

/** A position whose leader epoch ended below it was read from records that are gone (KIP-320). */
async function truncation<Tx>(
  { kafka }: ConsumeContext<Tx>,
  partition: AssignedPartition,
  committed: CommittedOffset,
): Promise<Start['loss']> {
  if (committed.leaderEpoch < 0) return undefined
  const { topic, partition: number } = partition.place
  const { endOffset } = await kafka.endOffsetForEpoch(topic, number, committed.leaderEpoch)
  if (endOffset < 0 || endOffset >= committed.offset) return undefined
  const detail = `${topic}/${number}: the group had read to ${committed.offset}, the log of that time ends at ${endOffset}`
  return { finding: 'truncated', detail, resumeAt: endOffset }
}
