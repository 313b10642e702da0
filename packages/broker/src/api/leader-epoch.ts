import { ErrorCode } from '../protocol/error-codes.js'
import type { Partition } from '../topics/partition.js'

/** Kafka's check of a client's idea of the leader epoch (Partition.checkCurrentLeaderEpoch); -1 = the client has none. */
export function epochError(partition: Partition, currentLeaderEpoch: number): number {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === partition.leaderEpoch) return 0
  return currentLeaderEpoch < partition.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
}

/** Where an epoch ends (KIP-101). A leader knows its own epoch before it has written a record in it. */
export function endOffsetForEpoch(partition: Partition, epoch: number): { leaderEpoch: number; endOffset: number } {
  if (epoch === partition.leaderEpoch) return { leaderEpoch: epoch, endOffset: partition.log.endOffset }
  return partition.log.endOffsetForEpoch(epoch)
}
