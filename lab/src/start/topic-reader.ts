import { Consumer } from '@platformatic/kafka'

/** One record of the topic, as another client than waybill's adapter reads it. */
export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  /** Text of the record's `waybill` header, if it has one. */
  readonly header: string | undefined
}

/** A record with what its batch says of the producer that wrote it; -1 each where none did. */
export interface IdentifiedRecord extends TopicRecord {
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequence: number
}

const partitionBytesMax = 1_048_576
const earliest = -2n
const latest = -1n

/**
 * A foreign reader: the ordinary client of @platformatic/kafka, with its own request and record decoding. waybill takes
 * only that library's sockets and has its own of everything above, so a fault in waybill's encoding shows here.
 */
export class TopicReader {
  readonly #topic: string
  readonly #consumer: Consumer

  /** `group`: whose committed positions it tells; it joins no group. */
  constructor(brokers: readonly string[], topic: string, group = 'waybill-start-checker') {
    this.#topic = topic
    this.#consumer = new Consumer({
      clientId: 'waybill-start-checker',
      groupId: group,
      bootstrapBrokers: [...brokers],
      retries: 5,
      retryDelay: 200,
      timeout: 5_000,
    })
    this.#consumer.topics.track(topic)
  }

  /** The end offset of each partition. */
  async ends(): Promise<readonly number[]> {
    return this.#offsets(latest)
  }

  /** The group's committed position in each partition, -1 where it has none. */
  async committed(): Promise<readonly number[]> {
    const partitions = (await this.ends()).map((_, partition) => partition)
    const committed = await this.#consumer.listCommittedOffsets({ topics: [{ topic: this.#topic, partitions }] })
    return partitions.map((partition) => Number(committed.get(this.#topic)?.[partition] ?? -1))
  }

  /** True when the group has committed the end of every partition. */
  async isRead(): Promise<boolean> {
    const committed = await this.committed()
    return (await this.ends()).every((end, partition) => Math.max(0, committed[partition] ?? 0) === end)
  }

  /** Every record that the topic holds now, partition by partition in offset order. */
  async readAll(): Promise<readonly IdentifiedRecord[]> {
    const starts = await this.#offsets(earliest)
    const ends = await this.#offsets(latest)
    const records: IdentifiedRecord[] = []
    for (const [partition, end] of ends.entries())
      for await (const record of this.#read(partition, starts[partition] ?? 0, end)) records.push(record)
    return records
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#consumer.close(true, (error) => (error ? reject(error) : resolve()))
    })
  }

  async #offsets(timestamp: bigint): Promise<readonly number[]> {
    const offsets = await this.#consumer.listOffsets({ topics: [this.#topic], timestamp })
    return (offsets.get(this.#topic) ?? []).map(Number)
  }

  async *#read(partition: number, from: number, end: number): AsyncIterable<IdentifiedRecord> {
    for (let next = from; next < end; ) {
      const batches = await this.#fetch(partition, next)
      if (batches.length === 0)
        throw new Error(`${this.#topic}/${partition} gives nothing at ${next}, before its end ${end}`)
      for (const batch of batches) {
        for (const record of batch.records) {
          const offset = Number(batch.firstOffset) + record.offsetDelta
          if (offset >= next && offset < end) yield recordOf(partition, offset, batch, record)
        }
        next = Math.max(next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1)
      }
    }
  }

  async #fetch(partition: number, offset: number): Promise<readonly FetchedBatch[]> {
    const metadata = await this.#consumer.metadata({ topics: [this.#topic] })
    const topic = metadata.topics.get(this.#topic)
    const leader = topic?.partitions[partition]?.leader
    if (!topic || leader === undefined)
      throw new Error(`the cluster does not tell who leads ${this.#topic}/${partition}`)
    const place = {
      partition,
      fetchOffset: BigInt(offset),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      partitionMaxBytes: partitionBytesMax,
    }
    const answer = await this.#consumer.fetch({
      node: leader,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: partitionBytesMax,
      topics: [{ topicId: topic.id, partitions: [place] }],
    })
    return answer.responses[0]?.partitions[0]?.records ?? []
  }
}

interface FetchedRecord {
  readonly offsetDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

interface FetchedBatch {
  readonly firstOffset: bigint
  readonly lastOffsetDelta: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly records: readonly FetchedRecord[]
}

/** Kafka's sequences wrap to 0 after this. */
const sequences = 2 ** 31

function recordOf(partition: number, offset: number, batch: FetchedBatch, record: FetchedRecord): IdentifiedRecord {
  const header = record.headers.find(([name]) => name?.toString() === 'waybill')?.[1]
  const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null
  const { producerId, producerEpoch, firstSequence } = batch
  return {
    partition,
    offset,
    key: text(record.key),
    value: text(record.value),
    header: header?.toString(),
    producerId: Number(producerId),
    producerEpoch,
    sequence: firstSequence < 0 ? -1 : (firstSequence + record.offsetDelta) % sequences,
  }
}
