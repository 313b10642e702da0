import type { CommitOutcome, CommittedOffset, GroupMember } from '../ports/group.js'
import type { ConsumeContext } from './consume-context.js'
import type { AssignedPartition } from './partition.js'

/**
 * Commits the contiguous handled prefix of each partition with the handled offsets above it. One commit at a time, so that
 * an older position never follows a newer one. Nothing is committed because it was fetched, queued or timed out.
 */
export class Committer<Tx> {
  readonly #context: ConsumeContext<Tx>
  #last: Promise<unknown> = Promise.resolve()

  constructor(context: ConsumeContext<Tx>) {
    this.#context = context
  }

  /** Commits what is due of these partitions; resolves when answered. Never rejects. */
  commit(member: GroupMember, partitions: readonly AssignedPartition[]): Promise<void> {
    const run = this.#last.then(() => this.#commit(member, partitions))
    this.#last = run
    return run
  }

  /** Sets the group's position of a partition whatever it was: an operator's act. Behind all commits asked for before. Never rejects. */
  set(member: GroupMember, offset: CommittedOffset): Promise<CommitOutcome> {
    const run = this.#last.then(async (): Promise<CommitOutcome> => {
      const [outcome] = await member.commit([offset])
      return outcome ?? { kind: 'unknown', cause: 'no answer' }
    })
    this.#last = run
    return run
  }

  async #commit(member: GroupMember, partitions: readonly AssignedPartition[]): Promise<void> {
    const { failpoints, log } = this.#context
    const due: { readonly partition: AssignedPartition; readonly offset: CommittedOffset }[] = []
    for (const partition of partitions) {
      const offset = partition.due()
      if (offset) due.push({ partition, offset })
    }
    if (due.length === 0) return
    await failpoints.hit('commit:before-send')
    const outcomes = await member.commit(due.map(({ offset }) => offset))
    await failpoints.hit('commit:after-answer')
    due.forEach(({ partition, offset }, at) => {
      const outcome = outcomes[at] ?? { kind: 'unknown' as const, cause: 'no answer' }
      const { topic, partition: number } = partition.place
      if (outcome.kind === 'committed') {
        partition.committed = offset
        this.#context.events.emit({ kind: 'committed', topic, partition: number, offset: offset.offset })
      } else log.warn('a commit was not taken', { topic, partition: number, offset: offset.offset, outcome })
    })
  }
}
