import type { Timers } from './system/clock.js'
import type { Node } from './topics/node.js'
import type { Partition } from './topics/partition.js'

/** A job that Kafka does on a clock, and the broker config that says how often. */
interface Job {
  readonly intervalConfig: string
  readonly what: string
  run(partition: Partition): void
}

/** Kafka: GroupCoordinatorShard.cleanupGroupMetadata. The one job that is the coordinator's, not a partition's. */
const EXPIRY_CONFIG = 'offsets.retention.check.interval.ms'

const JOBS: readonly Job[] = [
  // By default the interval is Long.MAX: flush.ms alone flushes nothing, as in Kafka.
  { intervalConfig: 'log.flush.scheduler.interval.ms', what: 'flush', run: (p) => p.log.flushIfDue() },
  { intervalConfig: 'log.retention.check.interval.ms', what: 'retention', run: (p) => p.log.enforceRetention() },
  {
    intervalConfig: 'producer.id.expiration.check.interval.ms',
    what: 'producer expiry',
    run: (p) => p.log.expireProducers(),
  },
]

/** Above this a job counts as "never": a timer could not hold it, and Kafka's own "never" is Long.MAX. */
const INTERVAL_MS_MAX = 2_147_483_647

/** Starts the periodic work of a node: flush by age, retention, producer expiry. The answer stops it. */
export function startMaintenance(node: Node, timers: Timers, log: (line: string) => void): () => void {
  const cancels = new Map<string, () => void>()
  const repeat = (intervalConfig: string, run: () => void): void => {
    const intervalMs = node.configs.brokerNumber(intervalConfig)
    if (intervalMs > INTERVAL_MS_MAX) return
    const due = (): void => {
      run()
      repeat(intervalConfig, run)
    }
    cancels.set(intervalConfig, timers.after(intervalMs, due))
  }
  for (const job of JOBS) repeat(job.intervalConfig, () => runOn(node, job, log))
  repeat(EXPIRY_CONFIG, () => expireOffsets(node, log))
  return () => {
    for (const cancel of cancels.values()) cancel()
  }
}

function expireOffsets(node: Node, log: (line: string) => void): void {
  try {
    node.coordinator?.expireOffsets()
  } catch (error) {
    log(`expiry of committed offsets failed: ${String(error)}`)
  }
}

function runOn(node: Node, job: Job, log: (line: string) => void): void {
  for (const partition of node.partitions()) {
    try {
      job.run(partition)
    } catch (error) {
      // One sick disk must not keep the other partitions from their turn; appends report it to the clients.
      log(`${job.what} of ${partition.topic}-${partition.index} failed: ${String(error)}`)
    }
  }
}
