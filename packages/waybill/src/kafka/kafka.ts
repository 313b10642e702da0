import { initProducerIdV4 } from '@platformatic/kafka'
import { WaybillError } from '../model/errors.js'
import type { Broker, FetchedBatch, NewTopic, ProduceOutcome, ProduceRequest, TopicView } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Fetcher, FetchOutcome, FetchPosition } from '../ports/fetcher.js'
import type {
  GroupAdmin,
  GroupListings,
  GroupPosition,
  GroupView,
  LogEnds,
  LogPlace,
  Retention,
} from '../ports/group-admin.js'
import type { GroupListener, GroupMember, GroupOptions, Groups } from '../ports/group.js'
import type { Log } from '../ports/log.js'
import type { Random } from '../ports/random.js'
import { createTopics } from './create-topics.js'
import { passingErrors } from './error-codes.js'
import { KafkaFetcher } from './fetch/fetcher.js'
import { KafkaGroups } from './group/groups.js'
import { KafkaGroupAdmin } from './group-admin/group-admin.js'
import { answerOf } from './network/answer.js'
import { Cluster, type KafkaContext, requireApi } from './network/cluster.js'
import { type KafkaOptions, kafkaSettings } from './options.js'
import { Partitions } from './partitions.js'
import { ProducePipeline, requestFault, unsent } from './produce/pipeline.js'
import { refused, Topics } from './topics.js'

export type { KafkaOptions } from './options.js'

/** What the wire adapter takes from outside. */
export interface KafkaPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Everything an engine may want of Kafka; an engine takes the part it needs. */
export type Kafka = Broker & Fetcher & Groups & GroupAdmin

/**
 * The ports to Kafka over the Kafka protocol (Kafka 3.1 and newer, and what speaks the same). Nothing is connected before the
 * first call. Throws WB_OPTION_INVALID for options that cannot be meant.
 */
export function kafka(options: KafkaOptions, ports: KafkaPorts): Kafka {
  const context: KafkaContext = { settings: kafkaSettings(options), clock: ports.clock, random: ports.random }
  return new KafkaBroker(context, ports.log)
}

class KafkaBroker implements Broker, Fetcher, Groups, GroupAdmin {
  readonly #context: KafkaContext
  readonly #cluster: Cluster
  readonly #topics: Topics
  readonly #partitions: Partitions
  readonly #fetcher: KafkaFetcher
  readonly #groups: KafkaGroups
  readonly #groupAdmin: KafkaGroupAdmin
  readonly #pipelines = new Map<string, ProducePipeline>()

  constructor(context: KafkaContext, log: Log) {
    this.#context = context
    this.#cluster = new Cluster(context)
    this.#topics = new Topics(this.#cluster, context, log)
    this.#partitions = new Partitions(this.#cluster, this.#topics, context)
    this.#fetcher = new KafkaFetcher(this.#cluster, this.#topics, this.#partitions, context, log)
    this.#groups = new KafkaGroups(this.#cluster, this.#topics, context, log)
    this.#groupAdmin = new KafkaGroupAdmin(this.#cluster, this.#topics, context)
  }

  async clusterId(): Promise<string> {
    const { clusterId } = await this.#cluster.metadata([])
    if (clusterId) return clusterId
    throw new WaybillError('WB_KAFKA_REFUSED', 'the brokers tell no cluster id', { facts: { kafka: 'NONE' } })
  }

  async describeTopic(topic: string, { fresh = false }: { fresh?: boolean } = {}): Promise<TopicView | undefined> {
    return this.#topics.describe(topic, fresh)
  }

  async initProducerId(): Promise<number> {
    const { clock, settings } = this.#context
    const until = clock.monotonicMs() + settings.callTimeoutMs
    for (let pauseMs = 50; ; pauseMs *= 2) {
      const answer = await this.#cluster.anyBroker('InitProducerId', (link) => {
        requireApi(link, 'InitProducerId', initProducerIdV4.api)
        return answerOf(
          link.call('InitProducerId', settings.requestTimeoutMs, (connection) =>
            initProducerIdV4.api.async(connection, null, 60_000, -1n, -1),
          ),
        )
      })
      if (answer.errorCode === 0) return Number(answer.producerId)
      if (!passingErrors.has(answer.errorCode) || clock.monotonicMs() > until)
        throw refused('InitProducerId', answer.errorCode, {})
      await this.#cluster.pause(pauseMs)
    }
  }

  async produce(request: ProduceRequest): Promise<readonly ProduceOutcome[]> {
    const fault = requestFault(request)
    if (fault !== undefined) return unsent(request, fault)
    if (this.#cluster.isClosed) return unsent(request, 'the Kafka connection was closed')
    const key = `${request.pipeline} ${request.leader}`
    let pipeline = this.#pipelines.get(key)
    if (pipeline === undefined) {
      pipeline = new ProducePipeline(request, this.#cluster, this.#context, (topic) => this.#topics.forget(topic))
      this.#pipelines.set(key, pipeline)
    }
    return pipeline.produce(request)
  }

  offsets(topic: string, partition: number): Promise<{ readonly logStart: number; readonly highWatermark: number }> {
    return this.#partitions.offsets(topic, partition)
  }

  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number> {
    return this.#partitions.offsetAt(topic, partition, timestampMs)
  }

  endOffsetForEpoch(
    topic: string,
    partition: number,
    leaderEpoch: number,
  ): Promise<{ readonly leaderEpoch: number; readonly endOffset: number }> {
    return this.#partitions.endOffsetForEpoch(topic, partition, leaderEpoch)
  }

  read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    signal?: AbortSignal,
  ): AsyncIterable<FetchedBatch> {
    return this.#partitions.read({ topic, partition, fromOffset, toOffset, signal })
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    await createTopics(this.#cluster, this.#context, topics)
    for (const { topic } of topics) this.#topics.forget(topic)
    for (const { topic, partitions } of topics) await this.#partitions.led(topic, partitions)
  }

  fetch(
    positions: readonly FetchPosition[],
    waitMs: number,
    signal: AbortSignal,
    onAnswer: (position: FetchPosition, outcome: FetchOutcome) => void,
  ): Promise<void> {
    return this.#fetcher.fetch(positions, waitMs, signal, onAnswer)
  }

  join(options: GroupOptions, listener: GroupListener): Promise<GroupMember> {
    return this.#groups.join(options, listener)
  }

  listGroups(): Promise<GroupListings> {
    return this.#groupAdmin.listGroups()
  }

  describeGroup(group: string): Promise<GroupView | undefined> {
    return this.#groupAdmin.describeGroup(group)
  }

  groupPositions(group: string): Promise<readonly GroupPosition[]> {
    return this.#groupAdmin.groupPositions(group)
  }

  logEnds(places: readonly LogPlace[]): Promise<readonly LogEnds[]> {
    return this.#groupAdmin.logEnds(places)
  }

  retentionOf(topic: string): Promise<Retention> {
    return this.#groupAdmin.retentionOf(topic)
  }

  async close(): Promise<void> {
    this.#groups.close()
    this.#fetcher.close()
    await this.#cluster.close()
    this.#pipelines.clear()
  }
}
