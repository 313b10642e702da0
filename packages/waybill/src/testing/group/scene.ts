import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Broker } from '../../ports/broker.js'
import type { Fetcher, FetchOutcome, FetchPosition } from '../../ports/fetcher.js'
import type {
  CommitOutcome,
  CommittedOffset,
  GroupMember,
  GroupOptions,
  GroupPartition,
  Groups,
} from '../../ports/group.js'
import type { GroupHarness, GroupOpening } from './harness.js'
import type { Recorder } from './recorder.js'

const waitMaxMs = 60_000
const rebalanceTimeoutMs = 10_000

type Kafka = Broker & Fetcher & Groups

/** A new topic, a new group, and what a case does with them. Everything opened is closed at the end. */
export class GroupScene {
  readonly harness: GroupHarness
  readonly kafka: Kafka
  readonly topic: string
  readonly group: string
  readonly partitions: readonly GroupPartition[]
  readonly #opened: Kafka[]
  #producerId = -1
  readonly #sequences = new Map<number, number>()

  private constructor(harness: GroupHarness, kafka: Kafka, topic: string, partitions: readonly GroupPartition[]) {
    this.harness = harness
    this.kafka = kafka
    this.topic = topic
    this.group = `group-of-${topic}`
    this.partitions = partitions
    this.#opened = [kafka]
  }

  /** Runs `act` with a new topic of `count` partitions. */
  static async with(harness: GroupHarness, count: number, act: (scene: GroupScene) => Promise<void>): Promise<void> {
    const kafka = harness.open()
    const topic = `contract-${randomBytes(6).toString('hex')}`
    let scene: GroupScene | undefined
    try {
      await kafka.createTopics([{ topic, partitions: count, replicationFactor: 1 }])
      const view = await kafka.describeTopic(topic, { fresh: true })
      if (view === undefined) throw new Error(`topic ${topic} was created and is not known`)
      const { topicId } = view
      const partitions = Array.from({ length: count }, (_, partition) => ({ topic, topicId, partition }))
      scene = new GroupScene(harness, kafka, topic, partitions)
      await act(scene)
    } finally {
      await Promise.all((scene?.opened ?? [kafka]).map((each) => each.close()))
    }
  }

  get opened(): readonly Kafka[] {
    return this.#opened
  }

  /** An adapter of its own, closed with the scene. */
  open(opening?: GroupOpening): Kafka {
    const kafka = this.harness.open(opening)
    this.#opened.push(kafka)
    return kafka
  }

  /** Joins the scene's group. */
  join(
    recorder: Recorder,
    { kafka = this.kafka, ...options }: { kafka?: Kafka } & Partial<GroupOptions> = {},
  ): Promise<GroupMember> {
    const { groupProtocol, sessionTimeoutMs } = this.harness
    const usual = { group: this.group, topics: [this.topic], rebalanceTimeoutMs, groupProtocol, sessionTimeoutMs }
    return kafka.join({ ...usual, ...options }, recorder)
  }

  /** Waits until these recorders own all partitions of the topic between them, in these numbers. */
  async shared(...shares: readonly [Recorder, number][]): Promise<void> {
    const total = shares.reduce((sum, [, count]) => sum + count, 0)
    assert.equal(total, this.partitions.length, 'the shares add up')
    await this.until(
      () => shares.every(([recorder, count]) => recorder.partitions.length === count),
      () =>
        shares
          .map(([recorder, count]) => `${recorder.name} to own ${count}, owns ${recorder.told.join('; ')}`)
          .join(', '),
    )
  }

  /** Waits for a condition; fails with `what` after a minute (a restarted Kafka 3 takes 20 s until its groups are stable). */
  async until(isTrue: () => boolean, what: () => string): Promise<void> {
    const { clock } = this.harness
    const endMs = clock.monotonicMs() + waitMaxMs
    while (!isTrue()) {
      if (clock.monotonicMs() > endMs) assert.fail(`waited in vain for ${what()}`)
      await clock.sleep(10)
    }
  }

  /** Commits this offset for each of the partitions. */
  commit(
    member: GroupMember,
    partitions: readonly GroupPartition[],
    offset: number,
    metadata = '',
  ): Promise<readonly CommitOutcome[]> {
    return member.commit(partitions.map((each): CommittedOffset => ({ ...each, offset, leaderEpoch: 0, metadata })))
  }

  /** Committed offsets, -1 for none. */
  async committed(member: GroupMember, partitions: readonly GroupPartition[] = this.partitions): Promise<number[]> {
    return (await member.committed(partitions)).map((each) => each?.offset ?? -1)
  }

  /** Appends these values as one batch. */
  async produce(partition: number, values: readonly string[]): Promise<void> {
    if (this.#producerId < 0) this.#producerId = await this.kafka.initProducerId()
    const firstSequence = this.#sequences.get(partition) ?? 0
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] }))
    const place = this.partitions[partition] ?? assert.fail('no such partition')
    const identity = { producerId: this.#producerId, producerEpoch: 0, firstSequence }
    const endMs = this.harness.clock.monotonicMs() + waitMaxMs
    for (;;) {
      const view = await this.kafka.describeTopic(this.topic)
      const leader = view?.partitions[partition]?.leader ?? -1
      const batch = { ...place, ...identity, stampMs: this.harness.clock.wallMs(), records }
      const times = { timeoutMs: 10_000, sendBeforeMs: Number.POSITIVE_INFINITY }
      const [outcome] = await this.kafka.produce({ pipeline: 0, leader, batches: [batch], ...times })
      if (outcome?.kind === 'acked') break
      if (this.harness.clock.monotonicMs() > endMs) assert.fail(JSON.stringify(outcome))
      await this.harness.clock.sleep(50)
    }
    this.#sequences.set(partition, firstSequence + values.length)
  }

  /** A position in a partition of the topic. */
  position(partition: number, offset: number, changes: Partial<FetchPosition> = {}): FetchPosition {
    const place = this.partitions[partition] ?? assert.fail('no such partition')
    return { ...place, offset, lastLeaderEpoch: -1, bytesMax: 1024 * 1024, ...changes }
  }

  /** One fetch of one position, again while the cluster is still finding its leaders. */
  async fetch(position: FetchPosition, waitMs = 500): Promise<FetchOutcome> {
    const endMs = this.harness.clock.monotonicMs() + waitMaxMs
    for (;;) {
      let outcome: FetchOutcome | undefined
      await this.kafka.fetch([position], waitMs, new AbortController().signal, (_, each) => {
        outcome = each
      })
      if (outcome === undefined) assert.fail('a position without an outcome')
      if (outcome.kind !== 'failed' || this.harness.clock.monotonicMs() > endMs) return outcome
      await this.harness.clock.sleep(50)
    }
  }

  /** One fetch that must bring records; gives their texts and where to read on. */
  async records(position: FetchPosition): Promise<{ texts: string[]; nextOffset: number; leaderEpoch: number }> {
    const outcome = await this.fetch(position)
    if (outcome.kind !== 'records') assert.fail(JSON.stringify(outcome))
    const texts = outcome.batches.flatMap(({ records }) =>
      records.map(({ value }) => Buffer.from(value ?? []).toString()),
    )
    return { texts, nextOffset: outcome.nextOffset, leaderEpoch: outcome.batches.at(-1)?.leaderEpoch ?? -1 }
  }
}
