import {
  type AssignmentOptions,
  type CommittedPosition,
  type DueCommit,
  PartitionProgress,
  type PartitionPlace,
} from './partition-progress.js'

/**
 * What a consumer of another client has handled, by partition: the offset to commit is that of the contiguous handled prefix, and
 * what is handled above it goes into the commit's metadata, so that the next owner skips it.
 *
 * With each assignment of a partition `assign` begins a new object and ends the former one, whose results no longer count.
 */
export class GroupProgress {
  readonly #partitions = new Map<string, PartitionProgress>()
  /** Assignments that wait for what the group holds. */
  readonly #loading = new Map<string, object>()
  readonly #options: AssignmentOptions
  #committing: Promise<unknown> = Promise.resolve()

  constructor(options: AssignmentOptions = {}) {
    this.#options = options
  }

  /**
   * The partition is ours from now on: ends its former assignment and asks what the group holds. Make the client read from the
   * result's `position` on. `undefined`: the assignment ended while `committed` was under way, or another one began.
   */
  async assign(
    place: PartitionPlace,
    committed: () => Promise<CommittedPosition>,
  ): Promise<PartitionProgress | undefined> {
    const name = nameOf(place)
    this.end(place)
    const loading = {}
    this.#loading.set(name, loading)
    try {
      const partition = new PartitionProgress(place, await committed(), this.#options)
      if (this.#loading.get(name) !== loading) return undefined
      this.#partitions.set(name, partition)
      return partition
    } finally {
      if (this.#loading.get(name) === loading) this.#loading.delete(name)
    }
  }

  /** The progress of a partition that is ours; `undefined` of any other. */
  of(place: PartitionPlace): PartitionProgress | undefined {
    return this.#partitions.get(nameOf(place))
  }

  /** The partition, or all of them, are no longer ours: revoked, lost, or the group is joined anew. Safe twice. */
  end(place?: PartitionPlace): void {
    const names = place ? [nameOf(place)] : [...this.#partitions.keys(), ...this.#loading.keys()]
    for (const name of names) {
      this.#partitions.get(name)?.end()
      this.#partitions.delete(name)
      this.#loading.delete(name)
    }
  }

  /**
   * Commits what is due through `send`, one commit at a time: a call while one is under way waits for it. Resolves to whether
   * there was something to commit; rejects with what `send` says, and the same is due again then.
   */
  commit(send: (due: readonly DueCommit[]) => Promise<unknown>): Promise<boolean> {
    const run = async (): Promise<boolean> => {
      const dueNow = [...this.#partitions.values()].flatMap((partition) => {
        const due = partition.due()
        return due ? [{ partition, due }] : []
      })
      if (dueNow.length === 0) return false
      await send(dueNow.map(({ due }) => due))
      for (const { partition, due } of dueNow) partition.committed(due)
      return true
    }
    const done = this.#committing.then(run)
    this.#committing = done.catch(() => undefined)
    return done
  }
}

function nameOf({ topic, partition }: PartitionPlace): string {
  return `${partition} ${topic}`
}
