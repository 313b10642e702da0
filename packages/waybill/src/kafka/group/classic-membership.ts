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
import type { SyncAnswer } from './classic-api.js'
import { ClassicRequests } from './classic-requests.js'
import { ClassicSession } from './classic-session.js'
import { parseAssignment, type TopicPartition } from './consumer-protocol.js'
import type { Coordinator } from './coordinator.js'
import { GivenPartitions } from './given-partitions.js'
import { backoffLimits, type GroupMembership, revokeMsOf, tellEnded, tellLost } from './group-membership.js'
import { countPartitions, plan } from './leader.js'
import type { MembershipParts } from './membership.js'
import { News } from './news.js'
import { instanceFenced, refusal, unreachable } from './refusal.js'

const sessionTimeoutDefaultMs = 45_000
const leaveWaitMaxMs = 5000
const unresolvedLookMs = 250
const idleRestMs = 60_000
const noGeneration = -1
const { illegalGeneration, unknownMemberId, rebalanceInProgress, memberIdRequired, fencedInstanceId } = groupErrors

/** What came of a round or a heartbeat. */
interface Outcome {
  /** Time to rest before the next try; `undefined`: done. */
  readonly againMs?: number
  readonly cause?: string
  /** Will not pass by itself. */
  readonly refusal?: WaybillError
}

/**
 * One member of a classic group with the assignor `cooperative-sticky` (KIP-429), from joining to leaving.
 *
 * A *round* is JoinGroup, the leader's plan, SyncGroup; its generation counts from the answer to SyncGroup on. Rounds run one at
 * a time, whenever the group rebalances, a revoke ended, or as leader the topics changed. Partitions stay ours over a round:
 * JoinGroup names what we hold, and no leader gives that to anybody else. Heartbeats, commits and the session's end go their
 * own way meanwhile.
 *
 * States: `joining` → `member` → `lost` (unknown, of an older generation, session over: nothing is ours, the listener knows) →
 * joining again with backoff. `ended` from any state: left, closed, refused at the first join, or fenced by another member with
 * our instance id.
 */
export class ClassicMembership implements GroupMembership {
  readonly assignment: Assignment
  readonly staleErrors: ReadonlySet<number> = new Set([illegalGeneration, rebalanceInProgress])
  readonly readsAsMember = false
  readonly #options: GroupOptions
  readonly #listener: GroupListener
  readonly #coordinator: Coordinator
  readonly #topics: Topics
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #session: ClassicSession
  readonly #requests: ClassicRequests
  readonly #given: GivenPartitions
  readonly #stop = new AbortController()
  readonly #joinAlarm: Alarm
  readonly #beatAlarm: Alarm
  readonly #topicsAlarm: Alarm
  readonly #news: News
  #state: 'joining' | 'member' | 'ended' = 'joining'
  /** From the coordinator; empty until it gave one. */
  #memberId = ''
  /** Of the last answered SyncGroup: commits go under it, and what we hold is ours since then. */
  #generation = noGeneration
  /** Of the last answered JoinGroup: heartbeats go under it. */
  #joined = noGeneration
  #mustJoin = true
  #isRound = false
  /** Whether `join` has resolved: before, it is the one to tell of an end. */
  #isTaken = false
  /** As leader: what the assignment was made from. */
  #counts: ReadonlyMap<string, number> = new Map()
  #failures = 0
  #beats = 0
  #beatAnswered = 0
  #whyOut = 'has not joined'
  #fence: WaybillError | undefined
  #running: Promise<unknown> = Promise.resolve()

  constructor({ options, listener, coordinator, topics, context, log }: Omit<MembershipParts, 'memberId'>) {
    const { clock } = context
    const sessionTimeoutMs = options.sessionTimeoutMs ?? sessionTimeoutDefaultMs
    this.#options = options
    this.#listener = listener
    this.#coordinator = coordinator
    this.#topics = topics
    this.#context = context
    this.#log = log
    this.#requests = new ClassicRequests(options, sessionTimeoutMs, coordinator, context)
    this.#session = new ClassicSession(clock, sessionTimeoutMs, options.rebalanceTimeoutMs)
    this.#given = new GivenPartitions(topics)
    this.#joinAlarm = new Alarm(clock, this.#stop.signal)
    this.#beatAlarm = new Alarm(clock, this.#stop.signal)
    this.#topicsAlarm = new Alarm(clock, this.#stop.signal)
    this.#news = new News(clock, this.#stop.signal)
    const host = {
      namesOf: async (ids: ReadonlySet<string>) => this.#given.namesOf(ids),
      changed: (how: 'revoked' | 'assigned') => {
        if (how === 'revoked') this.#joinAgain() // without them, so that the leader may give them on
      },
      overdue: () => this.#lose('partitions were not given up within the rebalance timeout'),
    }
    this.assignment = new Assignment(listener, host, clock, log)
  }

  get memberId(): string {
    return this.#memberId
  }

  async join(): Promise<void> {
    const { clock, settings } = this.#context
    const startMs = clock.monotonicMs()
    this.#running = Promise.all([this.#beatOn(), this.#watch()])
    while (this.#state === 'joining') {
      const { againMs, cause, refusal: refused } = await this.#round()
      if (againMs === undefined || this.#isStopped()) continue
      if (refused !== undefined) throw this.#ended(refused)
      // The coordinator may have waited for the other members before it failed.
      if (clock.monotonicMs() - startMs > settings.callTimeoutMs) throw this.#ended(unreachable(this.#options, cause))
      await this.#joinAlarm.rest(againMs)
    }
    if (this.#fence !== undefined) throw this.#ended(this.#fence)
    if (this.#isStopped()) throw new WaybillError('WB_STOPPED', 'the Kafka connection was closed')
    this.#isTaken = true
    this.#running = Promise.all([this.#running, this.#joinOn()])
    // Not waited for at the end: it may be asking for topics for as long as one call may take.
    this.#followTopics().catch((error: unknown) => this.#log.error(describe(error), { error }))
  }

  get epoch(): number | undefined {
    this.#checkSession()
    return this.#state === 'member' ? this.#generation : undefined
  }

  get whyOut(): string {
    return this.#whyOut
  }

  owned(): readonly GroupPartition[] {
    this.#checkSession()
    return this.assignment.owned
  }

  refusedUnder(generation: number, errorCode: number): void {
    if (this.#state !== 'member' || this.#generation !== generation) return
    if (errorCode === fencedInstanceId) this.#fenced(errorName(errorCode))
    else this.#unknown(errorCode)
  }

  async epochAfter(staleEpoch: number, waitMs: number): Promise<void> {
    const beats = this.#beats // one under way may have been answered before the generation moved
    this.#beatAlarm.ring()
    const isOpen = (): boolean => this.#isRound || this.#mustJoin || this.#beatAnswered <= beats
    await this.#news.whileOpen(waitMs, () => this.epoch === staleEpoch && isOpen())
  }

  async leave(): Promise<void> {
    if (this.#state !== 'ended') {
      this.#end('has left the group')
      this.#coordinator.drop('join') // a JoinGroup may wait for minutes
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
    this.assignment.clear()
    this.#stop.abort()
    this.#news.tell()
  }

  #ended(error: WaybillError): WaybillError {
    this.#end(error.message)
    this.#coordinator.close()
    return error
  }

  async #joinOn(): Promise<void> {
    let restMs = 0
    while (!this.#isStopped()) {
      if (!this.#mustJoin) await this.#joinAlarm.rest(idleRestMs)
      if (!this.#mustJoin || this.#isStopped()) continue
      // A member that is lost again and again must not hammer the coordinator.
      if (restMs === 0 && this.#state === 'joining') restMs = this.#backoff()
      await this.#context.clock.sleep(restMs, this.#stop.signal)
      if (this.#isStopped()) return
      const { againMs = 0, refusal: refused } = await this.#round()
      if (refused !== undefined) this.#log.error(`group ${this.#options.group}: ${refused.message}; trying on`, {})
      restMs = againMs
    }
  }

  async #beatOn(): Promise<void> {
    let restMs = this.#session.intervalMs
    while (!this.#isStopped()) {
      await this.#beatAlarm.rest(restMs)
      if (this.#isStopped()) return
      restMs = await this.#beat()
    }
  }

  /** Looks at the session from its own timer, so that a hanging request does not hide its end. */
  async #watch(): Promise<void> {
    while (!this.#isStopped()) {
      this.#checkSession()
      await this.#context.clock.sleep(this.#session.nextLookMs(), this.#stop.signal)
    }
  }

  /** Resolves the names of what was given, and as leader looks for topics that changed. */
  async #followTopics(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        if (await this.#given.refresh()) this.#aim()
        else this.assignment.settle()
        if (this.#counts.size > 0) await this.#compareTopics()
      } catch (error) {
        this.#log.debug(`the topics of group ${this.#options.group} could not be asked for: ${describe(error)}`, {})
      }
      const { metadataMaxAgeMs } = this.#context.settings
      const restMs = this.#given.isIncomplete ? Math.min(unresolvedLookMs, metadataMaxAgeMs) : metadataMaxAgeMs
      await this.#topicsAlarm.rest(restMs)
    }
  }

  async #compareTopics(): Promise<void> {
    const counts = this.#counts
    const now = await countPartitions(counts.keys(), this.#topics, this.#log)
    if (this.#counts === counts && [...counts].some(([topic, count]) => now.get(topic) !== count)) this.#joinAgain()
  }

  /** One round; never rejects. */
  async #round(): Promise<Outcome> {
    this.#mustJoin = false
    this.#isRound = true
    let outcome: Outcome
    try {
      outcome = await this.#joinAndSync()
    } catch (error) {
      outcome = this.#failed(error)
    }
    this.#isRound = false
    if (outcome.againMs !== undefined) this.#mustJoin = true
    this.#news.tell()
    return outcome
  }

  async #joinAndSync(): Promise<Outcome> {
    const claims = this.#claims()
    const { topics } = this.#options
    const joined = await this.#requests.join(this.#memberId, { topics, owned: claims, generation: this.#generation })
    if (this.#isStopped()) return {}
    if (joined.errorCode === memberIdRequired && this.#memberId !== joined.memberId) {
      // At once: the coordinator keeps the id for a session only, and a backoff can be longer.
      this.#memberId = joined.memberId
      return this.#joinAndSync()
    }
    if (joined.errorCode !== 0) return this.#refusedRound(joined.errorCode)
    this.#memberId = joined.memberId
    this.#joined = joined.generation
    this.#counts = new Map()
    const isLeader = joined.leader === joined.memberId
    const { assignments, partitionCounts } = isLeader
      ? await plan(joined, this.#topics, this.#log)
      : { assignments: [], partitionCounts: this.#counts }
    const sentMs = this.#nowMs
    const synced = await this.#requests.sync(joined.memberId, joined.generation, assignments)
    if (this.#isStopped()) return {}
    if (synced.errorCode !== 0) return this.#notSynced(synced)
    const given = parseAssignment(synced.assignment)
    this.#session.answered(sentMs, true)
    // Stopped while the answer was under way: somebody else may have everything by now.
    if (this.#session.whyOver(true)) return { againMs: 0, cause: 'the session ended while joining' }
    this.#counts = partitionCounts
    this.#take(joined.generation, given, claims)
    return {}
  }

  /**
   * What JoinGroup says we hold: what we own, also while its revoke is running, and what we were given and have not taken yet
   * (it could become ours before the answer, and the leader must not give it to another meanwhile).
   */
  #claims(): readonly TopicPartition[] {
    const all = [...this.assignment.owned, ...this.#given.all]
    return [...new Map(all.map(({ topic, partition }) => [`${topic} ${partition}`, { topic, partition }])).values()]
  }

  #take(generation: number, given: readonly TopicPartition[], claims: readonly TopicPartition[]): void {
    this.#generation = generation
    this.#state = 'member'
    this.#given.set(given)
    // In this turn: a partition of the last assignment that is not in this one must not be taken any more.
    this.#aim()
    const kept = new Set([...given, ...this.assignment.owned].map(({ topic, partition }) => `${topic} ${partition}`))
    // Claimed, not given and not held any more: nobody else got it, and no revoke of ours will make us join again.
    if (claims.some(({ topic, partition }) => !kept.has(`${topic} ${partition}`))) this.#joinAgain()
    this.#topicsAlarm.ring()
  }

  #aim(): void {
    if (this.#state !== 'member') return
    this.assignment.aim(this.#given.named, this.#nowMs + revokeMsOf(this.#options.rebalanceTimeoutMs))
  }

  #notSynced({ errorCode }: SyncAnswer): Outcome {
    if (errorCode === rebalanceInProgress) return { againMs: 0 }
    return this.#refusedRound(errorCode)
  }

  #refusedRound(errorCode: number): Outcome {
    const cause = errorName(errorCode)
    if (errorCode === fencedInstanceId) {
      this.#fenced(cause)
      return { cause }
    }
    if (errorCode === unknownMemberId || errorCode === illegalGeneration) {
      this.#unknown(errorCode)
      return { againMs: this.#backoff(), cause }
    }
    if (passingErrors.has(errorCode) || errorCode === rebalanceInProgress) {
      this.#coordinator.forget()
      return { againMs: this.#backoff(), cause }
    }
    return this.#refused(refusal(this.#options, errorCode, null))
  }

  #failed(error: unknown): Outcome {
    if (this.#isStopped()) return {}
    const cause = describe(error)
    if (error instanceof LinkError || (error instanceof WaybillError && error.code === 'WB_KAFKA_UNREACHABLE'))
      return { againMs: this.#backoff(), cause }
    return this.#refused(
      error instanceof WaybillError ? error : new WaybillError('WB_INTERNAL', cause, { cause: error }),
    )
  }

  /** What will not pass by itself: ends the first join; a member of before keeps trying, slowly (somebody may put it right). */
  #refused(error: WaybillError): Outcome {
    this.#lose(error.message)
    return { againMs: Math.max(this.#backoff(), backoffLimits.maxMs / 2), cause: error.message, refusal: error }
  }

  /** One heartbeat; how long to rest before the next. */
  async #beat(): Promise<number> {
    const [generation, memberId] = [this.#joined, this.#memberId]
    if (generation === noGeneration) return this.#session.intervalMs
    const mine = ++this.#beats
    try {
      const sentMs = this.#nowMs
      const errorCode = await this.#requests.beat(memberId, generation)
      if (generation !== this.#joined || memberId !== this.#memberId) return 0
      return this.#heard(errorCode, sentMs)
    } catch (error) {
      this.#log.debug(`a heartbeat to group ${this.#options.group} failed: ${describe(error)}`, {})
      return Math.min(this.#backoff(), this.#session.intervalMs)
    } finally {
      this.#beatAnswered = mine
      this.#news.tell()
    }
  }

  #heard(errorCode: number, sentMs: number): number {
    if (errorCode === 0 || errorCode === rebalanceInProgress) this.#session.answered(sentMs, errorCode === 0)
    if (errorCode === 0) this.#failures = 0
    else if (errorCode === rebalanceInProgress) {
      if (!this.#isRound) this.#joinAgain()
    } else if (errorCode === fencedInstanceId) this.#fenced(errorName(errorCode))
    else if (passingErrors.has(errorCode)) this.#coordinator.forget()
    // During a round the group's generation is ahead of ours: the round's own answer tells whether we are in it.
    else if (errorCode !== illegalGeneration || !this.#isRound) this.#unknown(errorCode)
    return this.#session.intervalMs
  }

  /** A request was answered as to somebody who is no member, or of another generation. */
  #unknown(errorCode: number): void {
    if (errorCode === unknownMemberId) this.#memberId = ''
    this.#lose(errorName(errorCode))
  }

  #joinAgain(): void {
    this.#mustJoin = true
    this.#joinAlarm.ring()
  }

  #checkSession(): void {
    const why = this.#state === 'member' ? this.#session.whyOver(this.#requests.isWaiting) : undefined
    if (why !== undefined) this.#lose(why)
  }

  #lose(cause: string): void {
    if (this.#state === 'ended') return
    const wasMember = this.#state === 'member'
    this.#generation = noGeneration
    this.#joined = noGeneration
    this.#given.clear()
    this.#state = 'joining'
    this.#whyOut = cause
    this.assignment.clear()
    this.#joinAgain()
    this.#news.tell()
    if (!wasMember) return
    this.#log.warn(`group ${this.#options.group}: membership lost (${cause}); joining again`, { member: this.memberId })
    tellLost(this.#listener, this.#log, cause)
  }

  #fenced(cause: string): void {
    if (this.#state === 'ended') return
    this.#fence = instanceFenced(this.#options, cause)
    this.abandon(this.#fence.message)
    if (this.#isTaken) tellEnded(this.#listener, this.#log, this.#fence)
  }

  async #sayGoodbye(): Promise<void> {
    // A static member says nothing: its place is kept until it is back or its session is over (KIP-345).
    if (this.#memberId === '' || this.#options.instanceId !== undefined) return
    try {
      await this.#requests.leave(this.#memberId, leaveWaitMaxMs)
    } catch (error) {
      this.#log.debug(`leaving group ${this.#options.group} was not answered: ${describe(error)}`, { error })
    }
  }

  get #nowMs(): number {
    return this.#context.clock.monotonicMs()
  }

  /** A call, not a property: the compiler would take its answer of before a wait for the one after it. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  #backoff(): number {
    return backoff(this.#failures++, backoffLimits, this.#context.random.next())
  }
}
