import type {
  Broker,
  FetchedBatch,
  ProduceBatch,
  ProduceOutcome,
  ProduceRequest,
  TopicView,
} from '../../../src/ports/broker.js'
import type { SimProcess } from '../../simulation/process.js'
import type { Dice } from '../../simulation/dice.js'
import type { SimAnswer } from './partition.js'
import { SimPartition } from './partition.js'
import type { VirtualTime } from '../../simulation/virtual-time.js'

/** What the simulated cluster is told. */
export interface SimKafkaOptions {
  readonly partitions: number
  readonly expirationMs: number
  /** A request that was not executed this long after it was sent never is. Must be below the engine's drain. */
  readonly airMs: number
  /** The broker's wall clock. */
  readonly wallMs: () => number
}

const faults = [
  'lost-request',
  'lost-ack',
  'late',
  'unsent',
  'not-leader',
  'after-append',
  'timed-out',
  'too-large',
] as const

/** A one-topic cluster behind the broker port, with faults on the way there and back. */
export class SimKafka {
  readonly topic = 'flights'
  readonly topicId: string = 'f'.repeat(32)
  readonly partitions: readonly SimPartition[]
  /** Messages the broker always refuses. */
  readonly poison: Set<string> = new Set()
  /** Probability of a fault per produce request; 0 in the quiet phase. */
  faultRate = 0
  #nextProducerId = 1000
  readonly #refusals = new Map<string, number>()
  readonly #options: SimKafkaOptions
  readonly #time: VirtualTime
  readonly #dice: Dice

  constructor(options: SimKafkaOptions, time: VirtualTime, dice: Dice) {
    this.#options = options
    this.#time = time
    this.#dice = dice
    this.partitions = Array.from({ length: options.partitions }, () => new SimPartition())
  }

  /** All brokers end and come back; logs stay. */
  restart(): void {
    for (const partition of this.partitions) partition.restart()
  }

  /** The port as one process sees it. */
  portOf(caller: SimProcess): Broker {
    const at = (partition: number): SimPartition => this.#partition(partition)
    return {
      clusterId: async () => {
        await caller.cross('cluster id')
        return 'cluster'
      },
      describeTopic: async () => {
        await caller.cross('describe')
        return this.#view()
      },
      initProducerId: async () => {
        const id = this.#nextProducerId++
        await caller.cross('producer id')
        return id
      },
      produce: (request) => this.#produce(caller, request),
      offsets: async (_topic, partition) => {
        await caller.cross('offsets')
        const highWatermark = at(partition).log.length
        await caller.cross('offsets back')
        return { logStart: 0, highWatermark }
      },
      offsetAt: async (_topic, partition, timestampMs) => {
        await caller.cross('offset at')
        const { log } = at(partition)
        const found = log.findIndex((record) => record.stampMs >= timestampMs)
        return found < 0 ? log.length : found
      },
      endOffsetForEpoch: async (_topic, partition, leaderEpoch) => {
        await caller.cross('epoch end')
        return { leaderEpoch, endOffset: at(partition).log.length }
      },
      read: (_topic, partition, from, to) => read(caller, at(partition), from, to),
      createTopics: async () => undefined,
      close: async () => undefined,
    }
  }

  async #produce(caller: SimProcess, request: ProduceRequest): Promise<readonly ProduceOutcome[]> {
    await caller.cross('produce')
    const all = (outcome: ProduceOutcome): readonly ProduceOutcome[] => request.batches.map(() => outcome)
    if (this.#time.nowMs >= request.sendBeforeMs) return all({ kind: 'unsent', cause: 'too late for the lease' })
    const fault = this.#dice.chance(this.faultRate) ? this.#dice.pick(faults) : 'none'
    const cut: ProduceOutcome = { kind: 'unknown', cause: fault }
    if (fault === 'unsent') return all({ kind: 'unsent', cause: 'connection refused' })
    if (fault === 'lost-request') {
      await caller.cross('cut')
      return all(cut)
    }
    const executed = this.#execute(request, this.#time.nowMs, fault === 'late' ? 4 + this.#dice.whole(40) : 1, fault)
    if (fault !== 'late') await executed
    await caller.cross('answer')
    return fault === 'late' || fault === 'lost-ack' ? all(cut) : ((await executed) ?? all(cut))
  }

  /** The request's own way through the network and the broker; goes on when the sender is dead. */
  async #execute(
    request: ProduceRequest,
    sentMs: number,
    hops: number,
    fault: string,
  ): Promise<readonly ProduceOutcome[] | undefined> {
    for (let hop = 0; hop < hops; hop++) await this.#time.hop('in the air')
    if (this.#time.nowMs - sentMs > this.#options.airMs) return undefined
    return request.batches.map((batch) => this.#append(batch, fault))
  }

  #append(batch: ProduceBatch, fault: string): ProduceOutcome {
    const refused = (code: string, appended: 'no' | 'maybe' | 'yes'): ProduceOutcome => ({
      kind: 'rejected',
      code,
      appended,
      message: 'simulated',
    })
    if (fault === 'not-leader') return refused('NOT_LEADER_OR_FOLLOWER', 'no')
    const records = batch.records.map((record) => ({
      messageId: Buffer.from(record.value ?? []).toString('utf8'),
      key: Buffer.from(record.key ?? []).toString('utf8'),
      headers: record.headers,
    }))
    const bad = records.findIndex((record) => this.poison.has(record.messageId))
    if (bad >= 0) {
      const refusal = refused('INVALID_RECORD', 'no')
      return this.#dice.chance(0.5) && refusal.kind === 'rejected' ? { ...refusal, recordIndex: bad } : refusal
    }
    if (fault === 'too-large' && this.#mayRefuse(records.map((record) => record.messageId)))
      return refused('MESSAGE_TOO_LARGE', 'no')
    const answer: SimAnswer = this.#partition(batch.partition).append(
      { ...batch, records },
      this.#options.wallMs(),
      this.#options.expirationMs,
    )
    if (answer.kind === 'error') return refused(answer.code, 'no')
    if (fault === 'after-append') return refused('NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'yes')
    if (fault === 'timed-out') return refused('REQUEST_TIMED_OUT', 'maybe')
    return answer
  }

  /** A passing limit: no message meets it more often than its policy forgives. */
  #mayRefuse(messageIds: readonly string[]): boolean {
    if (messageIds.some((id) => (this.#refusals.get(id) ?? 0) >= 2)) return false
    for (const id of messageIds) this.#refusals.set(id, (this.#refusals.get(id) ?? 0) + 1)
    return true
  }

  #partition(partition: number): SimPartition {
    const found = this.partitions[partition]
    if (!found) throw new Error(`no partition ${partition}`)
    return found
  }

  #view(): TopicView {
    return {
      topic: this.topic,
      topicId: this.topicId,
      partitions: this.partitions.map(({ leaderEpoch }, partition) => ({ partition, leader: 1, leaderEpoch })),
      replicationFactor: 3,
      maxMessageBytes: 1_048_588,
      retentionMs: -1,
      timestampType: 'CreateTime',
      producerIdExpirationMs: this.#options.expirationMs,
    }
  }
}

async function* read(
  caller: SimProcess,
  partition: SimPartition,
  from: number,
  to: number,
): AsyncIterable<FetchedBatch> {
  await caller.cross('read')
  const records = partition.log.slice(from, to)
  for (const record of records)
    yield {
      baseOffset: record.baseOffset,
      lastOffset: record.offset,
      leaderEpoch: partition.leaderEpoch,
      producerId: record.producerId,
      producerEpoch: record.producerEpoch,
      firstSequence: record.firstSequence,
      maxTimestampMs: record.stampMs,
      isControl: false,
      records: [
        {
          offset: record.offset,
          timestampMs: record.stampMs,
          key: Buffer.from(record.key),
          value: Buffer.from(record.messageId),
          headers: record.headers,
        },
      ],
    }
  await caller.cross('read back')
}
