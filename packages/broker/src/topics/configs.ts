import type { LogConfig } from '../log/partition-log.js'
import {
  BROKER_CONFIGS,
  type ConfigDefinition,
  TOPIC_CONFIGS,
  brokerConfig,
  invalidReason,
} from './config-definitions.js'
import type { MetadataStore } from './metadata-store.js'

/** Where a config's value comes from, with DescribeConfigs' numbers. */
export const ConfigSource = {
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
} as const

/** One value of a config, the one in force or one that it hides. */
export interface ConfigValue {
  readonly name: string
  readonly value: string
  readonly source: number
}

/** A config with the value in force and all values in order of precedence. */
export interface ConfigEntry {
  readonly definition: ConfigDefinition
  readonly value: string | null
  readonly source: number
  readonly values: readonly ConfigValue[]
}

type Values = Readonly<Record<string, string>>

/** Which value of a config is in force: topic, then this broker's dynamic one, the cluster's, the start option, the default. */
export class Configs {
  readonly #store: MetadataStore
  readonly #start: Values

  constructor(store: MetadataStore, start: Values) {
    this.#store = store
    this.#start = start
  }

  topicEntries(topic: Values): ConfigEntry[] {
    return TOPIC_CONFIGS.map((definition) => this.#topicEntry(definition, topic))
  }

  brokerEntries(): ConfigEntry[] {
    return BROKER_CONFIGS.map((definition) => entry(definition, this.#brokerValues(definition)))
  }

  /** What was set for all brokers at run time, and nothing else: the resource with the empty name. */
  clusterEntries(): ConfigEntry[] {
    const dynamic = (e: ConfigEntry): ConfigValue[] =>
      e.values.filter((v) => v.source === ConfigSource.dynamicDefaultBroker)
    return this.brokerEntries().flatMap((e) => (dynamic(e).length > 0 ? [entry(e.definition, dynamic(e))] : []))
  }

  /** The value of a broker config as a number; a config without a value is Infinity ("never"). */
  brokerNumber(name: string): number {
    const definition = brokerConfig(name)
    if (!definition) throw new Error(`broker config ${name} is not in the table`)
    const { value } = entry(definition, this.#brokerValues(definition))
    return value === null ? Number.POSITIVE_INFINITY : Number(value)
  }

  brokerFlag(name: string): boolean {
    return this.brokerEntries().some((e) => e.definition.name === name && e.value === 'true')
  }

  /** What the partition logs of a topic obey right now. */
  logConfig(topic: Values): LogConfig {
    const text = new Map(this.topicEntries(topic).map((e) => [e.definition.name, e.value ?? '']))
    const number = (name: string): number => Number(text.get(name))
    const policy = (text.get('cleanup.policy') ?? '').split(',').map((part) => part.trim())
    const deletes = policy.includes('delete')
    return {
      maxMessageBytes: number('max.message.bytes'),
      timestampType: text.get('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
      timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
      timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
      compacted: policy.includes('compact'),
      flushMessages: number('flush.messages'),
      flushMs: number('flush.ms'),
      segmentBytes: number('segment.bytes'),
      // Without 'delete' in cleanup.policy Kafka removes nothing by age or size.
      retentionMs: deletes ? number('retention.ms') : -1,
      retentionBytes: deletes ? number('retention.bytes') : -1,
      producerIdExpirationMs: this.brokerNumber('producer.id.expiration.ms'),
    }
  }

  #topicEntry(definition: ConfigDefinition, topic: Values): ConfigEntry {
    const broker = definition.brokerName === undefined ? undefined : brokerConfig(definition.brokerName)
    const values = broker ? this.#brokerValues(broker) : []
    const own = topic[definition.name]
    if (own !== undefined) values.unshift({ name: definition.name, value: own, source: ConfigSource.topic })
    return entry(definition, values)
  }

  #brokerValues(definition: ConfigDefinition): ConfigValue[] {
    const { name, value: preset } = definition
    const { brokerConfigs, clusterConfigs } = this.#store.state
    const values: ConfigValue[] = []
    const add = (value: string | null | undefined, source: number): void => {
      if (value !== undefined && value !== null) values.push({ name, value, source })
    }
    add(brokerConfigs[name], ConfigSource.dynamicBroker)
    add(clusterConfigs[name], ConfigSource.dynamicDefaultBroker)
    add(this.#start[name], ConfigSource.staticBroker)
    add(preset, ConfigSource.default)
    return values
  }
}

function entry(definition: ConfigDefinition, values: readonly ConfigValue[]): ConfigEntry {
  const first = values[0]
  return { definition, value: first?.value ?? definition.value, source: first?.source ?? ConfigSource.default, values }
}

/** Throws a TypeError that says what is wrong with broker configs given at start. */
export function checkBrokerConfigs(configs: Values): void {
  for (const [name, value] of Object.entries(configs)) {
    const definition = brokerConfig(name)
    if (!definition)
      throw new TypeError(`unknown broker config '${name}'; known: ${BROKER_CONFIGS.map((d) => d.name).join(', ')}`)
    const reason = invalidReason(definition, value)
    if (reason !== undefined) throw new TypeError(reason)
  }
}
