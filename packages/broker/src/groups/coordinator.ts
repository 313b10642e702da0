import type { Random } from '../system/random.js'
import type { Clock, Timers } from '../system/clock.js'
import type { Configs } from '../topics/configs.js'
import type { Partition, Topic } from '../topics/partition.js'
import { type ClassicGroup } from './classic-group.js'
import { abortRebalances, watchClassicMembers } from './classic-rebalance.js'
import { watchConsumerMembers } from './consumer-timeouts.js'
import type { CoordinatorRecord } from './coordinator-record.js'
import { GroupLog } from './group-log.js'
import { type Group, GroupState, offsetRecord } from './group-state.js'
import { expireAll } from './offset-expiry.js'

/** The topics of the node, as far as groups care. */
export interface TopicsView {
  topic(name: string): Topic | undefined
  topicById(id: string): Topic | undefined
  topics(): Topic[]
  /** Another number after every change of topics or partitions. */
  readonly topicsVersion: number
}

/** What the coordinator is made of. */
export interface CoordinatorOptions {
  readonly partition: Partition
  readonly topics: TopicsView
  readonly configs: Configs
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  log(line: string): void
}

/** The log is rewritten when it is this much larger than after the last time. */
const COMPACT_BYTES = 8 * 1024 * 1024

/**
 * The group coordinator of the node: groups, their timers, and the log that all of it comes from. Every operation runs to
 * its end without awaiting, so nothing interleaves with it; it first computes records, then `write` appends them and only
 * then applies them. What is not in the log has not happened.
 *
 * open -> (operations, expiry) -> close; `reload` forgets all memory and reads the log again, as a move to another broker.
 */
export class GroupCoordinator {
  readonly topics: TopicsView
  readonly random: Random
  readonly #options: CoordinatorOptions
  readonly #log: GroupLog
  readonly #timers = new Map<string, () => void>()
  #state = new GroupState()
  #compactAbove = COMPACT_BYTES
  #closed = false

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.topics = options.topics
    this.random = options.random
    this.#log = new GroupLog(options.partition, () => options.clock.now())
    this.#load()
  }

  get state(): GroupState {
    return this.#state
  }

  now(): number {
    return this.#options.clock.now()
  }

  config(name: string): number {
    return this.#options.configs.brokerNumber(name)
  }

  log(line: string): void {
    this.#options.log(line)
  }

  group(id: string): Group | undefined {
    return this.#state.groups.get(id)
  }

  /** Keeps a group that no record tells of yet (a classic group whose first members are joining). */
  keep(group: ClassicGroup): void {
    this.#state.groups.set(group.id, group)
  }

  /** Appends the records as one batch and applies them. Throws an ApiError when nothing was written or changed. */
  write(records: readonly CoordinatorRecord[]): void {
    this.#log.append(records)
    for (const record of records) {
      // A classic group is ahead of its own record: it holds the requests that wait.
      if (record.kind === 'classicGroup' && record.value !== null) continue
      this.#state.apply(record)
    }
    if (this.#log.sizeBytes > this.#compactAbove && this.#state.canSnapshot) this.#compact()
  }

  /** Runs `action` once after `ms`, unless another action of the same key is scheduled before. */
  schedule(key: string, ms: number, action: () => void): void {
    this.cancel(key)
    const cancel = this.#options.timers.after(ms, () => {
      this.#timers.delete(key)
      try {
        action()
      } catch (error) {
        // The disk refused: Kafka tries such a timer again, too.
        this.log(`group timer ${key} failed and is tried again: ${String(error)}`)
        if (!this.#closed) this.schedule(key, RETRY_MS, action)
      }
    })
    this.#timers.set(key, cancel)
  }

  cancel(key: string): void {
    this.#timers.get(key)?.()
    this.#timers.delete(key)
  }

  /** Offsets of a deleted topic go with it (OffsetMetadataManager.onTopicsDeleted). */
  topicDeleted(topic: { name: string; id: string }): void {
    const records: CoordinatorRecord[] = []
    for (const group of this.#state.groupsWithOffsets())
      for (const partition of this.#state.offsetsOf(group).get(topic.name)?.keys() ?? [])
        records.push(offsetRecord(group, topic.name, partition, null))
    this.write(records)
  }

  /** Forgets offsets and groups whose time is over; the broker calls this every offsets.retention.check.interval.ms. */
  expireOffsets(): void {
    expireAll(this)
  }

  /** The coordinator moves away and comes back: memory gone, waiting requests answered, the log read again. */
  reload(): void {
    this.#forget()
    this.#load()
  }

  /** Ends timers and answers what waits. Writes nothing: a stop of the broker is no leave of its members. */
  close(): void {
    this.#closed = true
    this.#forget()
  }

  #forget(): void {
    abortRebalances(this)
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #load(): void {
    this.#state = new GroupState()
    for (const record of this.#log.replay()) this.#state.apply(record)
    // A member that lived through the restart has one session timeout to be heard again (GroupMetadataManager.onLoaded).
    watchConsumerMembers(this)
    watchClassicMembers(this)
  }

  #compact(): void {
    try {
      this.#log.compact(this.#state.snapshot())
      this.#compactAbove = this.#log.sizeBytes + COMPACT_BYTES
    } catch (error) {
      // Nothing is lost: the log is only longer than it need be.
      this.log(`the group log could not be shortened: ${String(error)}`)
      this.#compactAbove = this.#log.sizeBytes + COMPACT_BYTES
    }
  }
}

const RETRY_MS = 500
