import type { OffsetCommitRequest } from '../generated/offset-commit-request.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { memberError } from './classic-join.js'
import { watchClassicMember } from './classic-rebalance.js'
import { ClassicGroup } from './classic-group.js'
import type { ConsumerGroup, Member } from './consumer-group.js'
import type { GroupCoordinator } from './coordinator.js'
import type { CoordinatorRecord } from './coordinator-record.js'
import { offsetRecord } from './group-state.js'

/** A partition's commit, its topic already found. */
export interface PartitionCommit {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** Who commits under which generation. */
export type Committer = Pick<
  OffsetCommitRequest,
  'groupId' | 'memberId' | 'generationIdOrMemberEpoch' | 'groupInstanceId' | 'retentionTimeMs'
>

/** Throws STALE_MEMBER_EPOCH for a partition that the epoch has no right to. */
type PartitionCheck = (commit: PartitionCommit) => void

const ANYTHING: PartitionCheck = () => {}

/**
 * Commits all of them in one step, or throws an ApiError and commits none (Kafka: OffsetMetadataManager.commitOffset). The
 * answer has one error code per commit: metadata that is too long refuses its own partition only.
 */
export function commitOffsets(
  c: GroupCoordinator,
  who: Committer,
  version: number,
  commits: readonly PartitionCommit[],
): number[] {
  const check = validate(c, who, version)
  const records: CoordinatorRecord[] = []
  const nowMs = c.now()
  const metadataMax = c.config('offset.metadata.max.bytes')
  const codes = commits.map((commit) => {
    const metadata = commit.metadata ?? ''
    // Kafka counts UTF-16 units, not bytes, although the config's name says bytes (OffsetMetadataManager.isMetadataInvalid).
    if (metadata.length > metadataMax) return ErrorCode.OFFSET_METADATA_TOO_LARGE
    check(commit)
    records.push(
      offsetRecord(who.groupId, commit.topic, commit.partition, {
        offset: commit.offset,
        leaderEpoch: commit.leaderEpoch,
        metadata,
        commitTimestampMs: nowMs,
        expireTimestampMs: who.retentionTimeMs === -1n ? -1 : nowMs + Number(who.retentionTimeMs),
        topicId: commit.topicId,
      }),
    )
    return 0
  })
  c.write(records)
  return codes
}

function validate(c: GroupCoordinator, who: Committer, version: number): PartitionCheck {
  const group = c.group(who.groupId)
  if (group?.kind === 'consumer') return validateConsumer(group, who, version)
  if (group) {
    validateClassic(c, group, who)
    return ANYTHING
  }
  // Nobody's group: an administrator's commit, or a consumer's that assigns its partitions itself, makes a simple group.
  if (who.generationIdOrMemberEpoch < 0) {
    c.keep(new ClassicGroup(who.groupId))
    return ANYTHING
  }
  if (version >= 9) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${who.groupId} not found.`)
  throw new ApiError(ErrorCode.ILLEGAL_GENERATION, 'the group does not exist')
}

/** ConsumerGroup.validateOffsetCommit */
function validateConsumer(group: ConsumerGroup, who: Committer, version: number): PartitionCheck {
  const { memberId, generationIdOrMemberEpoch: epoch } = who
  if (epoch < 0 && group.isEmpty) return ANYTHING
  const member = group.members.get(memberId)
  if (!member) {
    throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${group.id}.`)
  }
  if (version < 9) {
    const message = 'OffsetCommit version 9 or above must be used by members using the consumer group protocol'
    throw new ApiError(ErrorCode.UNSUPPORTED_VERSION, message)
  }
  if (epoch === member.memberEpoch) return ANYTHING
  if (epoch > member.memberEpoch) {
    const message = `Received member epoch ${epoch} is newer than current member epoch ${member.memberEpoch}.`
    throw new ApiError(ErrorCode.STALE_MEMBER_EPOCH, message)
  }
  return (commit) => checkAssignmentEpoch(member, epoch, commit)
}

/** ConsumerGroup.createAssignmentEpochValidator (Kafka 4.3): an older epoch may commit what the member has held since that epoch or before. */
function checkAssignmentEpoch(member: Member, epoch: number, { topic, topicId, partition }: PartitionCommit): void {
  const since = member.assigned.get(topicId)?.get(partition) ?? member.pendingRevocation.get(topicId)?.get(partition)
  const message =
    since === undefined
      ? `Partition ${topic}-${partition} is not assigned or pending revocation for member.`
      : `Received member epoch ${epoch} is older than assignment epoch ${since} for partition ${topic}-${partition}.`
  if (since === undefined || epoch < since) throw new ApiError(ErrorCode.STALE_MEMBER_EPOCH, message)
}

/** ClassicGroup.validateOffsetCommit */
function validateClassic(c: GroupCoordinator, group: ClassicGroup, who: Committer): void {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = who
  if (generation < 0 && group.isEmpty) return
  if (generation >= 0 || memberId !== '' || groupInstanceId !== null) {
    const code = memberError(group, memberId, groupInstanceId)
    if (code !== 0) throw new ApiError(code, 'the member is not of this group')
    if (generation !== group.generationId) {
      throw new ApiError(ErrorCode.ILLEGAL_GENERATION, `the group is in generation ${group.generationId}`)
    }
  } else if (!group.isEmpty) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, 'the group has members')
  if (group.state === 'CompletingRebalance') {
    throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS, 'the group waits for its assignment')
  }
  // A commit shows that the member lives.
  const member = group.members.get(memberId)
  if (member && !group.isEmpty) watchClassicMember(c, group, member)
}
