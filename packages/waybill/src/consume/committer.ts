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
    const { failpoints } = this.#context
    const due = dueOf(partitions)
    if (due.length === 0) return
    await failpoints.hit('commit:before-send')
    const outcomes = await member.commit(due.map(({ offset }) => offset))
    await failpoints.hit('commit:after-answer')
    const again = due.filter((one, at) => this.#isTooLarge(one, outcomes[at]))
    if (again.length > 0)
      await this.#commit(
        member,
        again.map(({ partition }) => partition),
      )
  }

  /** True when the same position can be committed at once without its metadata. */
  #isTooLarge({ partition, offset }: Due, outcome: CommitOutcome = { kind: 'unknown', cause: 'no answer' }): boolean {
    const { events, log } = this.#context
    const place = { topic: offset.topic, partition: offset.partition, offset: offset.offset }
    if (outcome.kind === 'committed') {
      partition.committed = offset
      events.emit({ kind: 'committed', ...place })
      return false
    }
    log.warn('a commit was not taken', { ...place, outcome })
    if (
      outcome.kind !== 'refused' ||
      outcome.code !== 'OFFSET_METADATA_TOO_LARGE' ||
      partition.metadataKept === 'nothing'
    )
      return false
    partition.metadataKept = partition.metadataKept === 'all' ? 'progress' : 'nothing'
    log.warn(
      'the cluster takes less metadata than 4096 bytes: after a restart gaps across it are not found, and what is handled above the position may be handled again; raise offset.metadata.max.bytes',
      { ...place, kept: partition.metadataKept },
    )
    return true
  }
}

/** A position that is to be committed. */
interface Due {
  readonly partition: AssignedPartition
  readonly offset: CommittedOffset
}

function dueOf(partitions: readonly AssignedPartition[]): readonly Due[] {
  return partitions.flatMap((partition) => {
    const offset = partition.due()
    return offset ? [{ partition, offset }] : []
  })
}
