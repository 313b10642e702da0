import type { GroupOptions } from '../../ports/group.js'
import { groupErrors } from '../error-codes.js'
import type { KafkaContext } from '../network/cluster.js'
import type { Link } from '../network/link.js'
import {
  type ClassicMember,
  classicHeartbeatApi,
  type JoinAnswer,
  joinApi,
  leaveApi,
  type SyncAnswer,
  syncApi,
} from './classic-api.js'
import { type Subscription, subscriptionBytes } from './consumer-protocol.js'
import type { Coordinator } from './coordinator.js'
import { refusal } from './refusal.js'

/** The protocol type of groups that consume, and the one assignor we speak (KIP-429). */
const protocolType = 'consumer'
const assignor = 'cooperative-sticky'
/** What others may need beyond the rebalance timeout, as in the Java client (`JOIN_GROUP_TIMEOUT_LAPSE`). */
const joinLapseMs = 5000

/**
 * The requests of one member of a classic group. JoinGroup and SyncGroup wait for the other members, on a connection of their
 * own, so that heartbeats and commits go on meanwhile.
 */
export class ClassicRequests {
  readonly #options: GroupOptions
  readonly #sessionTimeoutMs: number
  readonly #coordinator: Coordinator
  readonly #context: KafkaContext
  #waiting = 0

  constructor(options: GroupOptions, sessionTimeoutMs: number, coordinator: Coordinator, context: KafkaContext) {
    this.#options = options
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#coordinator = coordinator
    this.#context = context
  }

  /** Whether a JoinGroup or SyncGroup waits at the coordinator, as far as we know. */
  get isWaiting(): boolean {
    return this.#waiting > 0
  }

  /** JoinGroup. Waits for all members: at most the rebalance timeout and 5 s. */
  join(memberId: string, subscription: Subscription): Promise<JoinAnswer> {
    const { rebalanceTimeoutMs } = this.#options
    return this.#waiter(async (link) => {
      const api = joinApi(link)
      if (api === undefined) throw refusal(this.#options, groupErrors.unsupportedVersion, 'JoinGroup')
      const request = {
        ...this.#member(memberId),
        sessionTimeoutMs: this.#sessionTimeoutMs,
        rebalanceTimeoutMs,
        protocolType,
        assignor,
        subscription: subscriptionBytes(subscription),
      }
      return link.call('JoinGroup', this.#waitMs(), (connection) => api.async(connection, request))
    })
  }

  /** SyncGroup. Waits for the leader's assignments. */
  sync(
    memberId: string,
    generation: number,
    assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
  ): Promise<SyncAnswer> {
    const request = { ...this.#member(memberId), generation, protocolType, assignor, assignments }
    return this.#waiter((link) =>
      link.call('SyncGroup', this.#waitMs(), (connection) => syncApi.async(connection, request)),
    )
  }

  /** Heartbeat: the error code. */
  beat(memberId: string, generation: number): Promise<number> {
    // Three tries fit into a session, so that one lost answer or a dead coordinator does not end it.
    const waitMs = Math.min(this.#context.settings.requestTimeoutMs, Math.max(100, this.#sessionTimeoutMs / 3))
    return this.#coordinator.ask('heartbeat', (link) =>
      link.call('Heartbeat', waitMs, (connection) =>
        classicHeartbeatApi.async(connection, this.#member(memberId), generation),
      ),
    )
  }

  /** LeaveGroup: the error code. */
  leave(memberId: string, waitMs: number): Promise<number> {
    return this.#coordinator.ask('heartbeat', (link) =>
      link.call('LeaveGroup', waitMs, (connection) => leaveApi.async(connection, this.#member(memberId))),
    )
  }

  #waiter<T>(ask: (link: Link) => Promise<T>): Promise<T> {
    return this.#coordinator.ask('join', async (link) => {
      this.#waiting++
      try {
        return await ask(link)
      } finally {
        this.#waiting--
      }
    })
  }

  #waitMs(): number {
    return this.#options.rebalanceTimeoutMs + joinLapseMs
  }

  #member(memberId: string): ClassicMember {
    const { group, instanceId } = this.#options
    return { group, memberId, instanceId }
  }
}
