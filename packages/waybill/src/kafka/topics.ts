import { describeConfigsV4 } from '@platformatic/kafka'
import { WaybillError } from '../model/errors.js'
import type { TopicView } from '../ports/broker.js'
import type { Log } from '../ports/log.js'
import { errorName, missingRightErrors, passingErrors, refusalText } from './error-codes.js'
import { answerOf, type ConfigsAnswer, type MetadataAnswer } from './network/answer.js'
import { type Cluster, type KafkaContext, requireApi } from './network/cluster.js'
import { describe, LinkError } from './network/link.js'

type TopicShape = Pick<TopicView, 'topic' | 'topicId' | 'partitions' | 'replicationFactor'>
type TopicConfig = Pick<
  TopicView,
  'maxMessageBytes' | 'retentionMs' | 'keptMs' | 'timestampType' | 'producerIdExpirationMs'
>

/**
 * What is assumed where DESCRIBE_CONFIGS is not granted. Sizes and expiry are Kafka's defaults. Retention is taken as one hour:
 * too short only means new incarnations for idle streams, too long would mean believing in producer state that is gone.
 * The timestamp type stays unknown: assumed to be CreateTime, every acknowledgement of a LogAppendTime topic would look like
 * the duplicate of a stranger's batch.
 */
const assumedConfig: TopicConfig = {
  maxMessageBytes: 1_048_588,
  retentionMs: 3_600_000,
  timestampType: 'unknown',
  producerIdExpirationMs: 86_400_000,
}

const topicResource = 2 as const
const brokerResource = 4 as const
const topicKeys = ['max.message.bytes', 'retention.ms', 'segment.ms', 'cleanup.policy', 'message.timestamp.type']
const expirationKey = 'producer.id.expiration.ms'

interface Kept<T> {
  readonly value: Promise<T>
  readonly askedAtMs: number
}

/** Topics as the cluster describes them, kept for a few seconds; callers at the same time share one request. */
export class Topics {
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #shapes = new Map<string, Kept<TopicShape | undefined>>()
  readonly #configs = new Map<string, Kept<TopicConfig>>()
  readonly #warned = new Set<string>()

  constructor(cluster: Cluster, context: KafkaContext, log: Log) {
    this.#cluster = cluster
    this.#context = context
    this.#log = log
  }

  /** See `Broker.describeTopic`. */
  async describe(topic: string, fresh: boolean): Promise<TopicView | undefined> {
    const { metadataMaxAgeMs, configMaxAgeMs } = this.#context.settings
    const shape = await this.#kept(this.#shapes, topic, fresh ? 0 : metadataMaxAgeMs, () => this.#askShape(topic))
    if (shape === undefined) return undefined
    // Another topic id: the topic was created anew, with other settings maybe.
    const key = `${topic} ${shape.topicId}`
    const config = await this.#kept(this.#configs, key, fresh ? 0 : configMaxAgeMs, () => this.#askConfig(topic))
    return { ...shape, ...config }
  }

  /** Partitions and leaders only, without asking for settings. */
  async shape(topic: string): Promise<TopicShape | undefined> {
    return this.#kept(this.#shapes, topic, this.#context.settings.metadataMaxAgeMs, () => this.#askShape(topic))
  }

  /** The next call asks the cluster: a leader answered that it is none, or could not be reached. */
  forget(topic: string): void {
    this.#shapes.delete(topic)
  }

  #kept<T>(kept: Map<string, Kept<T>>, key: string, maxAgeMs: number, ask: () => Promise<T>): Promise<T> {
    const nowMs = this.#context.clock.monotonicMs()
    const known = kept.get(key)
    if (known !== undefined && nowMs - known.askedAtMs < maxAgeMs) return known.value
    for (const [old, entry] of kept) if (nowMs - entry.askedAtMs > 10 * 60_000) kept.delete(old)
    const entry: Kept<T> = { value: ask(), askedAtMs: nowMs }
    kept.set(key, entry)
    entry.value.catch(() => {
      if (kept.get(key) === entry) kept.delete(key)
    })
    return entry.value
  }

  async #askShape(topic: string): Promise<TopicShape | undefined> {
    const { clock, settings } = this.#context
    const until = clock.monotonicMs() + settings.callTimeoutMs
    for (let pauseMs = 50; ; pauseMs *= 2) {
      const answer = await this.#cluster.metadata([topic])
      const found = answer.topics.find((each) => each.name === topic)
      if (found === undefined || found.errorCode === 3) return undefined
      if (found.errorCode === 0) return shapeOf(topic, found)
      if (!passingErrors.has(found.errorCode) || clock.monotonicMs() > until)
        throw refused(`Metadata of topic ${topic}`, found.errorCode, { topic })
      await this.#cluster.pause(pauseMs)
    }
  }

  async #askConfig(topic: string): Promise<TopicConfig> {
    const failures: string[] = []
    if (this.#cluster.nodeIds.length === 0) await this.#cluster.metadata([])
    // A broker's own settings are told by that broker alone, so the request goes to a node that is known by id.
    for (const nodeId of this.#cluster.nodeIds) {
      try {
        return this.#configOf(topic, await this.#askConfigAt(topic, nodeId))
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        failures.push(`${nodeId} (${describe(error)})`)
      }
    }
    throw new WaybillError('WB_KAFKA_UNREACHABLE', `DescribeConfigs: no broker answered: ${failures.join(', ')}`)
  }

  #askConfigAt(topic: string, nodeId: number): Promise<ConfigsAnswer> {
    const resources = [
      { resourceType: topicResource, resourceName: topic, configurationKeys: topicKeys },
      { resourceType: brokerResource, resourceName: String(nodeId), configurationKeys: [expirationKey] },
    ]
    return this.#cluster.atNode('control', nodeId, (link) => {
      requireApi(link, 'DescribeConfigs', describeConfigsV4.api)
      return answerOf(
        link.call('DescribeConfigs', this.#context.settings.requestTimeoutMs, (connection) =>
          describeConfigsV4.api.async(connection, resources, false, false),
        ),
      )
    })
  }

  #configOf(topic: string, answer: ConfigsAnswer): TopicConfig {
    const values = new Map<string, string>()
    for (const result of answer.results) {
      const what = result.resourceType === topicResource ? `topic ${topic}` : `broker ${result.resourceName}`
      if (missingRightErrors.has(result.errorCode)) this.#warnOnce(what, errorName(result.errorCode))
      else if (result.errorCode !== 0 && result.errorCode !== 3)
        throw refused(`DescribeConfigs of ${what}`, result.errorCode, { topic })
      for (const { name, value } of result.configs) if (value !== null && value !== undefined) values.set(name, value)
    }
    const keptMs = keptMsOf(values)
    return {
      ...(keptMs === undefined ? {} : { keptMs }),
      maxMessageBytes: whole(values.get('max.message.bytes'), assumedConfig.maxMessageBytes),
      retentionMs: whole(values.get('retention.ms'), assumedConfig.retentionMs),
      timestampType: timestampTypeOf(values.get('message.timestamp.type')),
      producerIdExpirationMs: whole(values.get(expirationKey), assumedConfig.producerIdExpirationMs),
    }
  }

  #warnOnce(what: string, code: string): void {
    if (this.#warned.has(what)) return
    this.#warned.add(what)
    this.#log.warn(`the settings of ${what} may not be read (${code}); assuming safe ones. Grant DESCRIBE_CONFIGS.`, {
      ...assumedConfig,
    })
  }
}

function shapeOf(topic: string, found: MetadataAnswer['topics'][number]): TopicShape {
  const { partitions } = found
  const count = Math.max(-1, ...partitions.map((each) => each.partitionIndex)) + 1
  const byIndex = new Map(partitions.map((each) => [each.partitionIndex, each]))
  return {
    topic,
    topicId: found.topicId.replaceAll('-', ''),
    partitions: Array.from({ length: count }, (_, partition) => ({
      partition,
      leader: byIndex.get(partition)?.leaderId ?? -1,
      leaderEpoch: byIndex.get(partition)?.leaderEpoch ?? -1,
    })),
    replicationFactor: count === 0 ? 0 : Math.min(...partitions.map((each) => each.replicaNodes.length)),
  }
}

function whole(text: string | undefined, fallback: number): number {
  const value = Number(text ?? Number.NaN)
  return Number.isFinite(value) ? Math.min(value, Number.MAX_SAFE_INTEGER) : fallback
}

/** See `TopicView.keptMs`; `undefined` where any of the settings it follows from is not told. */
function keptMsOf(values: ReadonlyMap<string, string>): number | undefined {
  const policy = values.get('cleanup.policy')
  const retentionMs = Number(values.get('retention.ms') ?? Number.NaN)
  const segmentMs = Number(values.get('segment.ms') ?? Number.NaN)
  if (policy === undefined || !Number.isFinite(retentionMs) || !Number.isFinite(segmentMs)) return undefined
  const isDeleted = policy.split(',').some((part) => part.trim() === 'delete')
  return isDeleted && retentionMs >= 0 ? Math.min(retentionMs + segmentMs, Number.MAX_SAFE_INTEGER) : -1
}

function timestampTypeOf(text: string | undefined): TopicView['timestampType'] {
  return text === 'CreateTime' || text === 'LogAppendTime' ? text : assumedConfig.timestampType
}

/** WB_KAFKA_REFUSED for an error code that will not pass by itself; a missing right is named. `what` begins with the API. */
export function refused(what: string, code: number, facts: Readonly<Record<string, string | number>>): WaybillError {
  const api = /^\w+/.exec(what)?.[0] ?? ''
  return new WaybillError('WB_KAFKA_REFUSED', `${what} was refused: ${refusalText(api, code)}`, {
    facts: { kafka: errorName(code), ...facts },
  })
}
