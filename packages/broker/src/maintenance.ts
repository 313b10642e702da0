import type { Timers } from './system/clock.js'
import type { Node } from './topics/node.js'
import type { Partition } from './topics/partition.js'

/** A job that Kafka does on a clock, and the broker config that says how often. */
interface Job {
  readonly intervalConfig: string
  readonly what: string
  run(partition: Partition): void
}

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
  const cancels = new Map<Job, () => void>()
  const schedule = (job: Job): void => {
    const intervalMs = node.configs.brokerNumber(job.intervalConfig)
    if (intervalMs > INTERVAL_MS_MAX) return
    const due = (): void => {
      runOn(node, job, log)
      schedule(job)
    }
    cancels.set(job, timers.after(intervalMs, due))
  }
  for (const job of JOBS) schedule(job)
  return () => {
    for (const cancel of cancels.values()) cancel()
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
