import { listOffsetsV7 } from '@platformatic/kafka'
import { WaybillError } from '../model/errors.js'
import type { FetchedBatch } from '../ports/broker.js'
import { errorName, passingErrors } from './error-codes.js'
import { type Fetched, fetchByNameApi } from './fetch/fetch-api.js'
import { fetchBytesMax, type ReadRange, readRange } from './fetch/read-range.js'
import { leaderEpochApi } from './fetch/leader-epoch-api.js'
import { answerOf } from './network/answer.js'
import { type Cluster, type KafkaContext, requireApi } from './network/cluster.js'
import { describe, type Link, LinkError } from './network/link.js'
import { refused, type Topics } from './topics.js'

const latest = -1n
const earliest = -2n
const readUncommitted = 0
const noneFetched: Fetched = {
  errorCode: -1,
  highWatermark: -1,
  logStart: -1,
  aborted: [],
  diverging: undefined,
  records: Buffer.alloc(0),
}

/** What a leader answered about one partition. */
interface Answer<T> {
  readonly errorCode: number
  readonly value: T
}

interface LeaderCall<T> {
  readonly what: string
  readonly purpose: 'control' | 'read'
  readonly topic: string
  readonly partition: number
  readonly ask: (link: Link) => Promise<Answer<T>>
}

/** Questions that only a partition's leader can answer; asked again while leadership moves, until the call's deadline. */
export class Partitions {
  readonly #cluster: Cluster
  readonly #topics: Topics
  readonly #context: KafkaContext

  constructor(cluster: Cluster, topics: Topics, context: KafkaContext) {
    this.#cluster = cluster
    this.#topics = topics
    this.#context = context
  }

  /**
   * Resolves when the leader of each partition answers as one. A broker shows a new leader in its metadata before that leader has
   * its replica: a produce request between the two is refused with NOT_LEADER_OR_FOLLOWER (seen once in CI, Kafka 4.3.1).
   */
  async led(topic: string, partitions: number): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      try {
        await this.#offset(topic, partition, earliest)
      } catch (error) {
        // A topic that existed already may have fewer partitions.
        if (error instanceof WaybillError && error.code === 'WB_TOPIC_UNKNOWN') return
        throw error
      }
    }
  }

  /** See `Broker.offsets`. */
  async offsets(topic: string, partition: number): Promise<{ logStart: number; highWatermark: number }> {
    const logStart = await this.#offset(topic, partition, earliest)
    return { logStart, highWatermark: await this.#offset(topic, partition, latest) }
  }

  /** See `Broker.offsetAt`. Kafka answers -1 when no record is that young. */
  async offsetAt(topic: string, partition: number, timestampMs: number): Promise<number> {
    const offset = await this.#offset(topic, partition, BigInt(Math.max(0, Math.floor(timestampMs))))
    return offset < 0 ? this.#offset(topic, partition, latest) : offset
  }

  /** See `Broker.endOffsetForEpoch`. */
  async endOffsetForEpoch(
    topic: string,
    partition: number,
    leaderEpoch: number,
  ): Promise<{ leaderEpoch: number; endOffset: number }> {
    return this.#atLeader({
      what: 'OffsetForLeaderEpoch',
      purpose: 'control',
      topic,
      partition,
      ask: async (link) => {
        requireApi(link, 'OffsetForLeaderEpoch', leaderEpochApi)
        const { errorCode, ...value } = await link.call(
          'OffsetForLeaderEpoch',
          this.#context.settings.requestTimeoutMs,
          (connection) => leaderEpochApi.async(connection, { topic, partition, leaderEpoch }),
        )
        return { errorCode, value }
      },
    })
  }

  /** See `Broker.read`. */
  read(range: ReadRange): AsyncGenerator<FetchedBatch, void, undefined> {
    return readRange(range, (offset, waitMs) => this.#fetch(range, offset, waitMs))
  }

  #fetch({ topic, partition }: ReadRange, offset: number, waitMs: number): Promise<Fetched> {
    const from = { topic, topicId: '', partition, offset, bytesMax: fetchBytesMax }
    const request = {
      waitMs,
      isCommittedOnly: false,
      partitions: [{ ...from, currentLeaderEpoch: -1, lastLeaderEpoch: -1 }],
    }
    return this.#atLeader({
      what: `Fetch from offset ${offset}`,
      purpose: 'read',
      topic,
      partition,
      ask: async (link) => {
        requireApi(link, 'Fetch', fetchByNameApi)
        const answer = await link.call('Fetch', this.#context.settings.requestTimeoutMs + waitMs, (connection) =>
          fetchByNameApi.async(connection, request),
        )
        if (answer.errorCode !== 0) return { errorCode: answer.errorCode, value: noneFetched }
        const fetched = only(answer.of(from), 'Fetch')
        return { errorCode: fetched.errorCode, value: fetched }
      },
    })
  }

  #offset(topic: string, partition: number, timestamp: bigint): Promise<number> {
    const asked = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }]
    return this.#atLeader({
      what: 'ListOffsets',
      purpose: 'control',
      topic,
      partition,
      ask: async (link) => {
        requireApi(link, 'ListOffsets', listOffsetsV7.api)
        const answer = await answerOf(
          link.call('ListOffsets', this.#context.settings.requestTimeoutMs, (connection) =>
            listOffsetsV7.api.async(connection, -1, readUncommitted, [{ name: topic, partitions: asked }]),
          ),
        )
        const found = only(answer.topics[0]?.partitions[0], 'ListOffsets')
        return { errorCode: found.errorCode, value: Number(found.offset) }
      },
    })
  }

  async #atLeader<T>(call: LeaderCall<T>): Promise<T> {
    const { clock, settings } = this.#context
    const until = clock.monotonicMs() + settings.callTimeoutMs
    for (let pauseMs = 20; ; pauseMs *= 2) {
      const failure = await this.#tryLeader(call)
      if ('value' in failure) return failure.value
      if (clock.monotonicMs() > until) throw failure.error
      this.#topics.forget(call.topic)
      await this.#cluster.pause(pauseMs)
    }
  }

  /** One try; throws what trying again cannot change. */
  async #tryLeader<T>(call: LeaderCall<T>): Promise<{ readonly value: T } | { readonly error: WaybillError }> {
    const facts = { topic: call.topic, partition: call.partition }
    const shape = await this.#topics.shape(call.topic)
    const known = shape?.partitions[call.partition]
    if (known === undefined)
      throw new WaybillError('WB_TOPIC_UNKNOWN', `the cluster has no partition ${call.topic}-${call.partition}`, {
        facts,
      })
    if (known.leader < 0) return { error: refused(call.what, 5, facts) }
    try {
      const { errorCode, value } = await this.#cluster.atNode(call.purpose, known.leader, call.ask)
      if (errorCode === 0) return { value }
      const error = refused(`${call.what} in ${call.topic}-${call.partition}`, errorCode, facts)
      if (!passingErrors.has(errorCode)) throw error
      return { error }
    } catch (cause) {
      if (!(cause instanceof LinkError)) throw cause
      const text = `${call.what}: the leader of ${call.topic}-${call.partition}, broker ${known.leader}: ${describe(cause)}`
      return { error: new WaybillError('WB_KAFKA_UNREACHABLE', text, { cause, facts }) }
    }
  }
}

function only<T>(found: T | undefined, what: string): T {
  if (found !== undefined) return found
  throw new WaybillError('WB_KAFKA_REFUSED', `the answer to ${what} does not mention the partition asked for`, {
    facts: { kafka: errorName(-1) },
  })
}
