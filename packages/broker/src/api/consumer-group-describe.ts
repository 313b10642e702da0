import { consumerGroupDescribeRequestCodec } from '../generated/consumer-group-describe-request.js'
import {
  type DescribedGroup,
  type Member as DescribedMember,
  assignment,
  consumerGroupDescribeResponse,
  consumerGroupDescribeResponseCodec,
  describedGroup,
  member as describedMember,
  topicPartitions,
} from '../generated/consumer-group-describe-response.js'
import type { ConsumerGroup, Member } from '../groups/consumer-group.js'
import type { GroupCoordinator, TopicsView } from '../groups/coordinator.js'
import { listOf } from '../groups/partition-sets.js'
import { preferredAssignor } from '../groups/target-assignment.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { GROUP_OPERATIONS, NOT_ASKED, coordinated } from './group-request.js'

const CONSUMER_PROTOCOL = 1

/** KIP-848 groups with their epochs, members and assignments. */
export const consumerGroupDescribe: Api = defineApi({
  name: 'ConsumerGroupDescribe',
  request: consumerGroupDescribeRequestCodec,
  response: consumerGroupDescribeResponseCodec,
  coordinated: true,
  handle(request, context) {
    const { groupIds } = request
    const authorizedOperations = request.includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED
    return coordinated(
      context,
      (groups) => {
        const described = groupIds.map((id) => describe(groups, id))
        return consumerGroupDescribeResponse({
          groups: described.map((g) => (g.errorCode === 0 ? { ...g, authorizedOperations } : g)),
        })
      },
      (errorCode) =>
        consumerGroupDescribeResponse({ groups: groupIds.map((groupId) => describedGroup({ groupId, errorCode })) }),
    )
  },
})

function describe(groups: GroupCoordinator, groupId: string): DescribedGroup {
  if (groupId.trim() === '') return describedGroup({ errorCode: ErrorCode.INVALID_GROUP_ID })
  const group = groups.group(groupId)
  if (group?.kind === 'consumer') return whole(group, groups.topics)
  const errorMessage = group ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
  return describedGroup({ groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage })
}

function whole(group: ConsumerGroup, topics: TopicsView): DescribedGroup {
  const members = [...group.members.values()]
  return describedGroup({
    groupId: group.id,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: preferredAssignor(members),
    members: members.map((m) => memberOf(m, group, topics)),
  })
}

function memberOf(member: Member, group: ConsumerGroup, topics: TopicsView): DescribedMember {
  const { memberId, memberEpoch, instanceId, rackId, clientId, clientHost, subscribedTopicRegex } = member
  // Still its own until it has said that it gave them up.
  const held = new Map([...member.assigned].map(([id, partitions]) => [id, new Map(partitions)]))
  for (const [id, partitions] of member.pendingRevocation)
    held.set(id, new Map([...(held.get(id) ?? []), ...partitions]))
  const named = (partitions: Parameters<typeof listOf>[0]): DescribedMember['assignment'] =>
    assignment({
      topicPartitions: listOf(partitions).flatMap(({ topicId, partitions: indexes }) => {
        const topic = topics.topicById(topicId)
        return topic ? [topicPartitions({ topicId, topicName: topic.name, partitions: indexes })] : []
      }),
    })
  return describedMember({
    memberId,
    memberEpoch,
    instanceId,
    rackId,
    clientId,
    clientHost,
    subscribedTopicNames: [...member.subscribedTopicNames],
    subscribedTopicRegex,
    assignment: named(held),
    targetAssignment: named(group.targets.get(memberId) ?? new Map()),
    memberType: CONSUMER_PROTOCOL,
  })
}
