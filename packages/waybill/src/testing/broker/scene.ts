import { randomBytes } from 'node:crypto'
import type { Broker, ProduceBatch, ProduceOutcome, RecordData, TopicView } from '../../ports/broker.js'
import type { BrokerHarness } from './harness.js'

/** Produce errors and causes that pass when leadership settles after a restart; a case asks again instead of seeing them. */
const passing = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'UNKNOWN_SERVER_ERROR',
])
const settleMs = 60_000

/** One batch to send. */
export interface Sending {
  readonly producerId: number
  readonly producerEpoch?: number
  readonly sequence: number
  readonly values?: readonly string[]
  readonly records?: readonly RecordData[]
  readonly stampMs: number
  readonly partition?: number
}

/** A record with a key and this text. */
export function textRecord(text: string): RecordData {
  return { key: Buffer.from('k'), value: Buffer.from(text), headers: [] }
}

/** An adapter, a new topic and the words to send to it. */
export class Scene {
  readonly harness: BrokerHarness
  readonly broker: Broker
  readonly topic: string
  #view: TopicView

  private constructor(harness: BrokerHarness, broker: Broker, view: TopicView) {
    this.harness = harness
    this.broker = broker
    this.topic = view.topic
    this.#view = view
  }

  /** Runs `act` with a new topic and closes the adapter after it. */
  static async with<T>(
    harness: BrokerHarness,
    configs: Readonly<Record<string, string>>,
    act: (scene: Scene) => Promise<T>,
  ): Promise<T> {
    const broker = harness.open()
    try {
      const topic = `contract-${randomBytes(6).toString('hex')}`
      await broker.createTopics([{ topic, partitions: 2, replicationFactor: 1, configs }])
      const view = await broker.describeTopic(topic, { fresh: true })
      if (view === undefined) throw new Error(`topic ${topic} was created and is not known`)
      return await act(new Scene(harness, broker, view))
    } finally {
      await broker.close()
    }
  }

  get topicId(): string {
    return this.#view.topicId
  }

  /** One batch as the port wants it. */
  batch({ producerId, producerEpoch = 0, sequence, values, records, stampMs, partition = 0 }: Sending): ProduceBatch {
    return {
      topic: this.topic,
      topicId: this.topicId,
      partition,
      producerId,
      producerEpoch,
      firstSequence: sequence,
      stampMs,
      records: records ?? (values ?? []).map(textRecord),
    }
  }

  /** Sends one batch to the leader once. */
  async attempt(sending: Sending, times: { timeoutMs?: number; sendBeforeMs?: number } = {}): Promise<ProduceOutcome> {
    const view = await this.broker.describeTopic(this.topic)
    const leader = view?.partitions[sending.partition ?? 0]?.leader ?? -1
    const [outcome] = await this.broker.produce({
      pipeline: 0,
      leader,
      batches: [this.batch(sending)],
      timeoutMs: times.timeoutMs ?? 10_000,
      sendBeforeMs: times.sendBeforeMs ?? this.harness.clock.monotonicMs() + 30_000,
    })
    if (outcome === undefined) throw new Error('no outcome for a batch')
    return outcome
  }

  /** Sends one batch, again while the cluster is still finding its leaders, and gives what came in the end. */
  async send(sending: Sending): Promise<ProduceOutcome> {
    const until = this.harness.clock.monotonicMs() + settleMs
    for (;;) {
      const outcome = await this.attempt(sending)
      const isPassing = outcome.kind === 'unsent' || (outcome.kind === 'rejected' && passing.has(outcome.code))
      if (!isPassing || this.harness.clock.monotonicMs() > until) return outcome
      await this.harness.clock.sleep(100)
    }
  }

  /** Restarts the cluster; afterwards this adapter has seen its connections end. */
  async restart(): Promise<void> {
    await this.harness.restartBroker()
    const until = this.harness.clock.monotonicMs() + settleMs
    for (;;) {
      try {
        await this.broker.clusterId()
        return
      } catch (error) {
        if (this.harness.clock.monotonicMs() > until) throw error
        await this.harness.clock.sleep(100)
      }
    }
  }

  /** Everything in partition 0 of the topic, as text. */
  async texts(fromOffset = 0, toOffset: number = Number.MAX_SAFE_INTEGER): Promise<string[]> {
    const texts: string[] = []
    for await (const batch of this.broker.read(this.topic, 0, fromOffset, toOffset))
      for (const { value } of batch.records) texts.push(Buffer.from(value ?? []).toString())
    return texts
  }
}
