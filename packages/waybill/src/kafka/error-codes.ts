/** What an error in a Produce answer says about the attempt that got it. */
export type Appended = 'no' | 'maybe' | 'yes'

/** One error of Kafka's protocol as an answer to Produce. */
export interface ProduceError {
  readonly name: string
  readonly appended: Appended
}

/**
 * Every error a Produce answer may carry, by Kafka's number (`org.apache.kafka.common.protocol.Errors`), with what it implies.
 *
 * `no`: thrown before the append (`ReplicaManager.appendToLocalLog`, `Partition.appendRecordsToLeader`, `UnifiedLog.append`:
 * rights, leadership, min ISR, size, validation, duplicate and sequence check all come before the write).
 * `maybe`: can also come after it. With acks=-1 the answer waits in `DelayedProduce`, and `tryComplete` overwrites the result
 * of a finished append with whatever `getPartitionOrError` or `checkEnoughReplicasReachOffset` says then:
 * NOT_LEADER_OR_FOLLOWER (leadership moved meanwhile; the new leader may hold the batch), UNKNOWN_TOPIC_OR_PARTITION,
 * UNKNOWN_TOPIC_ID, KAFKA_STORAGE_ERROR. Such a late error still carries the base offset of the append, an early one
 * carries -1: `judgeProduceError` uses that.
 */
const produceErrors: Readonly<Record<number, ProduceError>> = {
  [-1]: { name: 'UNKNOWN_SERVER_ERROR', appended: 'maybe' },
  1: { name: 'OFFSET_OUT_OF_RANGE', appended: 'maybe' },
  2: { name: 'CORRUPT_MESSAGE', appended: 'no' },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', appended: 'no' },
  5: { name: 'LEADER_NOT_AVAILABLE', appended: 'maybe' },
  // Not a Kafka that answers after the append with base offset -1, but others that speak its protocol do (their replication
  // gives up when leadership moves): a repeat costs nothing, a wrong "no" a duplicate.
  6: { name: 'NOT_LEADER_OR_FOLLOWER', appended: 'maybe' },
  7: { name: 'REQUEST_TIMED_OUT', appended: 'maybe' },
  8: { name: 'BROKER_NOT_AVAILABLE', appended: 'maybe' },
  9: { name: 'REPLICA_NOT_AVAILABLE', appended: 'maybe' },
  10: { name: 'MESSAGE_TOO_LARGE', appended: 'no' },
  13: { name: 'NETWORK_EXCEPTION', appended: 'maybe' },
  17: { name: 'INVALID_TOPIC_EXCEPTION', appended: 'no' },
  18: { name: 'RECORD_LIST_TOO_LARGE', appended: 'no' },
  19: { name: 'NOT_ENOUGH_REPLICAS', appended: 'no' },
  20: { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', appended: 'yes' },
  21: { name: 'INVALID_REQUIRED_ACKS', appended: 'no' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', appended: 'no' },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', appended: 'no' },
  32: { name: 'INVALID_TIMESTAMP', appended: 'no' },
  35: { name: 'UNSUPPORTED_VERSION', appended: 'no' },
  42: { name: 'INVALID_REQUEST', appended: 'maybe' },
  43: { name: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', appended: 'no' },
  44: { name: 'POLICY_VIOLATION', appended: 'no' },
  45: { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER', appended: 'no' },
  // Brokers before Kafka 0.11's fix and some others: the sequence was persisted by an earlier attempt, its offset is not told.
  46: { name: 'DUPLICATE_SEQUENCE_NUMBER', appended: 'yes' },
  47: { name: 'INVALID_PRODUCER_EPOCH', appended: 'no' },
  48: { name: 'INVALID_TXN_STATE', appended: 'no' },
  49: { name: 'INVALID_PRODUCER_ID_MAPPING', appended: 'no' },
  51: { name: 'CONCURRENT_TRANSACTIONS', appended: 'no' },
  53: { name: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', appended: 'no' },
  54: { name: 'SECURITY_DISABLED', appended: 'no' },
  // The log directory failed: before the write, or in the middle of it.
  56: { name: 'KAFKA_STORAGE_ERROR', appended: 'maybe' },
  59: { name: 'UNKNOWN_PRODUCER_ID', appended: 'no' },
  74: { name: 'FENCED_LEADER_EPOCH', appended: 'maybe' },
  75: { name: 'UNKNOWN_LEADER_EPOCH', appended: 'maybe' },
  76: { name: 'UNSUPPORTED_COMPRESSION_TYPE', appended: 'no' },
  87: { name: 'INVALID_RECORD', appended: 'no' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', appended: 'maybe' },
  90: { name: 'PRODUCER_FENCED', appended: 'no' },
  100: { name: 'UNKNOWN_TOPIC_ID', appended: 'no' },
  103: { name: 'INCONSISTENT_TOPIC_ID', appended: 'no' },
  120: { name: 'TRANSACTION_ABORTABLE', appended: 'maybe' },
}

/** Errors of other requests that waybill reacts to or shows by name. */
const otherErrors: Readonly<Record<number, string>> = {
  12: 'OFFSET_METADATA_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  22: 'ILLEGAL_GENERATION',
  23: 'INCONSISTENT_GROUP_PROTOCOL',
  24: 'INVALID_GROUP_ID',
  25: 'UNKNOWN_MEMBER_ID',
  26: 'INVALID_SESSION_TIMEOUT',
  27: 'REBALANCE_IN_PROGRESS',
  28: 'INVALID_COMMIT_OFFSET_SIZE',
  30: 'GROUP_AUTHORIZATION_FAILED',
  36: 'TOPIC_ALREADY_EXISTS',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  39: 'INVALID_REPLICA_ASSIGNMENT',
  40: 'INVALID_CONFIG',
  41: 'NOT_CONTROLLER',
  58: 'SASL_AUTHENTICATION_FAILED',
  69: 'GROUP_ID_NOT_FOUND',
  78: 'OFFSET_NOT_AVAILABLE',
  79: 'MEMBER_ID_REQUIRED',
  81: 'GROUP_MAX_SIZE_REACHED',
  82: 'FENCED_INSTANCE_ID',
  88: 'UNSTABLE_OFFSET_COMMIT',
  110: 'FENCED_MEMBER_EPOCH',
  111: 'UNRELEASED_INSTANCE_ID',
  112: 'UNSUPPORTED_ASSIGNOR',
  113: 'STALE_MEMBER_EPOCH',
  129: 'REBOOTSTRAP_REQUIRED',
}

/** Kafka's name for an error number; `ERROR_<number>` for one that is not in the tables. */
export function errorName(code: number): string {
  return produceErrors[code]?.name ?? otherErrors[code] ?? `ERROR_${code}`
}

/**
 * What an error answer to Produce says about the attempt. An error that normally precedes the append but carries a base offset
 * came after it (see the table): `maybe`. A number that is not in the table: `maybe`.
 */
export function judgeProduceError(code: number, baseOffset: number): ProduceError {
  const known = produceErrors[code] ?? { name: errorName(code), appended: 'maybe' }
  return known.appended === 'no' && baseOffset >= 0 ? { name: known.name, appended: 'maybe' } : known
}

/** Errors that mean our picture of the cluster is old: ask for metadata again. */
export const staleRoutingErrors: ReadonlySet<number> = new Set([3, 5, 6, 8, 9, 56, 74, 75, 100, 103])

/** Errors of requests other than Produce after which asking again, maybe another broker, can help. */
export const passingErrors: ReadonlySet<number> = new Set([
  ...staleRoutingErrors,
  7,
  13,
  14,
  15,
  16,
  41,
  51,
  78,
  89,
  129,
])

/** Kafka's number for a right that is missing. */
export const missingRightErrors: ReadonlySet<number> = new Set([29, 30, 31])

/** The right that a request asks of its user, by its API; tested with Kafka's StandardAuthorizer. */
const rights: Readonly<Record<string, string>> = {
  Metadata: 'DESCRIBE on the topic',
  ListOffsets: 'DESCRIBE on the topic',
  OffsetForLeaderEpoch: 'DESCRIBE on the topic',
  Fetch: 'READ on the topic',
  InitProducerId: 'WRITE on a topic',
  // To look at a group; to join it takes READ, which includes DESCRIBE.
  FindCoordinator: 'READ on the group (DESCRIBE is enough to look at it)',
  DescribeGroups: 'DESCRIBE on the group',
  ConsumerGroupDescribe: 'DESCRIBE on the group and on the topics of its members',
  OffsetFetch: 'DESCRIBE on the group',
  DescribeConfigs: 'DESCRIBE_CONFIGS on the topic',
}

/** Kafka's name for an error number, and the right to grant where one is missing for this API. */
export function refusalText(api: string, code: number): string {
  const right = rights[api]
  return missingRightErrors.has(code) && right !== undefined ? `${errorName(code)}: grant ${right}` : errorName(code)
}

/** Kafka's numbers of the errors of consumer groups that decide what a member does next. */
export const groupErrors = {
  offsetMetadataTooLarge: 12,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  unknownMemberId: 25,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  unsupportedVersion: 35,
  groupIdNotFound: 69,
  memberIdRequired: 79,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
  fencedMemberEpoch: 110,
  unreleasedInstanceId: 111,
  staleMemberEpoch: 113,
} as const
