import { type OffsetCommitRequestTopic, offsetCommitRequestCodec } from '../generated/offset-commit-request.js'
import {
  type OffsetCommitResponseTopic,
  offsetCommitResponse,
  offsetCommitResponseCodec,
  offsetCommitResponsePartition,
  offsetCommitResponseTopic,
} from '../generated/offset-commit-response.js'
import { type PartitionCommit, commitOffsets } from '../groups/offset-commit.js'
import { ErrorCode } from '../protocol/error-codes.js'
import type { Topic } from '../topics/partition.js'
import { type Api, type ApiContext, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** From this version on topics are named by id. */
const TOPIC_ID_VERSION = 10

/** Commits offsets with metadata; which epoch or generation may do so is the coordinator's to say. */
export const offsetCommit: Api = defineApi({
  name: 'OffsetCommit',
  request: offsetCommitRequestCodec,
  response: offsetCommitResponseCodec,
  coordinated: true,
  handle(request, context) {
    const answer = (errorCode: number): ReturnType<typeof offsetCommitResponse> =>
      offsetCommitResponse({ topics: request.topics.map((topic) => allOf(topic, errorCode)) })
    return coordinated(
      context,
      (groups) => {
        const topics = request.topics.map((topic) => look(topic, context))
        const commits = topics.flatMap((t) => t.commits)
        // Nothing that could be committed: Kafka does not even ask who wants it.
        if (commits.length > 0) {
          const codes = commitOffsets(groups, request, context.version, commits)
          const byCommit = new Map(commits.map((commit, i) => [commit, codes[i] ?? 0]))
          for (const { response, commits: own } of topics)
            for (const commit of own)
              response.partitions.push(
                offsetCommitResponsePartition({
                  partitionIndex: commit.partition,
                  errorCode: byCommit.get(commit) ?? 0,
                }),
              )
        }
        return offsetCommitResponse({ topics: topics.map((t) => t.response) })
      },
      answer,
    )
  },
})

/** A topic of the request: what is refused already, and what is left to commit. */
interface Looked {
  readonly response: OffsetCommitResponseTopic
  readonly commits: readonly PartitionCommit[]
}

function look(wanted: OffsetCommitRequestTopic, context: ApiContext): Looked {
  const byId = context.version >= TOPIC_ID_VERSION
  const topic: Topic | undefined = byId ? context.node.topicById(wanted.topicId) : context.node.topic(wanted.name)
  if (!topic) {
    const code = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return { response: allOf(wanted, code), commits: [] }
  }
  const injected = context.injectedError(topic.name)
  if (injected !== 0) return { response: allOf(wanted, injected), commits: [] }
  const response = allOf({ ...wanted, partitions: [] }, 0)
  const commits: PartitionCommit[] = []
  for (const part of wanted.partitions) {
    if (!topic.partitions[part.partitionIndex]) {
      const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      response.partitions.push(offsetCommitResponsePartition({ partitionIndex: part.partitionIndex, errorCode }))
      continue
    }
    commits.push({
      topic: topic.name,
      topicId: topic.id,
      partition: part.partitionIndex,
      offset: part.committedOffset,
      leaderEpoch: part.committedLeaderEpoch,
      metadata: part.committedMetadata,
    })
  }
  return { response, commits }
}

function allOf({ name, topicId, partitions }: OffsetCommitRequestTopic, errorCode: number): OffsetCommitResponseTopic {
  return offsetCommitResponseTopic({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => offsetCommitResponsePartition({ partitionIndex, errorCode })),
  })
}
