import { Consumer } from '../../../src/consume/consumer.js'
import { consumeSettings } from '../../../src/consume/options.js'
import { BatchError } from '../../../src/model/batch-error.js'
import { jsonCodec } from '../../../src/model/codec.js'
import { WaybillError } from '../../../src/model/errors.js'
import type { ReceivedMessage } from '../../../src/model/received-message.js'
import type { Broker, FetchedBatch, ProduceOutcome } from '../../../src/ports/broker.js'
import type { Fetcher } from '../../../src/ports/fetcher.js'
import type { GroupPartition } from '../../../src/ports/group.js'
import type { Transactions } from '../../../src/ports/transactions.js'
import type { MemoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'
import { silentLog } from '../../../src/system/log.js'
import { SimProcess } from '../../simulation/process.js'
import type { Dice } from '../../simulation/dice.js'
import type { VirtualTime } from '../../simulation/virtual-time.js'
import type { Coordinator } from './coordinator.js'
import type { DeadTopic } from './dead-topic.js'
import { SimGroups } from './group-port.js'
import type { Effect, LogRecord } from './oracle.js'

type Tx = ReturnType<MemoryStore['begin']>

/** What consumer processes share. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly dice: Dice
  readonly coordinator: Coordinator
  /** One log per partition; `null` is an offset that holds no record (a control record, a compacted one). */
  readonly logs: readonly (readonly (LogRecord | null)[])[]
  readonly store: MemoryStore
  readonly effects: Effect[]
  readonly inbox: boolean
  /** Messages are handled several at once. */
  readonly batches: boolean
  /** Where dead letters go; undefined: a failed message is tried for ever. */
  readonly deadTopic: DeadTopic | undefined
  faultRate: number
  /** The newest seek of each partition. */
  readonly seeks: Map<number, Seek>
}

const topicId = 'a'.repeat(32)
const placeOf = (partition: number): GroupPartition => ({ topic: 'flights', topicId, partition })
const pageRecords = 4
const lettersSoon = { maxAttempts: 2, brakePercent: 100 }

/** A seek backwards; `at`: so many effects were there when it became the group's position. */
interface Seek {
  readonly to: number
  at: number | undefined
}

/** A consumer in a process that can be killed and paused at any await. */
export class ConsumerProcess extends SimProcess {
  readonly #around: Surroundings
  readonly #consumer: Consumer<Tx>
  readonly #groups: SimGroups
  readonly #open = new Set<Tx>()

  constructor(name: string, around: Surroundings) {
    super(name, around.time)
    this.#around = around
    const { time, dice, coordinator } = around
    this.#groups = new SimGroups(coordinator, this, time, placeOf, () => dice.chance(around.faultRate / 4))
    this.#consumer = new Consumer<Tx>({
      kafka: { ...this.#reads(), ...this.#writes(), join: (options, listener) => this.#groups.join(options, listener) },
      clock: this.clock,
      random: { next: () => dice.roll(), bytes: (count) => new Uint8Array(count) },
      log: silentLog,
      events: { emit: () => undefined },
      failpoints: { hit: () => undefined },
      group: 'board',
      topics: ['flights'],
      settings: consumeSettings({
        workers: around.batches ? 2 : 4,
        batch: 6,
        handleBatchMax: 3,
        ...(around.deadTopic ? { ...lettersSoon, onFailure: 'dead-letter' } : { maxAttempts: 1_000_000 }),
        backoffMinMs: 5,
        backoffMaxMs: 50,
        commitMs: 80,
        drainMs: 150,
        rebalanceTimeoutMs: 400,
        fetchWaitMs: 30,
      }),
      inbox: around.inbox ? { store: around.store.inbox, transactions: this.#transactions() } : undefined,
      handle: (message, { tx }) => this.#handle(message, tx),
      ...(around.batches ? { handleBatch: (messages, { tx }) => this.#handleAll(messages, tx) } : {}),
      retryable: () => true,
      codecOf: () => jsonCodec,
      deadLetterTopicOf: (topic) => `${topic}.board.dead`,
    })
    this.started = this.#consumer.start().catch((error: unknown) => {
      if (!this.isStopping) throw error
    })
  }

  /** Resolves when joined; never for a process that died first. */
  readonly started: Promise<void>

  /** SIGKILL: nothing of this process happens any more, its database connections end. */
  override kill(): void {
    for (const tx of this.#open) if (this.#around.store.isOpen(tx)) this.#around.store.rollback(tx)
    super.kill()
  }

  /** True once it was asked to stop: it takes no more work. */
  isStopping = false

  stop(): Promise<void> {
    this.isStopping = true
    return this.#consumer.stop()
  }

  /** Pauses a partition; one that it does not have is refused, which is all right. */
  hold(partition: number): void {
    this.#try(() => this.#consumer.pause('flights', partition))
  }

  /** Ends all pauses. */
  flow(): void {
    this.#try(() => this.#consumer.resume())
  }

  /** Back to a place that the partition holds, at or before the committed position. */
  async seek(partition: number): Promise<void> {
    const { dice, coordinator, effects, seeks } = this.#around
    const to = dice.whole((coordinator.committed(partition)?.offset ?? 0) + 1)
    const seek: Seek = { to, at: undefined }
    seeks.set(partition, seek)
    let takenAt = 0
    // The last one before the answer is the seek's own: until then this member has nothing to commit there.
    coordinator.mayGoBack(partition, to, (id) => {
      if (id.startsWith(`${this.name}#`)) takenAt = effects.length
    })
    try {
      await this.#consumer.seek('flights', partition, to)
      seek.at = takenAt
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
    }
  }

  #try(call: () => void): void {
    try {
      call()
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
    }
  }

  /** Fails as a whole, or names the first message that fails, and maybe those handled before it. */
  async #handleAll(messages: readonly ReceivedMessage[], tx: Tx | undefined): Promise<void> {
    const { dice } = this.#around
    for (const [at, message] of messages.entries()) {
      try {
        await this.#handle(message, tx)
      } catch (error) {
        if (dice.chance(0.4)) throw error
        throw new BatchError([{ message, error }], { handled: messages.slice(0, dice.chance(0.5) ? at : 0) })
      }
    }
  }

  /** The effect is one row, in the transaction of the inbox where there is one. */
  async #handle(message: ReceivedMessage, tx: Tx | undefined): Promise<void> {
    const { partition, offset } = message
    const id = message.text()
    const { dice, effects, faultRate } = this.#around
    // Now and then one outlives its drain, and maybe meets its own partition again.
    const hops = dice.chance(faultRate / 4) ? 60 : dice.whole(4)
    for (let hop = hops; hop >= 0; hop--) await this.cross('handler')
    if (id.startsWith('poison') || dice.chance(faultRate)) throw new Error('handler fails')
    const effect = { id, partition, offset }
    if (tx) this.#staged.set(tx, [...(this.#staged.get(tx) ?? []), effect])
    else effects.push(effect)
    await this.cross('handler end')
  }

  readonly #staged = new Map<Tx, Effect[]>()

  /** The store's own transactions, with effects that become visible with the commit, and a crossing at each step. */
  #transactions(): Transactions<Tx> {
    const { store, effects } = this.#around
    const base = memoryTransactions(store)
    return {
      ...base,
      check: (value: unknown): asserts value is Tx => {
        const checked: Transactions<Tx> = base
        checked.check(value)
      },
      run: async (fn) => {
        await this.cross('begin')
        const tx = store.begin()
        this.#open.add(tx)
        try {
          const result = await fn(tx)
          await this.cross('commit')
          store.commit(tx)
          effects.push(...(this.#staged.get(tx) ?? []))
          this.#open.delete(tx)
          await this.cross('committed')
          return result
        } catch (error) {
          if (store.isOpen(tx)) store.rollback(tx)
          throw error
        } finally {
          this.#open.delete(tx)
        }
      },
    }
  }

  /** The dead-letter topic: missing for a while, requests lost before and after the append, refused. */
  #writes(): Pick<Broker, 'describeTopic' | 'initProducerId' | 'produce'> {
    const { deadTopic, dice } = this.#around
    const fails = (share: number): boolean => dice.chance(this.#around.faultRate * share)
    const lost: ProduceOutcome = { kind: 'unknown', cause: 'cut' }
    return {
      describeTopic: async () => {
        await this.cross('describe')
        return fails(0.5) ? undefined : deadTopic?.view
      },
      initProducerId: async () => {
        await this.cross('producer id')
        return deadTopic?.newProducerId() ?? -1
      },
      produce: async ({ batches }) => {
        await this.cross('produce')
        if (fails(0.5)) return [lost]
        if (fails(0.5)) return [{ kind: 'rejected', code: 'MESSAGE_TOO_LARGE', appended: 'no', message: '' }]
        const outcomes = batches.map((batch) => deadTopic?.append(batch) ?? lost)
        await this.cross('produce back')
        return fails(2) ? [lost] : outcomes
      },
    }
  }

  #reads(): Fetcher &
    Pick<ConstructorParameters<typeof Consumer<Tx>>[0]['kafka'], 'offsets' | 'endOffsetForEpoch' | 'offsetAt'> {
    const { logs, dice } = this.#around
    const logOf = (partition: number): readonly (LogRecord | null)[] => logs[partition] ?? []
    return {
      offsetAt: () => Promise.reject(new Error('nobody seeks here')),
      offsets: async (_topic, partition) => {
        await this.cross('offsets')
        return { logStart: 0, highWatermark: logOf(partition).length }
      },
      endOffsetForEpoch: async (_topic, partition, leaderEpoch) => {
        await this.cross('epoch end')
        return { leaderEpoch, endOffset: logOf(partition).length }
      },
      fetch: async (positions, waitMs, signal, onAnswer) => {
        await this.cross('fetch')
        if (positions.every(({ partition, offset }) => offset >= logOf(partition).length))
          await this.#around.time.sleep(waitMs, signal)
        for (const position of positions) {
          await this.cross('fetched')
          if (dice.chance(this.#around.faultRate / 4)) onAnswer(position, { kind: 'failed', cause: 'moved' })
          else {
            const log = logOf(position.partition)
            const nextOffset = Math.min(log.length, position.offset + 1 + dice.whole(pageRecords))
            const batches = log
              .slice(position.offset, nextOffset)
              .flatMap((record) => (record ? [batchOf(record)] : []))
            onAnswer(position, { kind: 'records', batches, nextOffset, logStart: 0, highWatermark: log.length })
          }
        }
      },
    }
  }
}

function batchOf(record: LogRecord): FetchedBatch {
  return {
    baseOffset: record.offset,
    lastOffset: record.offset,
    leaderEpoch: 0,
    producerId: -1,
    producerEpoch: -1,
    firstSequence: -1,
    maxTimestampMs: 0,
    isControl: false,
    records: [
      {
        offset: record.offset,
        timestampMs: 0,
        key: Buffer.from(record.key),
        value: Buffer.from(record.id),
        headers: [['source', Buffer.from(record.id)]],
      },
    ],
  }
}
