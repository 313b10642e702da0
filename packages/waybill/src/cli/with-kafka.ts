import type { Kafka } from '../kafka.js'
import { systemClock } from '../system/clock.js'
import { jsonLog } from '../system/log.js'
import { systemRandom } from '../system/random.js'
import type { Call } from './command.js'
import { kafkaOf } from './kafka-settings.js'

/** What commands about groups take of Kafka. */
export type GroupKafka = Kafka

/** People wait for the answer: shorter than the 30 s of a consumer. */
const callTimeoutMs = 15_000

/** Runs `work` with the cluster that the options name, and closes the connections. */
export async function withKafka(call: Call, work: (kafka: GroupKafka) => Promise<number>): Promise<number> {
  const options = { callTimeoutMs, ...kafkaOf(call) }
  // Loaded only here: Kafka's client takes half a second, and commands about the store do not need it.
  const { kafka } = await import('../kafka/kafka.js')
  const port = kafka(options, { clock: systemClock, random: systemRandom, log: jsonLog('error') })
  try {
    return await work(port)
  } finally {
    await port.close()
  }
}
