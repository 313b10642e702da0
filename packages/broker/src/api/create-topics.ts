import {
  type CreatableTopic,
  creatableTopic,
  creatableTopicConfig,
  createTopicsRequestCodec,
} from '../generated/create-topics-request.js'
import {
  type CreatableTopicResult,
  creatableTopicConfigs,
  creatableTopicResult,
  createTopicsResponse,
  createTopicsResponseCodec,
} from '../generated/create-topics-response.js'
import type { TopicOptions } from '../options.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { newUuid } from '../protocol/uuid.js'
import { invalidReason, topicConfig } from '../topics/config-definitions.js'
import type { Node } from '../topics/node.js'
import { type Api, type ApiContext, defineApi } from './definition.js'
import { topicNameProblem, topicNamesCollide } from './topic-name.js'

/** Kafka's limit for one request (ReplicationControlManager.MAX_PARTITIONS_PER_BATCH). */
const PARTITIONS_MAX = 10_000

/** Creates topics; each is on disk before the answer, or (validate_only) only checked. */
export const createTopics: Api = defineApi({
  name: 'CreateTopics',
  request: createTopicsRequestCodec,
  response: createTopicsResponseCodec,
  async handle(request, context) {
    const counts = new Map<string, number>()
    for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
    const topics: CreatableTopicResult[] = []
    // A name given twice is answered once, as Kafka's controller does.
    for (const name of counts.keys())
      if (counts.get(name) !== 1) topics.push(refused(name, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'))
    for (const topic of request.topics) {
      if (counts.get(topic.name) === 1) topics.push(await create(topic, request.validateOnly, context))
    }
    return createTopicsResponse({ topics })
  },
})

function refused(name: string, errorCode: number, errorMessage: string | null): CreatableTopicResult {
  return creatableTopicResult({
    name,
    errorCode,
    errorMessage,
    numPartitions: -1,
    replicationFactor: -1,
  })
}

async function create(
  topic: CreatableTopic,
  validateOnly: boolean,
  context: ApiContext,
): Promise<CreatableTopicResult> {
  const { node } = context
  const { name } = topic
  const injected = context.injectedError(name)
  if (injected !== 0) return refused(name, injected, null)
  try {
    checkName(name, node)
    const partitions = partitionCount(topic, node)
    const configs = checkedConfigs(topic)
    // Kafka answers an id for a topic that is only checked, too.
    const topicId = validateOnly ? newUuid(node.random) : (await node.createTopic(name, partitions, configs)).id
    return creatableTopicResult({
      name,
      topicId,
      errorMessage: null,
      numPartitions: partitions,
      replicationFactor: 1,
      configs: node.configs
        .topicEntries(configs)
        .map(({ definition, value, source }) =>
          creatableTopicConfigs({ name: definition.name, value, configSource: source }),
        ),
    })
  } catch (error) {
    if (error instanceof ApiError) return refused(name, error.code, error.message)
    context.log(`topic ${name} could not be created: ${String(error)}`)
    return refused(name, ErrorCode.KAFKA_STORAGE_ERROR, 'The topic could not be written to disk.')
  }
}

/** Creates a topic that the broker was started with, under the same checks as a client's. Throws ApiError. */
export async function createTopicNow(topic: TopicOptions, node: Node): Promise<void> {
  const configs = Object.entries(topic.configs ?? {}).map(([name, value]) => creatableTopicConfig({ name, value }))
  const wanted = creatableTopic({
    name: topic.name,
    numPartitions: topic.partitions ?? 1,
    replicationFactor: 1,
    configs,
  })
  checkName(wanted.name, node)
  await node.createTopic(wanted.name, partitionCount(wanted, node), checkedConfigs(wanted))
}

function checkName(name: string, node: Node): void {
  const problem = topicNameProblem(name)
  if (problem !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
  if (node.isTaken(name)) throw new ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  const near = node.topics().find((t) => topicNamesCollide(t.name, name))
  if (near)
    throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${near.name}`)
}

function partitionCount(topic: CreatableTopic, node: Node): number {
  const { assignments, numPartitions, replicationFactor } = topic
  if (assignments.length > 0) return assignedPartitions(topic, node)
  if (replicationFactor === 0 || replicationFactor < -1) {
    throw new ApiError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    )
  }
  if (numPartitions === 0 || numPartitions < -1) {
    throw new ApiError(ErrorCode.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
  }
  if (replicationFactor > 1) {
    const why = `Unable to replicate the partition ${replicationFactor} time(s): The target replication factor of ${replicationFactor} cannot be reached because only 1 broker(s) are registered.`
    throw new ApiError(ErrorCode.INVALID_REPLICATION_FACTOR, why)
  }
  const count = numPartitions === -1 ? node.configs.brokerNumber('num.partitions') : numPartitions
  if (count > PARTITIONS_MAX)
    throw new ApiError(ErrorCode.INVALID_PARTITIONS, `At most ${PARTITIONS_MAX} partitions can be created at once.`)
  return count
}

function assignedPartitions({ assignments, numPartitions, replicationFactor }: CreatableTopic, node: Node): number {
  const clash = (what: string): ApiError =>
    new ApiError(
      ErrorCode.INVALID_REQUEST,
      `A manual partition assignment was specified, but ${what} was not set to -1.`,
    )
  if (replicationFactor !== -1) throw clash('replication factor')
  if (numPartitions !== -1) throw clash('numPartitions')
  const indexes = new Set(assignments.map((a) => a.partitionIndex))
  const wrong = (why: string): ApiError => new ApiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, why)
  for (let i = 0; i < assignments.length; i++) {
    if (!indexes.has(i)) throw wrong('partitions should be a consecutive 0-based integer sequence')
  }
  for (const { brokerIds } of assignments) {
    if (brokerIds.length !== 1 || brokerIds[0] !== node.nodeId) {
      throw wrong(
        `The manual partition assignment includes broker ${brokerIds.join()}, but only broker ${node.nodeId} is registered.`,
      )
    }
  }
  return assignments.length
}

function checkedConfigs(topic: CreatableTopic): Record<string, string> {
  const configs: Record<string, string> = {}
  for (const { name, value } of topic.configs) {
    const definition = topicConfig(name)
    if (!definition) throw new ApiError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${name}`)
    if (value === null)
      throw new ApiError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${name}`)
    const reason = invalidReason(definition, value)
    if (reason !== undefined) throw new ApiError(ErrorCode.INVALID_CONFIG, reason)
    configs[name] = value
  }
  return configs
}
