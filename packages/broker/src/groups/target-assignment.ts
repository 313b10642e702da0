import { ASSIGNORS, type Assignor } from './assignors.js'
import type { Member } from './consumer-group.js'
import type { TopicsView } from './coordinator.js'
import type { PartitionSets } from './partition-sets.js'
import { subscribedTopicIds } from './subscriptions.js'

/** Who shall hold what, computed by the assignor that most members ask for. */
export function computeTargets(
  topics: TopicsView,
  members: readonly Member[],
  targetOf: (member: Member) => PartitionSets,
): Map<string, PartitionSets> {
  const assign = ASSIGNORS.get(preferredAssignor(members)) as Assignor
  const targets = assign({
    members: members.map((m) => ({
      memberId: m.memberId,
      instanceId: m.instanceId,
      topicIds: subscribedTopicIds(topics, m),
      target: targetOf(m),
    })),
    partitionCount: (topicId) => topics.topicById(topicId)?.partitions.length ?? 0,
  })
  return new Map(targets)
}

/** The name most members ask for, else the default. */
export function preferredAssignor(members: Iterable<Member>): string {
  const votes = new Map<string, number>()
  for (const { serverAssignor } of members)
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? [...ASSIGNORS.keys()][0] ?? ''
}
