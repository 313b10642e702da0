import type { Connection } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'
import type { CommitOutcome, CommittedOffset, GroupOptions, GroupPartition } from '../../ports/group.js'
import { errorName, groupErrors, passingErrors } from '../error-codes.js'
import type { KafkaContext } from '../network/cluster.js'
import { describe, type Link } from '../network/link.js'
import type { Coordinator } from './coordinator.js'
import type { GroupMembership } from './group-membership.js'
import { commitApi, type MemberIdentity, type OffsetsAnswer, offsetFetchApi, type StoredOffset } from './offsets-api.js'
import { refusal } from './refusal.js'

/** Kafka's default for `offset.metadata.max.bytes`. Kafka counts characters; bytes are never fewer. */
const metadataBytesMax = 4096
/** Commits that may wait for their turn. A consumer has one or two under way; more is a bug. */
const waitingMax = 64
const retryFirstMs = 50

type Fenced = Extract<CommitOutcome, { kind: 'fenced' }>

/** One partition's commit under way. */
interface Pending {
  readonly offset: CommittedOffset
  /** The ownership it belongs to: a commit is never sent under a later one. */
  readonly turn: number
  outcome: CommitOutcome | undefined
}

/**
 * Commits and committed positions of one member. Commits go out one request at a time: two would overtake each other and move
 * the position back.
 */
export class Offsets {
  readonly #options: GroupOptions
  readonly #membership: GroupMembership
  readonly #coordinator: Coordinator
  readonly #context: KafkaContext
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: GroupOptions, membership: GroupMembership, coordinator: Coordinator, context: KafkaContext) {
    this.#options = options
    this.#membership = membership
    this.#coordinator = coordinator
    this.#context = context
  }

  /** See `GroupMember.commit`. */
  async commit(offsets: readonly CommittedOffset[]): Promise<readonly CommitOutcome[]> {
    const checked = offsets.map((offset) => this.#check(offset))
    const pending = checked.filter((each) => 'turn' in each)
    if (pending.length > 0) await this.#inTurn(pending)
    return checked.map((each) =>
      'turn' in each ? (each.outcome ?? { kind: 'unknown', cause: 'there was no time to send it' }) : each,
    )
  }

  /** See `GroupMember.committed`. */
  async committed(partitions: readonly GroupPartition[]): Promise<readonly (CommittedOffset | undefined)[]> {
    if (partitions.length === 0) return []
    const { clock, settings, random } = this.#context
    const untilMs = clock.monotonicMs() + settings.callTimeoutMs
    for (let pauseMs = retryFirstMs; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      const epoch = this.#membership.epoch
      if (epoch === undefined) throw this.#unreadable(groupErrors.unknownMemberId, this.#membership.whyOut)
      const failure = await this.#tryCommitted(partitions, epoch)
      if (Array.isArray(failure)) return failure
      if (clock.monotonicMs() > untilMs) throw failure.error
      if (failure.code === groupErrors.staleMemberEpoch)
        await this.#membership.epochAfter(epoch, settings.requestTimeoutMs)
      else if (failure.code !== groupErrors.unstableOffsetCommit) this.#coordinator.forget()
      await clock.sleep(pauseMs * (0.5 + random.next()))
    }
  }

  #check(offset: CommittedOffset): Pending | CommitOutcome {
    const { membership } = this.#state()
    if (membership !== undefined) return membership
    const turn = this.#membership.assignment.turnOf(offset)
    if (turn === undefined) return { kind: 'not-owned' }
    if (Buffer.byteLength(offset.metadata) > metadataBytesMax)
      return { kind: 'refused', code: errorName(groupErrors.offsetMetadataTooLarge) }
    return { offset, turn, outcome: undefined }
  }

  /** `membership`: why nothing may be committed now. */
  #state(): { readonly membership: Fenced | undefined } {
    if (this.#membership.epoch !== undefined) return { membership: undefined }
    return { membership: { kind: 'fenced', cause: this.#membership.whyOut } }
  }

  async #inTurn(pending: readonly Pending[]): Promise<void> {
    if (this.#waiting >= waitingMax) {
      for (const each of pending) each.outcome = { kind: 'unknown', cause: `${waitingMax} commits wait already` }
      return
    }
    this.#waiting++
    const mine = this.#turn.then(() => this.#send(pending))
    this.#turn = mine
    try {
      await mine
    } finally {
      this.#waiting--
    }
  }

  async #send(pending: readonly Pending[]): Promise<void> {
    const { clock, settings } = this.#context
    const untilMs = clock.monotonicMs() + settings.requestTimeoutMs
    for (let pauseMs = retryFirstMs; ; pauseMs *= 2) {
      const open = this.#stillOurs(pending)
      const epoch = this.#membership.epoch
      if (open.length === 0 || epoch === undefined) return
      const codes = await this.#trySend(open, epoch)
      if (codes === undefined || clock.monotonicMs() > untilMs) return
      if (this.#isStale(codes)) await this.#membership.epochAfter(epoch, untilMs - clock.monotonicMs())
      if (codes.size > 0 && this.#membership.epoch === epoch) await clock.sleep(Math.min(500, pauseMs))
    }
  }

  /**
   * What is not decided and still belongs to the ownership it was asked under. The rest is fenced, even if the partition came
   * back to us: in between somebody else may have committed, and ours would move that back.
   */
  #stillOurs(pending: readonly Pending[]): Pending[] {
    const { membership } = this.#state()
    return pending.filter((each) => {
      if (each.outcome !== undefined && each.outcome.kind !== 'unknown') return false
      if (membership !== undefined) each.outcome = membership
      else if (this.#membership.assignment.turnOf(each.offset) !== each.turn)
        each.outcome = { kind: 'fenced', cause: 'the partition was given up meanwhile' }
      else return true
      return false
    })
  }

  /** One request. Gives the error codes after which another try makes sense; `undefined` when there was no answer. */
  async #trySend(open: readonly Pending[], epoch: number): Promise<ReadonlySet<number> | undefined> {
    let answer: OffsetsAnswer<number>
    try {
      answer = await this.#ask('OffsetCommit', epoch, (link, member) => {
        const api = commitApi(link)
        return (
          api &&
          ((connection) =>
            api.async(
              connection,
              member,
              open.map(({ offset }) => offset),
            ))
        )
      })
    } catch (error) {
      for (const each of open) each.outcome = outcomeOfFailure(error)
      return undefined
    }
    const again = new Set<number>()
    for (const each of open) {
      const code = answer.of(each.offset)
      each.outcome = outcomeOf(code, this.#membership.staleErrors)
      if (code === undefined) continue
      if (this.#membership.staleErrors.has(code) || passingErrors.has(code)) again.add(code)
      // A heartbeat would bring the same news; the sooner the listener knows, the less is handled in vain.
      if (each.outcome.kind === 'fenced') this.#membership.refusedUnder(epoch, code)
    }
    if (again.size > 0 && !this.#isStale(again)) this.#coordinator.forget()
    return again
  }

  #isStale(codes: ReadonlySet<number>): boolean {
    return [...this.#membership.staleErrors].some((code) => codes.has(code))
  }

  async #tryCommitted(
    partitions: readonly GroupPartition[],
    epoch: number,
  ): Promise<(CommittedOffset | undefined)[] | { readonly code: number; readonly error: WaybillError }> {
    let answer: OffsetsAnswer<StoredOffset>
    try {
      answer = await this.#ask('OffsetFetch', epoch, (link, member) => {
        const api = offsetFetchApi(link)
        const asker = this.#membership.readsAsMember ? member : { ...member, memberId: null, memberEpoch: -1 }
        return api && ((connection) => api.async(connection, asker, partitions))
      })
    } catch (error) {
      if (error instanceof WaybillError && error.code !== 'WB_KAFKA_UNREACHABLE') throw error
      return { code: -1, error: this.#unreachable(error) }
    }
    const codes = [answer.errorCode, ...partitions.map((each) => answer.of(each)?.errorCode ?? -1)]
    const code = codes.find((each) => each !== 0)
    if (code === undefined) return partitions.map((each) => committedOf(each, answer.of(each)))
    const error = this.#unreadable(code, '')
    const { staleMemberEpoch, unstableOffsetCommit, unknownMemberId } = groupErrors
    if (code === unknownMemberId) this.#membership.refusedUnder(epoch, code)
    const isPassing =
      passingErrors.has(code) || code === staleMemberEpoch || code === unstableOffsetCommit || code === -1
    if (!isPassing) throw error
    return { code, error }
  }

  #ask<T>(what: string, memberEpoch: number, choose: Choose<T>): Promise<T> {
    const { group, instanceId } = this.#options
    const member = { group, memberId: this.#membership.memberId, memberEpoch, instanceId }
    return this.#coordinator.ask('offsets', async (link) => {
      const send = choose(link, member)
      if (send === undefined) throw refusal(this.#options, groupErrors.unsupportedVersion, what)
      return link.call(what, this.#context.settings.requestTimeoutMs, send)
    })
  }

  #unreadable(code: number, detail: string): WaybillError {
    const name = errorName(code)
    const text = `the committed offsets of group ${this.#options.group}: ${[name, detail].filter(Boolean).join(': ')}`
    return new WaybillError('WB_KAFKA_REFUSED', text, { facts: { kafka: name, group: this.#options.group } })
  }

  #unreachable(cause: unknown): WaybillError {
    const text = `the committed offsets of group ${this.#options.group}: ${describe(cause)}`
    return new WaybillError('WB_KAFKA_UNREACHABLE', text, { cause, facts: { group: this.#options.group } })
  }
}

/** The request in the newest version that the broker at this link offers. */
type Choose<T> = (link: Link, member: MemberIdentity) => ((connection: Connection) => Promise<T>) | undefined

function outcomeOf(code: number | undefined, staleErrors: ReadonlySet<number>): CommitOutcome {
  if (code === undefined) return { kind: 'unknown', cause: 'the answer does not mention this partition' }
  if (code === 0) return { kind: 'committed' }
  const name = errorName(code)
  if (staleErrors.has(code) || passingErrors.has(code)) return { kind: 'unknown', cause: name }
  const { fencedMemberEpoch, unknownMemberId, fencedInstanceId, groupIdNotFound, illegalGeneration } = groupErrors
  const isOut = [fencedMemberEpoch, unknownMemberId, fencedInstanceId, groupIdNotFound, illegalGeneration]
  return (isOut as number[]).includes(code) ? { kind: 'fenced', cause: name } : { kind: 'refused', code: name }
}

function outcomeOfFailure(error: unknown): CommitOutcome {
  const isRefusal = error instanceof WaybillError && error.code === 'WB_KAFKA_REFUSED'
  if (isRefusal) return { kind: 'refused', code: String(error.facts['kafka']) }
  return { kind: 'unknown', cause: describe(error) }
}

function committedOf(partition: GroupPartition, stored: StoredOffset | undefined): CommittedOffset | undefined {
  if (stored === undefined || stored.offset < 0) return undefined
  const { offset, leaderEpoch, metadata } = stored
  return { ...partition, offset, leaderEpoch, metadata }
}
