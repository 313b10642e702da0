/** The wire adapter, for those who want Kafka's broker port without the rest (the lab, contract suites, own tools). */
import { kafka as adapter } from './kafka/kafka.js'
import type { Kafka, KafkaOptions, KafkaPorts } from './kafka/kafka.js'
import { systemClock } from './system/clock.js'
import { jsonLog } from './system/log.js'
import { systemRandom } from './system/random.js'

export type { Kafka, KafkaOptions } from './kafka/kafka.js'
export type * from './ports/broker.js'
export type * from './ports/fetcher.js'
export type * from './ports/group.js'
export type * from './ports/group-admin.js'

/** The ports to Kafka (broker, fetcher, groups) over its protocol, on the machine's clock unless `ports` say otherwise. */
export function kafka(options: KafkaOptions, ports: Partial<KafkaPorts> = {}): Kafka {
  return adapter(options, { clock: systemClock, random: systemRandom, log: jsonLog('warn'), ...ports })
}
