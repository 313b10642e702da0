import { WaybillError } from '../../model/errors.js'
import type { GroupListener, GroupMember, GroupOptions, GroupProtocol, Groups } from '../../ports/group.js'
import type { Log } from '../../ports/log.js'
import type { Cluster, KafkaContext } from '../network/cluster.js'
import type { Topics } from '../topics.js'
import { ClassicMembership } from './classic-membership.js'
import { Coordinator } from './coordinator.js'
import type { GroupMembership } from './group-membership.js'
import { Membership } from './membership.js'
import { Offsets } from './offsets.js'

/** Groups over both protocols. See the port. */
export class KafkaGroups implements Groups {
  readonly #cluster: Cluster
  readonly #topics: Topics
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #members = new Set<GroupMembership>()

  constructor(cluster: Cluster, topics: Topics, context: KafkaContext, log: Log) {
    this.#cluster = cluster
    this.#topics = topics
    this.#context = context
    this.#log = log
  }

  /** See the port. Resolves before the listener's first `assigned`. Rejects with WB_OPTION_INVALID for options that cannot be meant. */
  async join(options: GroupOptions, listener: GroupListener): Promise<GroupMember> {
    checkOptions(options)
    const { groupProtocol = 'auto' } = options
    if (groupProtocol !== 'auto') return this.#join(groupProtocol, options, listener)
    try {
      return await this.#join('consumer', options, listener)
    } catch (error) {
      if (!mayBeClassic(error)) throw error
      this.#log.info(`group ${options.group}: joining by the classic protocol (${error.message})`, {})
      return this.#join('classic', options, listener)
    }
  }

  async #join(
    protocol: Exclude<GroupProtocol, 'auto'>,
    options: GroupOptions,
    listener: GroupListener,
  ): Promise<GroupMember> {
    const memberId = this.#memberId()
    const coordinator = new Coordinator(options.group, memberId, this.#cluster, this.#context)
    const around = { topics: this.#topics, context: this.#context, log: this.#log }
    const parts = { memberId, options, listener, coordinator, ...around }
    const membership = protocol === 'classic' ? new ClassicMembership(parts) : new Membership(parts)
    const offsets = new Offsets(options, membership, coordinator, this.#context)
    this.#members.add(membership)
    try {
      await membership.join()
    } catch (error) {
      this.#members.delete(membership)
      throw error
    }
    return {
      get memberId() {
        return membership.memberId
      },
      owned: () => membership.owned(),
      commit: (positions) => offsets.commit(positions),
      committed: (partitions) => offsets.committed(partitions),
      leave: async () => {
        await membership.leave()
        this.#members.delete(membership)
      },
    }
  }

  /** Ends all memberships without leaving, as a crash would. */
  close(): void {
    for (const membership of this.#members) membership.abandon('the Kafka connection was closed')
    this.#members.clear()
  }

  /** KIP-848: a uuid of the member's own, as Kafka writes one; its first bit is 0 so that it never begins with a dash. */
  #memberId(): string {
    const bytes = Buffer.from(this.#context.random.bytes(16))
    bytes[0] = (bytes[0] ?? 0) & 0x7f
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    return bytes.toString('base64url')
  }
}

/**
 * Whether KIP-848 was refused in a way that leaves the classic protocol: the cluster does not offer it (Kafka 3.9 names the
 * request and refuses it), or the group has classic members and the broker does not convert it
 * (`group.consumer.migration.policy`; by default it does, and members of both protocols share one group).
 */
function mayBeClassic(error: unknown): error is WaybillError {
  if (!(error instanceof WaybillError) || error.code !== 'WB_KAFKA_REFUSED') return false
  return error.facts['kafka'] === 'UNSUPPORTED_VERSION' || error.facts['kafka'] === 'GROUP_ID_NOT_FOUND'
}

function checkOptions(options: GroupOptions): void {
  const { group, topics, rebalanceTimeoutMs, instanceId, groupProtocol = 'auto', sessionTimeoutMs = 1 } = options
  if (group === '') throw invalid('group', 'must not be empty')
  if (topics.length === 0) throw invalid('topics', 'must name at least one topic')
  if (!Number.isInteger(rebalanceTimeoutMs) || rebalanceTimeoutMs < 1 || rebalanceTimeoutMs > 3_600_000)
    throw invalid('rebalanceTimeoutMs', `must be a whole number between 1 and 3600000, not ${rebalanceTimeoutMs}`)
  if (instanceId === '') throw invalid('instanceId', 'must not be empty')
  if (!['auto', 'consumer', 'classic'].includes(groupProtocol))
    throw invalid('groupProtocol', `must be auto, consumer or classic, not ${groupProtocol}`)
  if (!Number.isInteger(sessionTimeoutMs) || sessionTimeoutMs < 1 || sessionTimeoutMs > 3_600_000)
    throw invalid('sessionTimeoutMs', `must be a whole number between 1 and 3600000, not ${sessionTimeoutMs}`)
}

function invalid(option: string, problem: string): WaybillError {
  return new WaybillError('WB_OPTION_INVALID', `${option} ${problem}`, { facts: { option } })
}
