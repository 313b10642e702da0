import type { PartitionLog } from '../log/partition-log.js'

/** One partition of this node: its log, its leader epoch, and who waits for new records. */
export class Partition {
  readonly topic: string
  readonly index: number
  readonly log: PartitionLog
  readonly leaderEpoch: number
  readonly #waiting = new Set<() => void>()

  constructor(topic: string, index: number, log: PartitionLog, leaderEpoch: number) {
    this.topic = topic
    this.index = index
    this.log = log
    this.leaderEpoch = leaderEpoch
  }

  /** Calls `wake` on every append, delete or loss of the partition until the answer is called. */
  onChange(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  changed(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** A topic of this node. */
export interface Topic {
  readonly name: string
  readonly id: string
  readonly partitions: readonly Partition[]
}
