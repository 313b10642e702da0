/** Kafka's config types, with the numbers of DescribeConfigs' ConfigType. */
export const ConfigType = { boolean: 1, string: 2, int: 3, long: 5, list: 7 } as const

/** One config the broker knows. Values are text, as on the wire. */
export interface ConfigDefinition {
  readonly name: string
  readonly type: keyof typeof ConfigType
  /** null: no value (log.flush.interval.ms) */
  readonly value: string | null
  readonly min?: number
  readonly max?: number
  readonly allowed?: readonly string[]
  /** Topic configs: the broker config that is the default of this one. */
  readonly brokerName?: string
  /** Broker configs: whether IncrementalAlterConfigs may change it while the broker runs. */
  readonly dynamic?: boolean
}

const LONG_MAX = '9223372036854775807'
const INT_MAX = 2_147_483_647

/** Topic configs with Kafka 4.x's defaults and limits (org.apache.kafka.storage.internals.log.LogConfig). */
export const TOPIC_CONFIGS: readonly ConfigDefinition[] = [
  {
    name: 'cleanup.policy',
    type: 'list',
    value: 'delete',
    allowed: ['delete', 'compact'],
    brokerName: 'log.cleanup.policy',
  },
  // The broker stores batches as they come; a codec of its own would be accepted and not done.
  {
    name: 'compression.type',
    type: 'string',
    value: 'producer',
    allowed: ['producer'],
    brokerName: 'compression.type',
  },
  { name: 'flush.messages', type: 'long', value: LONG_MAX, min: 1, brokerName: 'log.flush.interval.messages' },
  { name: 'flush.ms', type: 'long', value: LONG_MAX, min: 0, brokerName: 'log.flush.interval.ms' },
  { name: 'max.message.bytes', type: 'int', value: '1048588', min: 0, max: INT_MAX, brokerName: 'message.max.bytes' },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'long',
    value: '3600000',
    min: 0,
    brokerName: 'log.message.timestamp.after.max.ms',
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'long',
    value: LONG_MAX,
    min: 0,
    brokerName: 'log.message.timestamp.before.max.ms',
  },
  {
    name: 'message.timestamp.type',
    type: 'string',
    value: 'CreateTime',
    allowed: ['CreateTime', 'LogAppendTime'],
    brokerName: 'log.message.timestamp.type',
  },
  { name: 'min.insync.replicas', type: 'int', value: '1', min: 1, max: INT_MAX, brokerName: 'min.insync.replicas' },
  { name: 'retention.bytes', type: 'long', value: '-1', min: -1, brokerName: 'log.retention.bytes' },
  { name: 'retention.ms', type: 'long', value: '604800000', min: -1, brokerName: 'log.retention.ms' },
  {
    name: 'segment.bytes',
    type: 'int',
    value: '1073741824',
    min: 1_048_576,
    max: INT_MAX,
    brokerName: 'log.segment.bytes',
  },
  { name: 'segment.ms', type: 'long', value: '604800000', min: 1, brokerName: 'log.roll.ms' },
  {
    name: 'unclean.leader.election.enable',
    type: 'boolean',
    value: 'false',
    brokerName: 'unclean.leader.election.enable',
  },
]

const own: readonly ConfigDefinition[] = [
  // Kafka's default is true; here a mistyped topic name must not become a topic.
  { name: 'auto.create.topics.enable', type: 'boolean', value: 'false' },
  { name: 'default.replication.factor', type: 'int', value: '1', min: 1, max: 1 },
  { name: 'group.consumer.assignment.interval.ms', type: 'int', value: '1000', min: 0, max: 15_000 },
  { name: 'group.consumer.heartbeat.interval.ms', type: 'int', value: '5000', min: 1, max: INT_MAX },
  { name: 'group.consumer.max.size', type: 'int', value: '2147483647', min: 1, max: INT_MAX },
  // Kafka forbids less than 45 s unless group.consumer.min.session.timeout.ms is lowered, too; tests want it shorter.
  { name: 'group.consumer.session.timeout.ms', type: 'int', value: '45000', min: 1000, max: INT_MAX },
  // Kafka's default is 3000: a test with one classic consumer would wait that long for nothing.
  { name: 'group.initial.rebalance.delay.ms', type: 'int', value: '0', min: 0, max: INT_MAX },
  { name: 'group.max.session.timeout.ms', type: 'int', value: '1800000', min: 1, max: INT_MAX },
  { name: 'group.max.size', type: 'int', value: '2147483647', min: 1, max: INT_MAX },
  { name: 'group.min.session.timeout.ms', type: 'int', value: '6000', min: 1, max: INT_MAX },
  { name: 'log.flush.scheduler.interval.ms', type: 'long', value: LONG_MAX, min: 1 },
  { name: 'log.retention.check.interval.ms', type: 'long', value: '300000', min: 1 },
  { name: 'offset.metadata.max.bytes', type: 'int', value: '4096', min: 0, max: INT_MAX },
  { name: 'offsets.retention.check.interval.ms', type: 'long', value: '600000', min: 1 },
  { name: 'offsets.retention.minutes', type: 'int', value: '10080', min: 1, max: INT_MAX },
  { name: 'num.partitions', type: 'int', value: '1', min: 1, max: INT_MAX },
  { name: 'producer.id.expiration.check.interval.ms', type: 'int', value: '600000', min: 1, max: INT_MAX },
  { name: 'producer.id.expiration.ms', type: 'int', value: '86400000', min: 1, max: INT_MAX, dynamic: true },
  { name: 'socket.request.max.bytes', type: 'int', value: '104857600', min: 1024, max: INT_MAX },
]

/** Kafka has no value for these (it has hours or minutes of the same), so the topic's default holds. */
const WITHOUT_BROKER_DEFAULT = new Set(['log.flush.interval.ms', 'log.retention.ms', 'log.roll.ms'])

/** Broker configs: the broker's side of every topic config, and the broker's own. */
export const BROKER_CONFIGS: readonly ConfigDefinition[] = [
  ...TOPIC_CONFIGS.map((topic): ConfigDefinition => {
    const { brokerName, ...definition } = topic
    const name = brokerName ?? topic.name
    const value = WITHOUT_BROKER_DEFAULT.has(name) ? null : definition.value
    return { ...definition, name, value, dynamic: true }
  }),
  ...own,
].sort((a, b) => (a.name < b.name ? -1 : 1))

const topicByName = new Map(TOPIC_CONFIGS.map((d) => [d.name, d]))
const brokerByName = new Map(BROKER_CONFIGS.map((d) => [d.name, d]))

/** The definition of a topic config, undefined for a name the broker does not know. */
export function topicConfig(name: string): ConfigDefinition | undefined {
  return topicByName.get(name)
}

/** The definition of a broker config, undefined for a name the broker does not know. */
export function brokerConfig(name: string): ConfigDefinition | undefined {
  return brokerByName.get(name)
}

/** What is wrong with a value, in Kafka's words where it has them; undefined when nothing is. */
export function invalidReason(definition: ConfigDefinition, value: string): string | undefined {
  const wrong = (why: string): string => `Invalid value ${value} for configuration ${definition.name}: ${why}`
  switch (definition.type) {
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : wrong('Expected value to be either true or false')
    case 'int':
    case 'long': {
      if (!/^[+-]?\d{1,19}$/.test(value.trim())) return wrong(`Not a number of type ${definition.type.toUpperCase()}`)
      const number = Number(value)
      if (definition.min !== undefined && number < definition.min)
        return wrong(`Value must be at least ${definition.min}`)
      if (definition.max !== undefined && number > definition.max)
        return wrong(`Value must be no more than ${definition.max}`)
      return undefined
    }
    case 'list':
    case 'string': {
      const parts = definition.type === 'list' ? value.split(',').map((part) => part.trim()) : [value]
      const allowed = definition.allowed
      if (allowed && !parts.every((part) => allowed.includes(part)))
        return wrong(`String must be one of: ${allowed.join(', ')}`)
      return undefined
    }
  }
}
