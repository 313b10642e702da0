import { WaybillError } from '../../model/errors.js'
import type { GroupListener, GroupMember, GroupOptions, Groups } from '../../ports/group.js'
import type { Log } from '../../ports/log.js'
import type { Cluster, KafkaContext } from '../network/cluster.js'
import type { Topics } from '../topics.js'
import { Coordinator } from './coordinator.js'
import { Membership } from './membership.js'
import { Offsets } from './offsets.js'

/** Groups over the KIP-848 protocol. See the port. */
export class KafkaGroups implements Groups {
  readonly #cluster: Cluster
  readonly #topics: Topics
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #members = new Set<Membership>()

  constructor(cluster: Cluster, topics: Topics, context: KafkaContext, log: Log) {
    this.#cluster = cluster
    this.#topics = topics
    this.#context = context
    this.#log = log
  }

  /** See the port. Resolves before the listener's first `assigned`. Rejects with WB_OPTION_INVALID for options that cannot be meant. */
  async join(options: GroupOptions, listener: GroupListener): Promise<GroupMember> {
    checkOptions(options)
    const memberId = this.#memberId()
    const coordinator = new Coordinator(options.group, memberId, this.#cluster, this.#context)
    const membership = new Membership({
      memberId,
      options,
      listener,
      coordinator,
      topics: this.#topics,
      context: this.#context,
      log: this.#log,
    })
    const offsets = new Offsets(options, membership, coordinator, this.#context)
    this.#members.add(membership)
    try {
      await membership.join()
    } catch (error) {
      this.#members.delete(membership)
      throw error
    }
    return {
      memberId,
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

function checkOptions({ group, topics, rebalanceTimeoutMs, instanceId }: GroupOptions): void {
  if (group === '') throw invalid('group', 'must not be empty')
  if (topics.length === 0) throw invalid('topics', 'must name at least one topic')
  if (!Number.isInteger(rebalanceTimeoutMs) || rebalanceTimeoutMs < 1 || rebalanceTimeoutMs > 3_600_000)
    throw invalid('rebalanceTimeoutMs', `must be a whole number between 1 and 3600000, not ${rebalanceTimeoutMs}`)
  if (instanceId === '') throw invalid('instanceId', 'must not be empty')
}

function invalid(option: string, problem: string): WaybillError {
  return new WaybillError('WB_OPTION_INVALID', `${option} ${problem}`, { facts: { option } })
}
