import { createTopicsV7 } from '@platformatic/kafka'
import { WaybillError } from '../model/errors.js'
import type { NewTopic } from '../ports/broker.js'
import { errorName, passingErrors } from './error-codes.js'
import { answerOf, type CreateTopicsAnswer } from './network/answer.js'
import { type Cluster, type KafkaContext, requireApi } from './network/cluster.js'
import { type Link, LinkError } from './network/link.js'

const alreadyExists = 36

/**
 * Creates topics and waits until every broker that can be reached shows each partition with a leader: a producer may ask any
 * of them next. A topic that exists already is fine, whatever its settings.
 */
export async function createTopics(
  cluster: Cluster,
  context: KafkaContext,
  topics: readonly NewTopic[],
): Promise<void> {
  if (topics.length === 0) return
  const until = context.clock.monotonicMs() + context.settings.callTimeoutMs
  let missing = topics
  for (let pauseMs = 50; missing.length > 0; pauseMs *= 2) {
    const answer = await askController(cluster, context, missing)
    const failed = new Map(
      answer.topics
        .filter(({ errorCode }) => errorCode !== 0 && errorCode !== alreadyExists)
        .map((each) => [each.name, each]),
    )
    for (const { name, errorCode, errorMessage } of failed.values())
      if (!passingErrors.has(errorCode) || context.clock.monotonicMs() > until)
        throw new WaybillError(
          'WB_KAFKA_REFUSED',
          `topic ${name} was not created: ${errorName(errorCode)}${errorMessage ? ` (${errorMessage})` : ''}`,
          { facts: { kafka: errorName(errorCode), topic: name } },
        )
    missing = missing.filter(({ topic }) => failed.has(topic))
    if (missing.length > 0) await cluster.pause(pauseMs)
  }
  await waitForLeaders(cluster, context, topics, until)
}

async function askController(
  cluster: Cluster,
  context: KafkaContext,
  topics: readonly NewTopic[],
): Promise<CreateTopicsAnswer> {
  const wanted = topics.map(({ topic, partitions, replicationFactor, configs }) => ({
    name: topic,
    numPartitions: partitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(configs ?? {}).map(([name, value]) => ({ name, value })),
  }))
  const { requestTimeoutMs } = context.settings
  const ask = (link: Link): Promise<CreateTopicsAnswer> => {
    requireApi(link, 'CreateTopics', createTopicsV7.api)
    return answerOf(
      link.call('CreateTopics', requestTimeoutMs + context.settings.produceGraceMs, (connection) =>
        createTopicsV7.api.async(connection, wanted, requestTimeoutMs, false),
      ),
    )
  }
  // Only the controller creates topics in a cluster with ZooKeeper; with KRaft the metadata names any broker, which forwards.
  const { controllerId } = await cluster.metadata([])
  try {
    return await cluster.atNode('control', controllerId, ask)
  } catch (error) {
    if (!(error instanceof LinkError)) throw error
    return cluster.anyBroker('CreateTopics', ask)
  }
}

async function waitForLeaders(
  cluster: Cluster,
  context: KafkaContext,
  topics: readonly NewTopic[],
  until: number,
): Promise<void> {
  for (const nodeId of cluster.nodeIds) {
    for (let pauseMs = 20; !(await showsLeaders(cluster, nodeId, topics)); pauseMs *= 2) {
      if (context.clock.monotonicMs() > until)
        throw new WaybillError(
          'WB_DEADLINE',
          `broker ${nodeId} shows no leader for ${topics.map(({ topic }) => topic).join(', ')} ${context.settings.callTimeoutMs} ms after their creation`,
        )
      await cluster.pause(pauseMs)
    }
  }
}

async function showsLeaders(cluster: Cluster, nodeId: number, topics: readonly NewTopic[]): Promise<boolean> {
  const names = topics.map(({ topic }) => topic)
  try {
    const answer = await cluster.atNode('control', nodeId, (link) => cluster.metadataFrom(link, names))
    return names.every((name) => {
      const found = answer.topics.find((each) => each.name === name)
      return (
        found !== undefined && found.partitions.length > 0 && found.partitions.every(({ leaderId }) => leaderId >= 0)
      )
    })
  } catch (error) {
    // A broker that is down shows nothing to anyone.
    if (error instanceof LinkError) return true
    throw error
  }
}
