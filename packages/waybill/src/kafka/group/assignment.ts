import type { Clock } from '../../ports/clock.js'
import type { GroupListener, GroupPartition } from '../../ports/group.js'
import type { Log } from '../../ports/log.js'
import { withDeadline } from '../network/deadline.js'
import { describe } from '../network/link.js'
import type { AssignedPartition } from './heartbeat-api.js'

/** What the assignment needs from the membership around it. */
export interface AssignmentHost {
  /** Topic name of each id that the cluster knows. */
  namesOf(topicIds: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>
  /** What we own changed: tell the coordinator now. */
  changed(how: 'revoked' | 'assigned'): void
  /** The revoke did not end in time. */
  overdue(): void
}

/** What the coordinator wants us to own, and until when what it does not name must be given up (monotonic ms). */
interface Target {
  readonly partitions: readonly AssignedPartition[]
  readonly revokeByMs: number
}

interface Held extends GroupPartition {
  /** Grows with every assignment of any partition: tells two ownerships of the same partition apart. */
  readonly turn: number
}

/**
 * The partitions we own, and their way to what the coordinator wants (KIP-848 reconciliation). One step at a time: first what
 * is to be given up, told to the listener and awaited, still owned meanwhile (its last commit needs that); then what is new.
 * Classic members use it the same way, towards what the leader gave them (KIP-429).
 * `clear` ends everything at once, also under a waiting revoke.
 */
export class Assignment {
  readonly #listener: GroupListener
  readonly #host: AssignmentHost
  readonly #clock: Clock
  readonly #log: Log
  readonly #held = new Map<string, Held>()
  #target: Target | undefined
  #seen: Target | undefined
  #turns = 0
  /** Ended by `clear`; a step that began before does nothing after. */
  #life = new Life()
  #isSettling = false

  constructor(listener: GroupListener, host: AssignmentHost, clock: Clock, log: Log) {
    this.#listener = listener
    this.#host = host
    this.#clock = clock
    this.#log = log
  }

  /** Partitions owned now, those included whose revoke is still running. */
  get owned(): readonly GroupPartition[] {
    return [...this.#held.values()].map(({ topic, topicId, partition }) => ({ topic, topicId, partition }))
  }

  /** Which ownership of this partition this is; `undefined` when it is not ours. */
  turnOf(partition: AssignedPartition): number | undefined {
    return this.#held.get(keyOf(partition))?.turn
  }

  /** The coordinator's newest word. */
  aim(partitions: readonly AssignedPartition[], revokeByMs: number): void {
    this.#target = { partitions, revokeByMs }
    this.settle()
  }

  /** Goes on towards the target, for example when a topic had no name yet. */
  settle(): void {
    if (this.#isSettling || this.#target === undefined) return
    this.#isSettling = true
    this.#settle()
      .catch((error: unknown) => this.#log.warn(`the assignment is not taken yet: ${describe(error)}`, { error }))
      .finally(() => {
        this.#isSettling = false
        if (this.#target !== this.#seen) this.settle() // aimed anew after the last look
      })
  }

  /** Nothing is ours any more. */
  clear(): void {
    this.#life.end()
    this.#life = new Life()
    this.#held.clear()
    this.#target = undefined
    this.#seen = undefined
  }

  async #settle(): Promise<void> {
    // Behind the turn that resolves `join`: its caller has the member before the first assignment.
    await this.#clock.sleep(0)
    for (;;) {
      const target = this.#target
      const life = this.#life
      this.#seen = target
      if (target === undefined) return
      const wanted = new Set(target.partitions.map(keyOf))
      const revoked = [...this.#held].filter(([key]) => !wanted.has(key)).map(([, held]) => held)
      if (revoked.length > 0) {
        await this.#revoke(revoked, target.revokeByMs, life)
        continue
      }
      const added = await this.#named(target.partitions.filter((each) => this.turnOf(each) === undefined))
      if (this.#target !== target || life.isOver) continue
      if (added.length === 0) return
      this.#assign(added)
    }
  }

  async #revoke(revoked: readonly Held[], revokeByMs: number, life: Life): Promise<void> {
    const work = Promise.race([this.#told(revoked), life.over])
    const { inTime } = await withDeadline(this.#clock, revokeByMs - this.#clock.monotonicMs(), work)
    if (life.isOver) return
    if (!inTime) return this.#host.overdue()
    for (const each of revoked) this.#held.delete(keyOf(each))
    this.#host.changed('revoked')
  }

  /** A listener that fails has given up all the same: holding the partitions for ever would be worse than no last commit. */
  async #told(revoked: readonly GroupPartition[]): Promise<void> {
    try {
      await this.#listener.revoked(revoked.map(({ topic, topicId, partition }) => ({ topic, topicId, partition })))
    } catch (error) {
      this.#log.error(`the listener failed to give up partitions: ${describe(error)}`, { error })
    }
  }

  #assign(added: readonly GroupPartition[]): void {
    for (const each of added) this.#held.set(keyOf(each), { ...each, turn: ++this.#turns })
    this.#host.changed('assigned')
    try {
      this.#listener.assigned(added)
    } catch (error) {
      this.#log.error(`the listener failed to take partitions: ${describe(error)}`, { error })
    }
  }

  /** Those whose topic has a name; the others wait for the next heartbeat's answer. */
  async #named(partitions: readonly AssignedPartition[]): Promise<GroupPartition[]> {
    if (partitions.length === 0) return []
    const names = await this.#host.namesOf(new Set(partitions.map(({ topicId }) => topicId)))
    return partitions.flatMap(({ topicId, partition }) => {
      const topic = names.get(topicId)
      return topic === undefined ? [] : [{ topic, topicId, partition }]
    })
  }
}

/** The time between two losses of the membership. */
class Life {
  readonly over: Promise<void>
  isOver = false
  #resolve: () => void = () => {}

  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  end(): void {
    this.isOver = true
    this.#resolve()
  }
}

function keyOf({ topicId, partition }: AssignedPartition): string {
  return `${topicId} ${partition}`
}
