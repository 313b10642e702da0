import { WaybillError } from '../model/errors.js'
import type { TopicView } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { GroupMember, GroupPartition, Groups } from '../ports/group.js'
import { redriveGroupOf } from './group-status.js'

const assignedWithinMs = 30_000
const lookMs = 20
const rebalanceTimeoutMs = 30_000
const commitTriesMax = 20
const commitPauseMs = 250

/**
 * The right to send letters of one dead-letter topic back: the one membership in `<group>.redrive`, under a fixed instance id. A
 * second run is refused while the first lives, and a first one that comes back from the dead is fenced: its commits fail,
 * and what it still sends goes under the identity of an intent that the second run knows.
 */
export class RedriveLock {
  readonly #member: GroupMember
  readonly #clock: Clock
  readonly #gone: AbortController
  readonly #assigned = new Map<number, GroupPartition>()

  private constructor(member: GroupMember, clock: Clock, gone: AbortController) {
    this.#member = member
    this.#gone = gone
    this.#clock = clock
  }

  /** Joins and waits for every partition. Waits for the session of a run that was killed; rejects while another runs. */
  static async take(
    kafka: Groups,
    clock: Clock,
    { topic, partitions }: TopicView,
    group: string,
  ): Promise<RedriveLock> {
    // `assigned` may come before `join` has handed out the member.
    const holder: { lock?: RedriveLock } = {}
    const early: GroupPartition[] = []
    const gone = new AbortController()
    const options = { group: redriveGroupOf(group), topics: [topic], rebalanceTimeoutMs, instanceId: 'redrive' }
    const member = await kafka.join(options, {
      assigned: (given) => (holder.lock ? holder.lock.#take(given) : early.push(...given)),
      // Only a stranger in the group takes partitions away.
      revoked: async () => gone.abort(),
      lost: () => gone.abort(),
      ended: () => gone.abort(),
    })
    const lock = new RedriveLock(member, clock, gone)
    holder.lock = lock
    lock.#take(early)
    const untilMs = clock.monotonicMs() + assignedWithinMs
    while (lock.#assigned.size < partitions.length && !lock.isLost && clock.monotonicMs() < untilMs)
      await clock.sleep(lookMs)
    if (lock.#assigned.size === partitions.length && !lock.isLost) return lock
    await lock.release()
    throw lost(group, `the group did not get all partitions of ${topic}: does somebody else consume in it?`)
  }

  /** True when somebody else may send now. */
  get isLost(): boolean {
    return this.#gone.signal.aborted
  }

  /** What the group holds for this partition now. */
  async committed(partition: number): Promise<{ readonly offset: number; readonly metadata: string } | undefined> {
    const [found] = await this.#member.committed([this.#placeOf(partition)])
    return found
  }

  /** Durable when it resolves. Rejects when the right is lost or Kafka refuses: then nothing more may be sent. */
  async commit(partition: number, offset: number, metadata: string): Promise<void> {
    const place = this.#placeOf(partition)
    let cause = ''
    for (let tries = 0; tries < commitTriesMax && !this.isLost; tries++) {
      const [outcome] = await this.#member.commit([{ ...place, offset, leaderEpoch: -1, metadata }])
      if (outcome?.kind === 'committed') return
      cause = outcome ? ('cause' in outcome ? outcome.cause : 'code' in outcome ? outcome.code : outcome.kind) : ''
      if (outcome?.kind !== 'unknown') break
      await this.#clock.sleep(commitPauseMs, this.#gone.signal)
    }
    throw lost(place.topic, `what was sent back could not be written down: ${cause || 'the membership is lost'}`)
  }

  /** Leaves; the next run need not wait. */
  release(): Promise<void> {
    return this.#member.leave()
  }

  #take(given: readonly GroupPartition[]): void {
    for (const place of given) this.#assigned.set(place.partition, place)
  }

  #placeOf(partition: number): GroupPartition {
    const place = this.#assigned.get(partition)
    if (!place) throw lost(String(partition), 'the partition is not ours')
    return place
  }
}

function lost(what: string, cause: string): WaybillError {
  return new WaybillError('WB_KAFKA_REFUSED', `redrive of ${what}: ${cause}`, { facts: { kafka: 'NONE' } })
}
