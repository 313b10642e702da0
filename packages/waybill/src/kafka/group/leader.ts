import type { Log } from '../../ports/log.js'
import type { Topics } from '../topics.js'
import { WaybillError } from '../../model/errors.js'
import { describe } from '../network/link.js'
import type { JoinAnswer } from './classic-api.js'
import { assignmentBytes, parseSubscription } from './consumer-protocol.js'
import { balancedShares, type Claimant, givenNow } from './sticky-assignor.js'

/** What a leader decided, and from which partition counts: other counts are a reason to join again. */
export interface Plan {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
  readonly partitionCounts: ReadonlyMap<string, number>
}

/**
 * What the leader of a classic group gives each member. Rejects with WB_KAFKA_UNREACHABLE when the topics cannot be asked for,
 * and with a RangeError for a member whose subscription cannot be read: a guess could give one partition to two.
 */
export async function plan({ members, isAssigned }: JoinAnswer, topics: Topics, log: Log): Promise<Plan> {
  const claimants = members.map(
    ({ memberId, subscription }): Claimant => ({ memberId, ...parseSubscription(subscription) }),
  )
  const names = new Set(claimants.flatMap((each) => each.topics))
  const partitionCounts = await countPartitions([...names].sort(), topics, log)
  if (isAssigned) return { assignments: [], partitionCounts }
  const shares = givenNow(balancedShares(claimants, partitionCounts), claimants)
  const assignments = [...shares].map(([memberId, share]) => ({ memberId, assignment: assignmentBytes(share) }))
  return { assignments, partitionCounts }
}

/** Partitions of each topic, 0 where it does not exist or where we may not see it. */
export async function countPartitions(
  names: Iterable<string>,
  topics: Topics,
  log: Log,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const topic of names)
    try {
      counts.set(topic, (await topics.shape(topic))?.partitions.length ?? 0)
    } catch (error) {
      // Another member may have topics that we have no right to. Nobody reads them until a member that has leads.
      if (!(error instanceof WaybillError) || error.code !== 'WB_KAFKA_REFUSED') throw error
      log.error(`the group's leader cannot assign topic ${topic}: ${describe(error)}`, { topic })
      counts.set(topic, 0)
    }
  return counts
}
