/** Parts of the consumer for those who keep their own Kafka client: progress, inbox, and the check for lost messages. */
export { GroupProgress } from './consume/pieces/group-progress.js'
export { PartitionProgress } from './consume/pieces/partition-progress.js'
export type {
  AssignmentOptions,
  CommittedPosition,
  Delivery,
  DueCommit,
  PartitionPlace,
} from './consume/pieces/partition-progress.js'
export { inboxEntry, once, waybillHeader } from './consume/pieces/foreign-record.js'
export type { ForeignHeaders, ForeignRecord, OnceOptions } from './consume/pieces/foreign-record.js'
export { SequenceCheck } from './consume/pieces/sequence-check.js'
export { slotOf } from './model/lane.js'
export type { Finding } from './model/finding.js'
export type { InboxEntry } from './ports/inbox-store.js'
