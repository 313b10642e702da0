import { type MetadataRequestTopic, metadataRequestCodec } from '../generated/metadata-request.js'
import {
  type MetadataResponseTopic,
  metadataResponse,
  metadataResponseBroker,
  metadataResponseCodec,
  metadataResponsePartition,
  metadataResponseTopic,
} from '../generated/metadata-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import { OFFSETS_TOPIC } from '../topics/node.js'
import type { Topic } from '../topics/partition.js'
import { type Api, type ApiContext, defineApi } from './definition.js'
import { isTopicName } from './topic-name.js'

/** All operations on a topic, as a broker without an authorizer reports them. */
const TOPIC_OPERATIONS = 3576
const CLUSTER_OPERATIONS = 8096
const NOT_ASKED = -2147483648

/** Brokers, topics, partitions and leaders. */
export const metadata: Api = defineApi({
  name: 'Metadata',
  request: metadataRequestCodec,
  response: metadataResponseCodec,
  async handle(request, context) {
    const { node, version } = context
    const everything = request.topics === null || (version === 0 && request.topics.length === 0)
    const operations = request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED
    const topics: MetadataResponseTopic[] = []
    for (const wanted of everything ? node.topics().map(byName) : (request.topics ?? [])) {
      const answer = await describe(wanted, request.allowAutoTopicCreation, context)
      topics.push({ ...answer, topicAuthorizedOperations: operations })
    }
    return metadataResponse({
      brokers: [metadataResponseBroker({ nodeId: node.nodeId, host: context.host, port: context.port })],
      clusterId: node.store.state.clusterId,
      controllerId: node.nodeId,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
      topics,
    })
  },
})

function byName(topic: Topic): MetadataRequestTopic {
  return { name: topic.name, topicId: ZERO_UUID }
}

async function describe(
  wanted: MetadataRequestTopic,
  mayCreate: boolean,
  context: ApiContext,
): Promise<MetadataResponseTopic> {
  const { node } = context
  if (wanted.topicId !== ZERO_UUID) {
    const topic = node.topicById(wanted.topicId)
    if (topic) return found(topic, context)
    return metadataResponseTopic({ errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId: wanted.topicId })
  }
  const name = wanted.name ?? ''
  const injected = context.injectedError(name)
  if (injected !== 0) return metadataResponseTopic({ errorCode: injected, name })
  const topic = node.topic(name)
  if (topic) return found(topic, context)
  if (!isTopicName(name)) return metadataResponseTopic({ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, name })
  // Versions below 4 cannot say no.
  const asked = context.version < 4 || mayCreate
  if (asked && node.configs.brokerFlag('auto.create.topics.enable') && !node.isTaken(name)) {
    return found(await node.createTopic(name, node.configs.brokerNumber('num.partitions'), {}), context)
  }
  return metadataResponseTopic({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name })
}

function found(topic: Topic, context: ApiContext): MetadataResponseTopic {
  const { nodeId } = context.node
  return metadataResponseTopic({
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.name === OFFSETS_TOPIC,
    partitions: topic.partitions.map((partition) =>
      metadataResponsePartition({
        partitionIndex: partition.index,
        leaderId: nodeId,
        leaderEpoch: partition.leaderEpoch,
        replicaNodes: [nodeId],
        isrNodes: [nodeId],
      }),
    ),
  })
}
