import assert from 'node:assert/strict'
import {
  Connection,
  createTopicsV7,
  deleteRecordsV2,
  describeConfigsV4,
  describeProducersV0,
  fetchV17,
  incrementalAlterConfigsV1,
  initProducerIdV4,
  listOffsetsV8,
  metadataV12,
  offsetForLeaderEpochV4,
  produceV11,
} from '@platformatic/kafka'
import type { Broker } from '../src/broker.js'

/** One partition's answer to a produce request. */
export interface ProduceAnswer {
  index: number
  errorCode: number
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  recordErrors: { batchIndex: number }[]
}

/** What one produced batch holds. */
export interface Batch {
  topic: string
  values: string[]
  producerId?: bigint
  epoch?: number
  sequence?: number
  partition?: number
  timestamp?: number
  keys?: (string | null)[]
}

/** A real client's connection (@platformatic/kafka's low level) with one method per thing the tests ask. */
export class Client {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async connect(broker: Broker): Promise<Client> {
    const connection = new Connection('broker-test', { connectTimeout: 3000 })
    connection.on('error', () => {})
    await connection.connect(broker.host, broker.port)
    return new Client(connection)
  }

  async close(): Promise<void> {
    if (this.#connection.isConnected()) await this.#connection.close()
  }

  async createTopic(name: string, configs: Record<string, string> = {}, numPartitions = 1): Promise<void> {
    const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: list }
    await createTopicsV7.api.async(this.#connection, [topic], 5000, false)
  }

  async producerId(): Promise<bigint> {
    const answer = await initProducerIdV4.api.async(this.#connection, null, 60_000, -1n, -1)
    return answer.producerId
  }

  /** Sends one request with one batch per given entry; answers error codes instead of throwing them. */
  async produceAll(batches: Batch[], acks = -1): Promise<ProduceAnswer[]> {
    const first = batches[0]
    assert.ok(first)
    const messages = batches.flatMap((b) =>
      b.values.map((value, i) => ({
        topic: b.topic,
        partition: b.partition ?? 0,
        key: keyOf(b, i),
        value: Buffer.from(value),
        timestamp: BigInt(b.timestamp ?? Date.now()),
      })),
    )
    const identity =
      first.producerId === undefined
        ? {}
        : {
            producerId: first.producerId,
            producerEpoch: first.epoch ?? 0,
            sequences: sequencesFrom(first.sequence ?? 0),
          }
    const request = produceV11.api.async(this.#connection, acks, 5000, messages as never, identity)
    const answer = await request.catch((error: unknown) => {
      const { response } = error as { response?: unknown }
      if (response === undefined) throw error
      return response as Awaited<typeof request>
    })
    if (typeof answer === 'boolean') return []
    return answer.responses.flatMap((topic) =>
      topic.partitionResponses.map((p) => ({
        ...p,
        baseOffset: Number(p.baseOffset),
        logAppendTimeMs: Number(p.logAppendTimeMs),
        logStartOffset: Number(p.logStartOffset),
      })),
    )
  }

  async produce(batch: Batch, acks = -1): Promise<ProduceAnswer> {
    const [answer] = await this.produceAll([batch], acks)
    assert.ok(answer, 'the produce response has a partition')
    return answer
  }

  async topic(name: string): Promise<{ id: string; leaderEpoch: number }> {
    const [topic] = (await metadataV12.api.async(this.#connection, [name], false, false)).topics
    assert.ok(topic)
    return { id: topic.topicId, leaderEpoch: topic.partitions[0]?.leaderEpoch ?? -1 }
  }

  /** Values of the records from an offset on, waiting up to `maxWaitMs` for the first. */
  async fetch(name: string, offset: number, maxWaitMs = 0): Promise<string[]> {
    const { id } = await this.topic(name)
    const part = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: 1 << 20,
    }
    const answer = await fetchV17.api.async(
      this.#connection,
      maxWaitMs,
      1,
      1 << 20,
      0,
      0,
      -1,
      [{ topicId: id, partitions: [part] }],
      [],
      '',
    )
    const batches = answer.responses[0]?.partitions[0]?.records ?? []
    return batches.flatMap((batch) =>
      batch.records.filter((r) => Number(batch.firstOffset) + r.offsetDelta >= offset).map((r) => String(r.value)),
    )
  }

  async offset(topic: string, timestamp: bigint): Promise<{ offset: number; leaderEpoch: number; timestamp: number }> {
    const wanted = { name: topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }] }
    const part = (await listOffsetsV8.api.async(this.#connection, -1, 0, [wanted])).topics[0]?.partitions[0]
    assert.ok(part)
    return { offset: Number(part.offset), leaderEpoch: part.leaderEpoch, timestamp: Number(part.timestamp) }
  }

  async end(topic: string): Promise<number> {
    return (await this.offset(topic, -1n)).offset
  }

  async endOfEpoch(topic: string, leaderEpoch: number): Promise<{ leaderEpoch: number; endOffset: number }> {
    const wanted = { topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, leaderEpoch }], name: topic }
    const answer = await offsetForLeaderEpochV4.api.async(this.#connection, -1, [wanted] as never)
    const part = answer.topics[0]?.partitions[0]
    assert.ok(part)
    return { leaderEpoch: part.leaderEpoch, endOffset: Number(part.endOffset) }
  }

  async producers(topic: string): Promise<{ producerId: bigint; epoch: number; lastSequence: number }[]> {
    const answer = await describeProducersV0.api.async(this.#connection, [{ name: topic, partitionIndexes: [0] }])
    const active = answer.topics[0]?.partitions[0]?.activeProducers ?? []
    return active.map((p) => ({ producerId: p.producerId, epoch: p.producerEpoch, lastSequence: p.lastSequence }))
  }

  async deleteRecords(topic: string, offset: number): Promise<number> {
    const wanted = { name: topic, partitions: [{ partitionIndex: 0, offset: BigInt(offset) }] }
    const answer = await deleteRecordsV2.api.async(this.#connection, [wanted], 5000)
    return Number(answer.topics[0]?.partitions[0]?.lowWatermark)
  }

  /** resourceType 2 = topic, 4 = broker */
  async alter(resourceType: 2 | 4, resourceName: string, configs: Record<string, string>): Promise<void> {
    const list = Object.entries(configs).map(([name, value]) => ({ name, configOperation: 0 as const, value }))
    await incrementalAlterConfigsV1.api.async(this.#connection, [{ resourceType, resourceName, configs: list }], false)
  }

  async describe(
    resourceType: 2 | 4,
    resourceName: string,
    names: string[],
  ): Promise<{ name: string; value: unknown; source: number; readOnly: boolean }[]> {
    const wanted = { resourceType, resourceName, configurationKeys: names }
    const answer = await describeConfigsV4.api.async(this.#connection, [wanted], true, false)
    const configs = answer.results[0]?.configs ?? []
    return configs.map((c) => ({ name: c.name, value: c.value, source: c.configSource, readOnly: c.readOnly }))
  }
}

function keyOf(batch: Batch, index: number): Buffer | null {
  const key = batch.keys?.[index]
  if (key === null) return null
  return Buffer.from(key ?? 'k')
}

function sequencesFrom(sequence: number): never {
  return { getWithDefault: () => sequence } as never
}
