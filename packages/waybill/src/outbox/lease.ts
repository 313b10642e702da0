import { causeText } from '../model/errors.js'
import type { LaneState, Lease } from '../ports/outbox-store.js'
import { OwnedLane } from './lane-state.js'
import type { RelayContext } from './relay-context.js'
import { ensureProducerId } from './resolve.js'

/** What the lease keeper tells its relay. */
export interface LeaseHost {
  took(lane: OwnedLane): void
  lost(lane: OwnedLane): void
  /** Background work that must end before the relay does. */
  track(work: Promise<unknown>): void
}

/**
 * Keeps this relay's share of the lanes: renews, takes free and expired ones, hands over what is too much. All judgements
 * about other relays come from the store; our own lease is taken to end `leaseMs` after the moment *before* we asked.
 */
export class LeaseKeeper {
  readonly #context: RelayContext
  readonly #owner: string
  readonly #lanesTotal: number
  readonly #host: LeaseHost
  readonly #lanes = new Map<number, OwnedLane>()
  /** Set on stop: our share is nothing, lanes go back as their flights end. */
  draining = false

  constructor(context: RelayContext, owner: string, lanesTotal: number, host: LeaseHost) {
    this.#context = context
    this.#owner = owner
    this.#lanesTotal = lanesTotal
    this.#host = host
  }

  /** Lanes held now. */
  held(): readonly OwnedLane[] {
    return [...this.#lanes.values()]
  }

  /** One round: heartbeat, drop what was taken over, hand over what is too much, take what is missing. */
  async round(): Promise<void> {
    const { store, clock, options, databaseTime } = this.#context
    const askedAtMs = clock.monotonicMs()
    const beat = await store.heartbeat(this.#owner, options.leaseMs)
    databaseTime.learn(beat.nowMs, askedAtMs)
    const leases = new Map(beat.leases.map((lease) => [lease.lane, lease]))
    for (const lane of this.held()) {
      const lease = leases.get(lane.lane)
      if (lease?.fence === lane.lease.fence) lane.leaseEndMs = askedAtMs + options.leaseMs
      else this.takenOver(lane)
    }
    await this.#giveBackUnknown(beat.leases)
    const fair = Math.min(options.lanesMax, Math.ceil(this.#lanesTotal / Math.max(1, beat.relays)))
    const share = this.draining ? 0 : fair
    await this.#handOver(share)
    if (this.#lanes.size < share && beat.free > 0) await this.#take(Math.min(beat.free, share - this.#lanes.size))
  }

  /** Our lease ran out and the store says so: the lane is lost although nobody wanted that. */
  takenOver(lane: OwnedLane): void {
    if (this.#lanes.get(lane.lane) !== lane) return
    this.#context.events.emit({ kind: 'lane-lost', lane: lane.lane })
    this.lose(lane)
  }

  /** Somebody else has the lane: whatever is under way for it here can no longer be written. */
  lose(lane: OwnedLane): void {
    if (this.#lanes.get(lane.lane) !== lane) return
    this.#lanes.delete(lane.lane)
    lane.gone.abort()
    this.#host.lost(lane)
    this.#tell()
  }

  /** Gives a lane back because memory and store may differ; the next owner reads the store. */
  abandon(lane: OwnedLane, cause: string): void {
    if (this.#lanes.get(lane.lane) !== lane) return
    this.#context.log.warn('giving a lane back', { lane: lane.lane, cause })
    this.lose(lane)
    this.#host.track(this.#release([lane]))
  }

  /** Forgets everything and gives all lanes back. */
  async leave(): Promise<void> {
    for (const lane of this.held()) this.lose(lane)
    await this.#context.store.leave(this.#owner)
  }

  /**
   * A take whose answer was lost leaves us leases that we know nothing about, and each heartbeat would renew them for ever
   * (simulation, seed 1 path 185). Taking them again reads their state.
   */
  async #giveBackUnknown(leases: readonly Lease[]): Promise<void> {
    const unknown = leases.filter((lease) => this.#lanes.get(lease.lane)?.lease.fence !== lease.fence)
    if (unknown.length > 0) await this.#context.store.release(this.#owner, unknown)
  }

  /** Too many lanes: stop claiming on the surplus, and give back those without an open flight. */
  async #handOver(share: number): Promise<void> {
    const lanes = [...this.held()].sort((a, b) => a.lane - b.lane)
    lanes.forEach((lane, at) => {
      lane.closing = at >= share
    })
    const ready = lanes.filter((lane) => lane.closing && !lane.busy)
    for (const lane of ready) this.lose(lane)
    if (ready.length > 0) await this.#release(ready)
  }

  async #take(count: number): Promise<void> {
    const { store, clock, options, failpoints } = this.#context
    const askedAtMs = clock.monotonicMs()
    const states = await store.take(this.#owner, count, options.leaseMs)
    await failpoints.hit('lease:after-take')
    for (const state of states) this.#add(state, askedAtMs)
    if (states.length > 0) this.#tell()
  }

  #add(state: LaneState, askedAtMs: number): void {
    const { clock, options } = this.#context
    const lane = new OwnedLane(state, clock.monotonicMs(), askedAtMs + options.leaseMs)
    this.#lanes.set(lane.lane, lane)
    if (lane.lease.producerId === null) this.#host.track(ensureProducerId(this.#context, lane))
    this.#host.took(lane)
  }

  /** A release that fails is harmless: the lease runs out. */
  async #release(lanes: readonly OwnedLane[]): Promise<void> {
    try {
      await this.#context.store.release(
        this.#owner,
        lanes.map(({ lease }) => lease),
      )
    } catch (error) {
      this.#context.log.warn('lanes were not given back, their leases will run out', { cause: causeText(error) })
    }
  }

  #tell(): void {
    this.#context.events.emit({ kind: 'lanes', owner: this.#owner, held: this.held().map(({ lane }) => lane) })
  }
}
