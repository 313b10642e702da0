import type { CommitOutcome, GroupListener, GroupMember, GroupPartition, Groups } from '../../../src/ports/group.js'
import type { SimProcess } from '../../simulation/process.js'
import type { VirtualTime } from '../../simulation/virtual-time.js'
import type { Coordinator } from './coordinator.js'

const heartbeatMs = 60

/** A membership as the wire adapter keeps it: heartbeats of its own, awaited revoke, commits only under the epoch of now. */
export class SimGroups implements Groups {
  readonly #coordinator: Coordinator
  readonly #caller: SimProcess
  readonly #time: VirtualTime
  readonly #placeOf: (partition: number) => GroupPartition
  /** Chance that a commit's answer is lost. */
  readonly #isCut: () => boolean
  #id = ''
  #epoch = 0
  #count = 0
  #owned = new Set<number>()
  #left = false
  readonly loops: Promise<void>[] = []

  constructor(
    coordinator: Coordinator,
    caller: SimProcess,
    time: VirtualTime,
    placeOf: (partition: number) => GroupPartition,
    isCut: () => boolean,
  ) {
    this.#coordinator = coordinator
    this.#caller = caller
    this.#time = time
    this.#placeOf = placeOf
    this.#isCut = isCut
    this.#id = caller.name
  }

  async join(_options: unknown, listener: GroupListener): Promise<GroupMember> {
    await this.#join()
    this.loops.push(this.#beat(listener))
    return {
      memberId: this.#id,
      owned: () => [...this.#owned].map(this.#placeOf),
      commit: (offsets) => this.#commit(offsets),
      committed: async (places) => {
        await this.#caller.cross('committed')
        const found = places.map(({ partition }) => this.#coordinator.committed(partition))
        await this.#caller.cross('committed back')
        return found
      },
      leave: async () => {
        this.#left = true
        await this.#caller.cross('leave')
        this.#coordinator.leave(this.#id)
      },
    }
  }

  async #join(): Promise<void> {
    await this.#caller.cross('join')
    this.#id = `${this.#id.split('#')[0]}#${this.#count++}`
    this.#epoch = 0
    this.#owned = new Set()
    this.#coordinator.join(this.#id, this.#time.nowMs)
    await this.#caller.cross('joined')
  }

  async #beat(listener: GroupListener): Promise<void> {
    while (!this.#left) {
      await this.#caller.cross('heartbeat')
      const answer = this.#coordinator.heartbeat(this.#id, this.#epoch, this.#owned, this.#time.nowMs)
      await this.#caller.cross('heartbeat back')
      if (answer.kind === 'fenced') {
        this.#owned = new Set()
        listener.lost('fenced')
        await this.#join()
        continue
      }
      this.#epoch = answer.epoch
      const gone = [...this.#owned].filter((partition) => !answer.target.has(partition))
      if (gone.length > 0) await listener.revoked(gone.map(this.#placeOf))
      const come = [...answer.target].filter((partition) => !this.#owned.has(partition))
      this.#owned = new Set(answer.target)
      if (come.length > 0) listener.assigned(come.map(this.#placeOf))
      if (gone.length === 0) await this.#time.sleep(heartbeatMs)
    }
  }

  async #commit(offsets: Parameters<GroupMember['commit']>[0]): Promise<readonly CommitOutcome[]> {
    const [id, epoch] = [this.#id, this.#epoch]
    await this.#caller.cross('commit')
    const isCut = this.#isCut()
    const outcomes = offsets.map((offset) => this.#coordinator.commit(id, epoch, offset))
    await this.#caller.cross('commit back')
    return isCut ? offsets.map(() => ({ kind: 'unknown' as const, cause: 'cut' })) : outcomes
  }
}
