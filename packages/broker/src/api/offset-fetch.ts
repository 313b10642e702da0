import {
  type OffsetFetchRequest,
  type OffsetFetchRequestGroup,
  offsetFetchRequestCodec,
  offsetFetchRequestGroup,
  offsetFetchRequestTopics,
} from '../generated/offset-fetch-request.js'
import {
  type OffsetFetchResponse,
  type OffsetFetchResponseGroup,
  type OffsetFetchResponsePartitions,
  type OffsetFetchResponseTopics,
  offsetFetchResponse,
  offsetFetchResponseCodec,
  offsetFetchResponseGroup,
  offsetFetchResponsePartition,
  offsetFetchResponsePartitions,
  offsetFetchResponseTopic,
  offsetFetchResponseTopics,
} from '../generated/offset-fetch-response.js'
import type { GroupCoordinator } from '../groups/coordinator.js'
import type { CommittedOffset } from '../groups/group-state.js'
import { committedOffset, mayFetch } from '../groups/offset-fetch.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import { type Api, type ApiContext, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** From these versions on: an error of the whole group; several groups in one request; topics by id. */
const GROUP_ERROR_VERSION = 2
const GROUPS_VERSION = 8
const TOPIC_ID_VERSION = 10

/** Committed offsets. Nothing here is ever unstable: the broker has no transactions, so `requireStable` changes nothing. */
export const offsetFetch: Api = defineApi({
  name: 'OffsetFetch',
  request: offsetFetchRequestCodec,
  response: offsetFetchResponseCodec,
  coordinated: true,
  handle(request, context) {
    const wanted = groupsOf(request, context.version)
    return coordinated(
      context,
      (groups) =>
        inVersion(
          wanted.map((group) => answer(groups, group, context)),
          context.version,
        ),
      (code) =>
        inVersion(
          wanted.map((group) => groupError(group, code, context.version)),
          context.version,
        ),
    )
  },
})

/** The request as if it had always been for many groups. */
function groupsOf(request: OffsetFetchRequest, version: number): OffsetFetchRequestGroup[] {
  if (version >= GROUPS_VERSION) return request.groups
  const topics = request.topics?.map((t) => offsetFetchRequestTopics(t)) ?? null
  return [offsetFetchRequestGroup({ groupId: request.groupId, topics })]
}

/** The response as old versions know it. */
function inVersion(groups: OffsetFetchResponseGroup[], version: number): OffsetFetchResponse {
  const [first] = groups
  if (version >= GROUPS_VERSION || !first) return offsetFetchResponse({ groups })
  const topics = first.topics.map(({ name, partitions }) =>
    offsetFetchResponseTopic({ name, partitions: partitions.map((p) => offsetFetchResponsePartition(p)) }),
  )
  return offsetFetchResponse({ errorCode: first.errorCode, topics })
}

function answer(
  groups: GroupCoordinator,
  wanted: OffsetFetchRequestGroup,
  context: ApiContext,
): OffsetFetchResponseGroup {
  const { groupId, memberId, memberEpoch } = wanted
  try {
    const exists = mayFetch(groups, groupId, memberId, memberEpoch)
    const topics = wanted.topics === null ? all(groups, groupId, context) : some(groups, wanted, exists, context)
    return offsetFetchResponseGroup({ groupId, topics })
  } catch (error) {
    if (error instanceof ApiError) return groupError(wanted, error.code, context.version)
    throw error
  }
}

/** Version 1 has no place for an error of the group: every partition gets it. */
function groupError(wanted: OffsetFetchRequestGroup, errorCode: number, version: number): OffsetFetchResponseGroup {
  const { groupId } = wanted
  if (version >= GROUP_ERROR_VERSION) return offsetFetchResponseGroup({ groupId, errorCode })
  const topics = (wanted.topics ?? []).map((topic) => failed(topic, errorCode))
  return offsetFetchResponseGroup({ groupId, topics })
}

function all(groups: GroupCoordinator, groupId: string, context: ApiContext): OffsetFetchResponseTopics[] {
  const topics: OffsetFetchResponseTopics[] = []
  for (const [name, partitions] of groups.state.offsetsOf(groupId)) {
    const byId = context.version >= TOPIC_ID_VERSION
    const topicId = context.node.topic(name)?.id ?? ZERO_UUID
    // Without an id the topic cannot be told in this version.
    if (byId && topicId === ZERO_UUID) continue
    const found = [...partitions].map(([partition, committed]) => told(partition, committed))
    topics.push(offsetFetchResponseTopics({ name, topicId, partitions: found }))
  }
  return topics
}

function some(
  groups: GroupCoordinator,
  wanted: OffsetFetchRequestGroup,
  exists: boolean,
  context: ApiContext,
): OffsetFetchResponseTopics[] {
  const known: OffsetFetchResponseTopics[] = []
  const unknown: OffsetFetchResponseTopics[] = []
  for (const topic of wanted.topics ?? []) {
    const byId = context.version >= TOPIC_ID_VERSION
    const name = byId ? context.node.topicById(topic.topicId)?.name : topic.name
    const injected = context.injectedError(name)
    if (name === undefined || injected !== 0) {
      // Kafka tells unknown topics after the others.
      unknown.push(failed(topic, injected || ErrorCode.UNKNOWN_TOPIC_ID))
      continue
    }
    const partitions = topic.partitionIndexes.map((p) =>
      told(p, exists ? committedOffset(groups, wanted.groupId, name, topic.topicId, p) : undefined),
    )
    known.push(offsetFetchResponseTopics({ name, topicId: topic.topicId, partitions }))
  }
  return [...known, ...unknown]
}

function told(partitionIndex: number, committed: CommittedOffset | undefined): OffsetFetchResponsePartitions {
  return offsetFetchResponsePartitions({
    partitionIndex,
    committedOffset: committed?.offset ?? -1n,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
  })
}

function failed(
  topic: { name: string; topicId: string; partitionIndexes: readonly number[] },
  errorCode: number,
): OffsetFetchResponseTopics {
  const partitions = topic.partitionIndexes.map((partitionIndex) =>
    offsetFetchResponsePartitions({ partitionIndex, errorCode, committedOffset: -1n }),
  )
  return offsetFetchResponseTopics({ name: topic.name, topicId: topic.topicId, partitions })
}
