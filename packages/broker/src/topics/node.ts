import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFiles } from '../log/log-files.js'
import { type LogConfig, PartitionLog } from '../log/partition-log.js'
import { losePower } from '../log/power-loss.js'
import { GroupCoordinator } from '../groups/coordinator.js'
import { newUuid } from '../protocol/uuid.js'
import type { Clock, Timers } from '../system/clock.js'
import type { Random } from '../system/random.js'
import { Configs } from './configs.js'
import { MetadataStore, type TopicRecord } from './metadata-store.js'
import { Partition, type Topic } from './partition.js'
import { ProducerIds } from './producer-ids.js'

/** What a node is opened with. */
export interface NodeOptions {
  readonly dataDir: string
  readonly nodeId: number
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** Static broker configs, as in server.properties. */
  readonly configs: Readonly<Record<string, string>>
  /** What the partition logs write with. */
  readonly files: LogFiles
  log(line: string): void
}

/** The topic that groups and committed offsets are kept in, under Kafka's name. One partition is enough for one node. */
export const OFFSETS_TOPIC: string = '__consumer_offsets'

const OFFSETS_TOPIC_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  // Small, so that what a compaction leaves behind goes soon; the broker's own retention must not touch it.
  'segment.bytes': '8388608',
}

/**
 * Everything a broker process has in memory: metadata, logs, producer state. A crash throws one Node away (`abandon`)
 * and opens another on the same files; nothing else carries state over.
 *
 * open -> (createTopic, deleteTopic, …) -> exactly one of close | abandon | losePower
 */
export class Node {
  readonly store: MetadataStore
  readonly configs: Configs
  readonly producerIds: ProducerIds
  readonly nodeId: number
  readonly #options: NodeOptions
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  readonly #creating = new Set<string>()
  /** Set by the expire-producers switch for the length of one call. */
  #expireAll = false
  #groups: Promise<GroupCoordinator> | undefined
  #coordinator: GroupCoordinator | undefined
  #ended = false
  #topicsVersion = 0

  private constructor(options: NodeOptions, store: MetadataStore) {
    this.#options = options
    this.nodeId = options.nodeId
    this.store = store
    this.configs = new Configs(store, options.configs)
    this.producerIds = new ProducerIds(store)
  }

  /**
   * Opens the files in `dataDir`. Every partition first gets the next leader epoch, durably: whatever was lost, readers can
   * tell. Also after a stop in order, as in Kafka, where the one node elects itself again (measured on 4.3.1, which raises
   * the epoch by two then: once for having no leader, once for the new one).
   */
  static async open(options: NodeOptions): Promise<Node> {
    const store = MetadataStore.open(options.dataDir, options.random)
    const node = new Node(options, store)
    try {
      node.#removeGarbage()
      if (store.state.topics.length > 0) store.commit({ topics: store.state.topics.map(withNextEpoch) })
      for (const record of store.state.topics) {
        const topic = await node.#openTopic(record)
        node.#add(topic)
      }
      // Members of before have one session timeout from now on, whether anyone asks for a group or not.
      if (node.topic(OFFSETS_TOPIC)) await node.groups()
      return node
    } catch (error) {
      node.abandon()
      throw error
    }
  }

  /** The plug is pulled while no broker runs on the files: what a dead process had not flushed is gone. */
  static losePowerWhileDown(dataDir: string, files: LogFiles): void {
    for (const topic of MetadataStore.peek(dataDir).topics) {
      for (const index of topic.leaderEpochs.keys()) {
        losePower(join(dataDir, directoryName(topic.name, index)), files)
      }
    }
  }

  get random(): Random {
    return this.#options.random
  }

  /** The group coordinator; the first call makes its topic. Rejects when the disk refuses that, and may be tried again. */
  groups(): Promise<GroupCoordinator> {
    this.#groups ??= this.#openGroups().catch((error: unknown) => {
      this.#groups = undefined
      throw error
    })
    return this.#groups
  }

  /** The group coordinator, if anybody has asked for one. */
  get coordinator(): GroupCoordinator | undefined {
    return this.#coordinator
  }

  async #openGroups(): Promise<GroupCoordinator> {
    const topic = this.topic(OFFSETS_TOPIC) ?? (await this.createTopic(OFFSETS_TOPIC, 1, OFFSETS_TOPIC_CONFIGS))
    const partition = topic.partitions[0]
    if (!partition || this.#ended) throw new Error('the broker went down while the group coordinator was opened')
    const { clock, timers, random, log } = this.#options
    const { configs } = this
    this.#coordinator = new GroupCoordinator({ partition, topics: this, configs, clock, timers, random, log })
    return this.#coordinator
  }

  /** Another number after every change of what `topics` answers. */
  get topicsVersion(): number {
    return this.#topicsVersion
  }

  topic(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  topicById(id: string): Topic | undefined {
    return this.#byId.get(id)
  }

  topics(): Topic[] {
    return [...this.#byName.values()]
  }

  *partitions(): Iterable<Partition> {
    for (const topic of this.#byName.values()) yield* topic.partitions
  }

  topicConfigs(name: string): Readonly<Record<string, string>> {
    return this.store.state.topics.find((t) => t.name === name)?.configs ?? {}
  }

  /** True while the name is taken, also by a creation that is under way on another connection. */
  isTaken(name: string): boolean {
    return this.#byName.has(name) || this.#creating.has(name)
  }

  /** Creates a topic whose name, counts and configs are already checked. On disk when the promise resolves. */
  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<Topic> {
    this.#creating.add(name)
    try {
      const record: TopicRecord = {
        name,
        id: newUuid(this.random),
        configs,
        leaderEpochs: new Array<number>(partitions).fill(0),
      }
      for (let index = 0; index < partitions; index++) rmSync(this.#dir(name, index), { recursive: true, force: true })
      // Metadata first: a crash in between leaves a topic with empty partitions, never partitions without a topic.
      this.store.commit({ topics: [...this.store.state.topics, record] })
      const topic = await this.#openTopic(record).catch((error: unknown) => {
        this.store.commit({ topics: this.store.state.topics.filter((t) => t.id !== record.id) })
        throw error
      })
      this.#add(topic)
      return topic
    } finally {
      this.#creating.delete(name)
    }
  }

  /** Removes a topic and its files. Readers that wait on it are woken. */
  deleteTopic(topic: Topic): void {
    const { state } = this.store
    const dirs = topic.partitions.map((p) => directoryName(topic.name, p.index))
    this.store.commit({
      topics: state.topics.filter((t) => t.name !== topic.name),
      garbage: [...state.garbage, ...dirs],
    })
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#topicsVersion++
    for (const partition of topic.partitions) {
      partition.log.abandon()
      partition.changed()
    }
    this.#removeGarbage()
    this.#coordinator?.topicDeleted(topic)
  }

  /** Replaces the configs of one topic, durably. */
  setTopicConfigs(name: string, configs: Readonly<Record<string, string>>): void {
    this.store.commit({ topics: this.store.state.topics.map((t) => (t.name === name ? { ...t, configs } : t)) })
  }

  /** Forgets every producer in every partition, as if their records were older than producer.id.expiration.ms. */
  expireAllProducers(): void {
    this.#expireAll = true
    try {
      for (const partition of this.partitions()) partition.log.expireProducers()
    } finally {
      this.#expireAll = false
    }
  }

  /** A stop in order: everything flushed, the producer state written. */
  close(): void {
    const errors = this.#end((log) => log.close())
    if (errors.length > 0) throw new AggregateError(errors, 'some partitions could not be flushed by the stop')
  }

  /** kill -9: what was written stays in the page cache, all memory is gone. */
  abandon(): void {
    this.#end((log) => log.abandon())
  }

  /** The plug is pulled: files end where they were flushed last. */
  losePower(): void {
    const errors = this.#end((log) => log.dropUnflushed())
    if (errors.length > 0) throw new AggregateError(errors, 'some partitions could not be cut back to what was flushed')
  }

  #end(how: (log: PartitionLog) => void): unknown[] {
    this.#ended = true
    this.#coordinator?.close()
    this.store.seal()
    const errors: unknown[] = []
    for (const partition of this.partitions()) {
      try {
        how(partition.log)
      } catch (error) {
        errors.push(error)
      }
    }
    return errors
  }

  #dir(topic: string, index: number): string {
    return join(this.#options.dataDir, directoryName(topic, index))
  }

  #removeGarbage(): void {
    const { garbage } = this.store.state
    if (garbage.length === 0) return
    for (const dir of garbage) rmSync(join(this.#options.dataDir, dir), { recursive: true, force: true })
    this.store.commit({ garbage: [] })
  }

  async #openTopic(record: TopicRecord): Promise<Topic> {
    const config = this.#logConfigOf(record.name)
    const { clock, files } = this.#options
    const partitions: Partition[] = []
    try {
      for (const [index, epoch] of record.leaderEpochs.entries()) {
        const dir = this.#dir(record.name, index)
        mkdirSync(dir, { recursive: true })
        const log = await PartitionLog.open(dir, config, () => clock.now(), files)
        partitions.push(new Partition(record.name, index, log, epoch))
        if (this.#ended) throw new Error('the broker went down while a topic was opened')
        // As Kafka's leader does on taking over: OffsetForLeaderEpoch then tells where the epoch before ended.
        log.beginLeaderEpoch(epoch)
      }
      return { name: record.name, id: record.id, partitions }
    } catch (error) {
      for (const partition of partitions) partition.log.abandon()
      throw error
    }
  }

  #add(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#topicsVersion++
  }

  /** The log asks for its config on every append, so the answer is kept until the metadata changes. */
  #logConfigOf(name: string): () => LogConfig {
    let state = this.store.state
    let config = this.configs.logConfig(this.topicConfigs(name))
    return () => {
      if (state !== this.store.state) {
        state = this.store.state
        config = this.configs.logConfig(this.topicConfigs(name))
      }
      return this.#expireAll ? { ...config, producerIdExpirationMs: Number.NEGATIVE_INFINITY } : config
    }
  }
}

function withNextEpoch(record: TopicRecord): TopicRecord {
  return { ...record, leaderEpochs: record.leaderEpochs.map((epoch) => epoch + 1) }
}

function directoryName(topic: string, index: number): string {
  return `${topic}-${index}`
}
