import { backoff } from '../../model/backoff.js'
import { WaybillError } from '../../model/errors.js'
import type { GroupListener, GroupOptions, GroupPartition } from '../../ports/group.js'
import type { Log } from '../../ports/log.js'
import { errorName, groupErrors, passingErrors } from '../error-codes.js'
import type { KafkaContext } from '../network/cluster.js'
import { withDeadline } from '../network/deadline.js'
import { describe, LinkError } from '../network/link.js'
import type { Topics } from '../topics.js'
import { Alarm } from './alarm.js'
import { Assignment } from './assignment.js'
import type { Coordinator } from './coordinator.js'
import { type Heartbeat, type HeartbeatAnswer, heartbeatApi } from './heartbeat-api.js'
import { backoffLimits, type GroupMembership, revokeMsOf, tellEnded, tellLost } from './group-membership.js'
import { News } from './news.js'
import { instanceFenced, refusal, unreachable } from './refusal.js'
import { Session } from './session.js'

const leaveWaitMaxMs = 5000
const intervalMinMs = 10
/** KIP-848: member epochs of a heartbeat that joins, leaves, leaves for a moment. */
const joinEpoch = 0
const leaveEpoch = -1
const leaveStaticEpoch = -2

/** What a membership is made of. */
export interface MembershipParts {
  readonly memberId: string
  readonly options: GroupOptions
  readonly listener: GroupListener
  readonly coordinator: Coordinator
  readonly topics: Topics
  readonly context: KafkaContext
  readonly log: Log
}

/**
 * One member of a KIP-848 group, from joining to leaving. One heartbeat at a time, on a connection of its own.
 *
 * States: `joining` (epoch 0 is sent until the coordinator takes us) → `member` → `lost` (fenced, unknown, session over: nothing
 * is ours, the listener knows) → joining again with backoff → `member`. `ended` from any state: left, closed or refused at the
 * first join. Only `#lose` goes from member to joining; answers to heartbeats of an earlier life are dropped.
 */
export class Membership implements GroupMembership {
  readonly memberId: string
  readonly staleErrors: ReadonlySet<number> = new Set([groupErrors.staleMemberEpoch])
  readonly readsAsMember = true
  readonly assignment: Assignment
  readonly #options: GroupOptions
  readonly #listener: GroupListener
  readonly #coordinator: Coordinator
  readonly #topics: Topics
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #session: Session
  readonly #stop = new AbortController()
  #state: 'joining' | 'member' | 'ended' = 'joining'
  #epoch = joinEpoch
  /** Grows with each loss. */
  #life = 0
  #isFull = true
  #acknowledged = ''
  #failures = 0
  #intervalMs = 0
  #beats = 0
  #beatAnswered = 0
  readonly #wake: Alarm
  readonly #news: News
  /** Whether `join` has resolved: before, it is the one to tell of an end. */
  #isTaken = false
  /** Since when the coordinator says that somebody else has our instance id. */
  #unreleasedSinceMs: number | undefined
  #whyOut = 'has not joined'
  #running: Promise<void> = Promise.resolve()

  constructor({ memberId, options, listener, coordinator, topics, context, log }: MembershipParts) {
    this.memberId = memberId
    this.#options = options
    this.#listener = listener
    this.#coordinator = coordinator
    this.#topics = topics
    this.#context = context
    this.#log = log
    this.#session = new Session(context.clock)
    this.#wake = new Alarm(context.clock, this.#stop.signal)
    this.#news = new News(context.clock, this.#stop.signal)
    const host = {
      namesOf: (ids: ReadonlySet<string>) => this.#namesOf(ids),
      changed: () => this.beatNow(),
      overdue: () => this.#loseAndRejoin('partitions were not given up within the rebalance timeout'),
    }
    this.assignment = new Assignment(listener, host, context.clock, log)
  }

  async join(): Promise<void> {
    const { clock, settings } = this.#context
    const startMs = clock.monotonicMs()
    for (;;) {
      const pause = await this.#beat()
      if (this.#state === 'member') break
      const spentMs = clock.monotonicMs() - startMs
      const isTaken = pause.code === groupErrors.unreleasedInstanceId
      // A static member that was killed is held until its session ends; its successor waits that long.
      const patienceMs = settings.callTimeoutMs + (isTaken ? this.#session.timeoutMs : 0)
      if (pause.refusal !== undefined && !isTaken) throw this.#ended(pause.refusal)
      if (this.#state === 'ended') throw new WaybillError('WB_STOPPED', 'the Kafka connection was closed')
      if (spentMs > patienceMs) throw this.#ended(pause.refusal ?? unreachable(this.#options, pause.cause))
      await this.#wake.rest(pause.ms)
    }
    this.#isTaken = true
    this.#running = Promise.all([this.#beatOn(), this.#watch()]).then(() => undefined)
  }

  get epoch(): number | undefined {
    this.#checkSession()
    return this.#state === 'member' ? this.#epoch : undefined
  }

  get whyOut(): string {
    return this.#whyOut
  }

  owned(): readonly GroupPartition[] {
    this.#checkSession()
    return this.assignment.owned
  }

  refusedUnder(epoch: number, errorCode: number): void {
    if (this.#state !== 'member' || this.#epoch !== epoch) return
    if (errorCode === groupErrors.fencedInstanceId) this.#fenced(errorName(errorCode))
    else this.#loseAndRejoin(errorName(errorCode))
  }

  /** Sends the next heartbeat at once (after the one under way). */
  beatNow(): void {
    this.#wake.ring()
  }

  async epochAfter(staleEpoch: number, waitMs: number): Promise<void> {
    const beats = this.#beats // one under way may have been answered before the epoch moved
    this.beatNow()
    await this.#news.whileOpen(waitMs, () => this.epoch === staleEpoch && this.#beatAnswered <= beats)
  }

  async leave(): Promise<void> {
    if (this.#state !== 'ended') {
      this.#end('has left the group')
      const goodbye = this.#running.then(() => this.#sayGoodbye())
      await withDeadline(this.#context.clock, leaveWaitMaxMs, goodbye)
    }
    this.#coordinator.close()
  }

  abandon(cause: string): void {
    const wasMember = this.#state === 'member'
    this.#end(cause)
    if (wasMember) tellLost(this.#listener, this.#log, cause)
  }

  #end(why: string): void {
    this.#state = 'ended'
    this.#whyOut = why
    this.#life++
    this.assignment.clear()
    this.#stop.abort()
    this.#news.tell()
  }

  #ended(error: WaybillError): WaybillError {
    this.#end(error.message)
    this.#coordinator.close()
    return error
  }

  async #beatOn(): Promise<void> {
    let pauseMs = this.#intervalMs
    while (this.#state !== 'ended') {
      await this.#wake.rest(pauseMs)
      if (this.#stop.signal.aborted) return
      const { ms, refusal: refused } = await this.#beat()
      if (refused !== undefined) this.#log.error(`group ${this.#options.group}: ${refused.message}; trying on`, {})
      pauseMs = ms
    }
  }

  /** Looks at the session from its own timer, so that a hanging request does not hide its end. */
  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#checkSession()
      await this.#context.clock.sleep(this.#session.nextLookMs(), this.#stop.signal)
    }
  }

  #checkSession(): void {
    if (this.#state === 'member' && this.#session.isOver)
      this.#loseAndRejoin('no heartbeat was answered for the session timeout')
  }

  #loseAndRejoin(cause: string): void {
    this.#lose(cause)
    this.beatNow()
  }

  /** One heartbeat; tells how long to rest before the next. */
  async #beat(): Promise<Beat> {
    const life = this.#life
    const mine = ++this.#beats
    try {
      if (this.#epoch === joinEpoch) this.#session.learn(await this.#coordinator.sessionTimeoutMs())
      const sentMs = this.#context.clock.monotonicMs()
      const heartbeat = this.#heartbeat()
      const answer = await this.#send(heartbeat)
      if (life !== this.#life) return { ms: 0 }
      return this.#take(answer, sentMs, heartbeat.owned)
    } catch (error) {
      if (life !== this.#life) return { ms: 0 }
      this.#isFull = true
      if (error instanceof LinkError || (error instanceof WaybillError && error.code === 'WB_KAFKA_UNREACHABLE'))
        return { ms: this.#backoff(), cause: describe(error) }
      const isRefusal = error instanceof WaybillError
      return this.#refused(isRefusal ? error : new WaybillError('WB_INTERNAL', describe(error), { cause: error }))
    } finally {
      this.#beatAnswered = mine
      this.#news.tell()
    }
  }

  #take(answer: HeartbeatAnswer, sentMs: number, sentOwned: Heartbeat['owned']): Beat {
    const { errorCode, memberEpoch, intervalMs, assignment } = answer
    if (errorCode !== 0) return this.#failed(answer)
    this.#session.answered(sentMs, intervalMs)
    this.#unreleasedSinceMs = undefined
    if (this.#state === 'joining') this.#state = 'member'
    else this.#failures = 0 // a join alone proves little: a member fenced again and again must not hammer the coordinator
    this.#epoch = memberEpoch
    this.#isFull = false
    if (sentOwned !== undefined) this.#acknowledged = ownedText(sentOwned)
    this.#intervalMs = Math.max(intervalMinMs, intervalMs)
    if (assignment === undefined) this.assignment.settle()
    else this.assignment.aim(assignment, sentMs + revokeMsOf(this.#options.rebalanceTimeoutMs))
    this.#checkSession()
    return { ms: this.#intervalMs }
  }

  #failed({ errorCode, message }: HeartbeatAnswer): Beat {
    this.#isFull = true
    const cause = `${errorName(errorCode)}${message ? `: ${message}` : ''}`
    const { fencedMemberEpoch, unknownMemberId, groupIdNotFound, unreleasedInstanceId, fencedInstanceId } = groupErrors
    if (errorCode === fencedInstanceId || this.#isReplaced(errorCode)) return this.#fenced(cause)
    const isOut = errorCode === fencedMemberEpoch || errorCode === unknownMemberId
    // While joining GROUP_ID_NOT_FOUND says that the id belongs to a group of another kind; later, that the group is gone.
    if (isOut || (errorCode === groupIdNotFound && this.#state === 'member')) {
      this.#lose(cause)
      return { ms: this.#backoff(), cause, code: errorCode }
    }
    if (passingErrors.has(errorCode)) {
      this.#coordinator.forget()
      return { ms: this.#backoff(), cause, code: errorCode }
    }
    const error = refusal(this.#options, errorCode, message)
    if (errorCode === unreleasedInstanceId) return { ms: this.#backoff(), cause, code: errorCode, refusal: error }
    return this.#refused(error)
  }

  /**
   * Whether another member has had our instance id for longer than a silent one keeps it. That one may have been ourselves:
   * the coordinator releases the place of our former epoch when its session ends.
   */
  #isReplaced(errorCode: number): boolean {
    if (errorCode !== groupErrors.unreleasedInstanceId || !this.#isTaken) return false
    const nowMs = this.#context.clock.monotonicMs()
    this.#unreleasedSinceMs ??= nowMs
    return nowMs - this.#unreleasedSinceMs > this.#session.timeoutMs + backoffLimits.maxMs
  }

  #fenced(cause: string): Beat {
    const error = instanceFenced(this.#options, cause)
    this.abandon(error.message)
    if (this.#isTaken) tellEnded(this.#listener, this.#log, error)
    return this.#isTaken ? { ms: 0 } : { ms: 0, refusal: error }
  }

  /** What will not pass by itself: ends the first join; a member of before keeps trying, slowly (somebody may put it right). */
  #refused(error: WaybillError): Beat {
    this.#lose(error.message)
    return { ms: Math.max(this.#backoff(), backoffLimits.maxMs / 2), cause: error.message, refusal: error }
  }

  #lose(cause: string): void {
    const wasMember = this.#state === 'member'
    this.#life++
    this.#epoch = joinEpoch
    this.#isFull = true
    this.#acknowledged = ''
    if (!wasMember) return
    this.#state = 'joining'
    this.#whyOut = cause
    this.assignment.clear()
    this.#log.warn(`group ${this.#options.group}: membership lost (${cause}); joining again`, { member: this.memberId })
    tellLost(this.#listener, this.#log, cause)
  }

  #heartbeat(): Heartbeat {
    const { group, instanceId, rebalanceTimeoutMs, topics } = this.#options
    const isFull = this.#isFull || this.#epoch === joinEpoch
    const owned = this.assignment.owned
    const isChanged = ownedText(owned) !== this.#acknowledged
    return {
      group,
      memberId: this.memberId,
      memberEpoch: this.#epoch,
      instanceId,
      rebalanceTimeoutMs: isFull ? rebalanceTimeoutMs : undefined,
      topics: isFull ? topics : undefined,
      owned: isFull || isChanged ? owned : undefined,
    }
  }

  #send(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    return this.#coordinator.ask('heartbeat', async (link) => {
      const api = heartbeatApi(link)
      if (api === undefined) throw refusal(this.#options, groupErrors.unsupportedVersion, null)
      return link.call('ConsumerGroupHeartbeat', this.#answerWaitMs(), (connection) => api.async(connection, heartbeat))
    })
  }

  /** Three tries fit into a session, so that one lost answer or a dead coordinator does not end it. */
  #answerWaitMs(): number {
    return Math.min(this.#context.settings.requestTimeoutMs, Math.max(100, this.#session.timeoutMs / 3))
  }

  #backoff(): number {
    return backoff(this.#failures++, backoffLimits, this.#context.random.next())
  }

  async #sayGoodbye(): Promise<void> {
    const { group, instanceId } = this.#options
    const memberEpoch = instanceId === undefined ? leaveEpoch : leaveStaticEpoch
    const nothing = { rebalanceTimeoutMs: undefined, topics: undefined, owned: undefined }
    try {
      await this.#coordinator.ask('heartbeat', async (link) =>
        link.call('ConsumerGroupHeartbeat', leaveWaitMaxMs, async (connection) =>
          heartbeatApi(link)?.async(connection, {
            group,
            memberId: this.memberId,
            memberEpoch,
            instanceId,
            ...nothing,
          }),
        ),
      )
    } catch (error) {
      // The session timeout will say it for us.
      this.#log.debug(`leaving group ${group} was not answered: ${describe(error)}`, { error })
    }
  }

  async #namesOf(topicIds: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>()
    for (const topic of this.#options.topics) {
      const shape = await this.#topics.shape(topic)
      if (shape !== undefined) names.set(shape.topicId, topic)
    }
    // A topic that was created anew has another id than the one kept.
    for (const topicId of topicIds)
      if (!names.has(topicId)) for (const topic of this.#options.topics) this.#topics.forget(topic)
    return names
  }
}

/** What came of a heartbeat. */
interface Beat {
  /** Time to rest before the next. */
  readonly ms: number
  readonly cause?: string
  readonly code?: number
  /** Will not pass by itself. */
  readonly refusal?: WaybillError
}

function ownedText(owned: NonNullable<Heartbeat['owned']>): string {
  return owned
    .map(({ topicId, partition }) => `${topicId} ${partition}`)
    .sort()
    .join()
}
