import { causeText, WaybillError } from '../model/errors.js'
import type { Finding } from '../model/finding.js'
import { findingName } from '../model/finding.js'
import { writeCommitMetadata } from '../model/commit-metadata.js'
import { Progress } from '../model/progress.js'
import type { GroupMember, GroupPartition } from '../ports/group.js'
import { Committer } from './committer.js'
import type { ConsumeContext } from './consume-context.js'
import type { BatchEnd } from './batch-dispatcher.js'
import { BatchDispatcher } from './batch-dispatcher.js'
import { BatchHandling } from './batch-handling.js'
import type { End, Work } from './dispatcher.js'
import { Dispatcher } from './dispatcher.js'
import { FetchLoop } from './fetch-loop.js'
import type { HeldMessage } from './handling.js'
import { Handling } from './handling.js'
import { InboxPurge } from './inbox-purge.js'
import { AssignedPartition } from './partition.js'
import { Pauses } from './pauses.js'
import type { Start } from './resume.js'
import { findStart, tellRecreated } from './resume.js'
import type { SeekPosition } from './seek.js'
import { notSet, offsetOf, taken } from './seek.js'
import { TopicWatch } from './topic-watch.js'
import { SequenceWatch } from './sequence-watch.js'

/** How long the fetch loop rests after an error. */
const restMs = 20
const stuckLookMs = 1_000

/**
 * A member of a consumer group: fetch → dispatch by order to workers → progress → commit of the contiguous handled prefix.
 * joining → running → stopping → closed; a handler or a loss that its policy does not forgive leads to stopping by itself,
 * and `closed` then rejects with the reason. Heartbeats are the group adapter's and do not depend on handlers.
 */
export class Consumer<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #committer: Committer<Tx>
  readonly #fetching: FetchLoop<Tx>
  readonly #handling: Handling<Tx>
  readonly #dispatcher: Dispatcher | BatchDispatcher
  readonly #partitions = new Map<string, AssignedPartition>()
  readonly #pauses = new Pauses()
  /** Topic ids of partitions that are or were ours, by `topic/number`. */
  readonly #known = new Map<string, string>()
  /** Aborted first: no new fetches and no new handlers. */
  readonly #stopping = new AbortController()
  /** Aborted when the drain is over: handlers still running are told. */
  readonly #ended = new AbortController()
  readonly #tasks = new Set<Promise<unknown>>()
  /** Names of partitions that are being given up. */
  readonly #leaving = new Set<string>()
  /** Partitions whose commit for having fallen idle is under way. */
  readonly #idleCommits = new Set<AssignedPartition>()
  /** One seek at a time. */
  #seeks: Promise<unknown> = Promise.resolve()
  #member: GroupMember | undefined
  #joining: Promise<void> | undefined
  #loops: Promise<unknown> | undefined
  #stop: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #close: () => void = () => {}
  readonly #closed: Promise<void>

  constructor(context: ConsumeContext<Tx>) {
    this.#context = context
    this.#committer = new Committer(context)
    this.#handling = new Handling(context, {
      handled: (work) => this.#handled(work),
      failed: (work, error) => this.#handlerFailed(work, error),
      braked: (error) => this.#fail(error),
      ended: this.#ended.signal,
    })
    this.#dispatcher = this.#newDispatcher(context)
    this.#fetching = new FetchLoop(context, {
      add: (works) => this.#dispatcher.add(works),
      moved: (partition) => this.#commitWhenIdle(partition),
      found: (finding) => this.#found(finding),
      lossFound: (partition, finding, detail, at) => this.#lossFound(partition, finding, detail, at),
    })
    this.#closed = new Promise((resolve) => {
      this.#close = resolve
    })
  }

  /** Joins the group; resolves when a member. Rejects as `Groups.join` does, and with WB_STOPPED when stopped meanwhile. */
  async start(): Promise<void> {
    if (this.#stop) throw new WaybillError('WB_STOPPED', 'this consumer was stopped')
    this.#joining = this.#join()
    await this.#joining
    if (this.#stopping.signal.aborted) throw new WaybillError('WB_STOPPED', 'this consumer was stopped while it joined')
    const purge = new InboxPurge(this.#context, () => this.#isPurger())
    const topics = new TopicWatch(this.#context)
    const besides = [purge.run(this.#stopping.signal), topics.run(this.#stopping.signal)]
    this.#loops = Promise.all([this.#fetchLoop(), this.#commitLoop(), this.#watchLoop(), ...besides])
  }

  async #join(): Promise<void> {
    const { kafka, group, topics, instanceId, settings } = this.#context
    const { rebalanceTimeoutMs, groupProtocol, sessionTimeoutMs } = settings
    const times = { rebalanceTimeoutMs, sessionTimeoutMs }
    this.#member = await kafka.join(
      { group, topics, groupProtocol, ...times, ...(instanceId !== undefined && { instanceId }) },
      {
        assigned: (partitions) => this.#assigned(partitions),
        revoked: (partitions) => this.#revoked(partitions),
        lost: (cause) => this.#lost(cause),
        ended: (error) => this.#fail(error),
      },
    )
  }

  /** Resolves when the consumer has ended as asked; rejects with the reason when it had to end by itself. */
  async closed(): Promise<void> {
    await this.#closed
    if (this.#failure) throw this.#failure.error
  }

  /** Messages that wait by policy `hold`. */
  held(): readonly HeldMessage[] {
    return this.#handling.held()
  }

  /** Stops fetching, lets running handlers end within `drainMs`, commits, leaves the group. Safe twice. */
  stop(): Promise<void> {
    this.#stop ??= this.#end()
    return this.#stop
  }

  /** See `RunningConsumer.pause`. */
  pause(topic?: string, partition?: number): void {
    this.#setPaused(true, topic, partition)
  }

  /** See `RunningConsumer.resume`. */
  resume(topic?: string, partition?: number): void {
    this.#setPaused(false, topic, partition)
  }

  #setPaused(isPaused: boolean, topic?: string, partition?: number): void {
    if (this.#stop) throw new WaybillError('WB_STOPPED', 'this consumer was stopped')
    this.#checkPlace(topic, partition)
    this.#pauses.set(isPaused, topic, partition)
    for (const each of this.#partitions.values())
      each.paused = this.#pauses.covers(each.place.topic, each.place.partition)
    if (!isPaused) this.#dispatcher.resume()
  }

  /** See `RunningConsumer.seek`. */
  seek(topic: string, partition: number, position: SeekPosition): Promise<void> {
    const run = this.#seeks.then(() => this.#seek(topic, partition, position))
    this.#seeks = run.catch(() => undefined)
    return run
  }

  /**
   * As at a revoke the partition drains and is committed; then a new object begins at the new position, so that nothing of
   * the time before counts for it, and is active only when the group holds that position.
   */
  async #seek(topic: string, number: number, position: SeekPosition): Promise<void> {
    if (this.#stop) throw new WaybillError('WB_STOPPED', 'this consumer was stopped')
    this.#checkPlace(topic, number)
    const place = { topic, partition: number }
    const isIt = (one: AssignedPartition): boolean => one.place.topic === topic && one.place.partition === number
    const find = (): AssignedPartition | undefined => [...this.#partitions.values()].find(isIt)
    await this.#drained(() => find()?.phase !== 'loading')
    const old = find()
    const member = this.#member
    if (old?.phase !== 'active' || !member) throw taken(place)
    const to = await offsetOf(this.#context, old.place, position)
    if (!this.#holds(old, 'active')) throw taken(place)
    old.phase = 'revoking'
    this.#dropQueued(old)
    await this.#drained(() => old.running === 0)
    await this.#committer.commit(member, [old])
    // A revoke that has begun meanwhile knows the old object only: a new one would be read on for ever by nobody's leave.
    if (!this.#holds(old, 'revoking') || this.#leaving.has(old.name)) throw taken(place)
    // From there on everything is handled, also what was handled above before.
    const progress = new Progress(to)
    this.#drop(old)
    const next = this.#begin(old.place)
    const metadata = writeCommitMetadata(progress.metadata(undefined, next.name) ?? '', next.name, () => undefined)
    const offset = { ...next.place, offset: progress.position, leaderEpoch: -1, metadata }
    const outcome = await this.#committer.set(member, offset)
    if (outcome.kind !== 'committed') {
      // What the group holds decides, it may be either position.
      this.#track(this.#load(next))
      throw notSet(outcome, next.place)
    }
    this.#activate(next, { progress, leaderEpoch: -1, committed: offset, loss: undefined })
    const from = old.progress?.position ?? -1
    this.#context.events.emit({ kind: 'position-set', ...place, from, to: offset.offset })
    this.#context.log.warn('the position was set', { group: this.#context.group, ...place, from, to: offset.offset })
  }

  /** Asked again after each wait: a revoke, a fence or the end may have come. */
  #holds(partition: AssignedPartition, phase: AssignedPartition['phase']): boolean {
    return partition.phase === phase && !this.#stop
  }

  /** Refuses what this consumer cannot know: a slip of the pen would pause nothing, unseen. */
  #checkPlace(topic: string | undefined, partition: number | undefined): void {
    const { topics } = this.#context
    const invalid = (what: string): never => {
      throw new WaybillError('WB_OPTION_INVALID', what)
    }
    if (topic === undefined && partition !== undefined) invalid(`name the topic of partition ${partition}`)
    if (topic === undefined) return
    if (!topics.includes(topic)) invalid(`this consumer has no topic ${topic}; it has ${topics.join(', ')}`)
    if (partition === undefined || this.#known.has(`${topic}/${partition}`)) return
    const text = `partition ${topic}/${partition} is not assigned to this consumer: call the member that owns it, or leave the partition out to mean the whole topic`
    throw new WaybillError('WB_NOT_ASSIGNED', text, { facts: { topic, partition } })
  }

  /** Never rejects: what goes wrong at the end is the reason that `closed` gives, unless there is one already. */
  async #end(): Promise<void> {
    try {
      await this.#windDown()
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#close()
  }

  async #windDown(): Promise<void> {
    this.#stopping.abort()
    this.#dispatcher.stop()
    // A member that joins after the end would keep its partitions from all others for ever (simulation, seed 3 path 253).
    await this.#joining?.catch(() => undefined)
    await this.#drained(() => this.#dispatcher.running === 0)
    const member = this.#member
    if (member) await this.#committer.commit(member, [...this.#partitions.values()])
    this.#ended.abort()
    for (const partition of this.#partitions.values()) this.#drop(partition)
    await this.#loops
    await this.#seeks
    await Promise.all(this.#tasks)
    try {
      await member?.leave()
    } catch (error) {
      this.#context.log.warn('the group was not left, the session will run out', { cause: causeText(error) })
    }
  }

  /** Ends by itself: what is handled is committed, the message at fault is not. */
  #fail(error: unknown): void {
    if (this.#failure || this.#stop) return
    this.#failure = { error }
    this.#context.log.error('the consumer stops', { group: this.#context.group, cause: causeText(error) })
    this.#stop = this.#end()
  }

  #assigned(places: readonly GroupPartition[]): void {
    this.#context.events.emit({ kind: 'assigned', partitions: places })
    for (const place of places) {
      const name = `${place.topic}/${place.partition}`
      if ((this.#known.get(name) ?? place.topicId) !== place.topicId) tellRecreated(this.#context, place)
      this.#known.set(name, place.topicId)
      this.#track(this.#load(this.#begin(place)))
    }
  }

  /** From now on only results of this object count for the partition. */
  #begin(place: GroupPartition): AssignedPartition {
    const partition = new AssignedPartition(place)
    partition.paused = this.#pauses.covers(place.topic, place.partition)
    this.#partitions.set(nameOf(place), partition)
    return partition
  }

  /** Finds where to go on; a partition that is taken away meanwhile is left alone. */
  async #load(partition: AssignedPartition, atOffset?: number): Promise<void> {
    const start = await findStart(this.#context, partition, () => this.#member, atOffset)
    if (start) this.#activate(partition, start)
  }

  #activate(partition: AssignedPartition, start: Start): void {
    if (partition.phase !== 'loading') return
    partition.progress = start.progress
    const state = start.state === undefined ? undefined : { text: start.state, name: partition.name }
    partition.watch = new SequenceWatch(partition.place, start.progress.position, state)
    partition.fetchOffset = start.progress.position
    partition.knownTo = start.progress.handledAbove().runs.at(-1)?.[1] ?? 0
    partition.lastLeaderEpoch = start.leaderEpoch
    partition.committed = start.committed
    partition.phase = 'active'
    this.#fetching.look()
    // Without a position what retention deletes before the first commit would be missed by nobody.
    if (!start.committed) this.#commitWhenIdle(partition)
    if (start.loss) this.#lossFound(partition, start.loss.finding, start.loss.detail, start.loss.resumeAt)
  }

  async #revoked(places: readonly GroupPartition[]): Promise<void> {
    const partitions = places.flatMap((place) => this.#partitions.get(nameOf(place)) ?? [])
    for (const partition of partitions) {
      this.#leaving.add(partition.name)
      // Also one that is loading: it must not become active, or another object after a loss, behind our back.
      if (partition.phase !== 'gone') partition.phase = 'revoking'
      this.#dropQueued(partition)
    }
    await this.#drained(() => partitions.every(({ running }) => running === 0))
    if (this.#member) await this.#committer.commit(this.#member, partitions)
    for (const partition of partitions) {
      this.#drop(partition)
      this.#leaving.delete(partition.name)
    }
    this.#context.events.emit({ kind: 'revoked', partitions: places })
  }

  /** Fenced: another member may have our partitions already, so nothing is committed. */
  #lost(cause: string): void {
    const partitions = [...this.#partitions.values()]
    this.#context.log.warn('membership lost', { group: this.#context.group, cause, partitions: partitions.length })
    for (const partition of partitions) {
      this.#dropQueued(partition)
      this.#drop(partition)
    }
    this.#context.events.emit({ kind: 'lost', partitions: partitions.map(({ place }) => place) })
  }

  #dropQueued(partition: AssignedPartition): void {
    for (const work of this.#dispatcher.drop(partition)) this.#fetching.release(work)
  }

  #drop(partition: AssignedPartition): void {
    partition.phase = 'gone'
    partition.gone.abort()
    const name = nameOf(partition.place)
    if (this.#partitions.get(name) === partition) this.#partitions.delete(name)
  }

  #newDispatcher(context: ConsumeContext<Tx>): Dispatcher | BatchDispatcher {
    const { handleBatch } = context
    const { order, workers, handleBatchMax } = context.settings
    if (!handleBatch) return new Dispatcher(order, workers, (work) => this.#run(work))
    const batches = new BatchHandling(context, handleBatch, this.#handling, this.#ended.signal)
    return new BatchDispatcher(order, workers, handleBatchMax, (works) => this.#runBatch(batches, works))
  }

  async #runBatch(batches: BatchHandling<Tx>, works: readonly Work[]): Promise<BatchEnd> {
    const end = await batches.run(works)
    if (!('ends' in end)) return end
    works.forEach((work, at) => {
      if (end.ends[at] === 'done') this.#fetching.release(work)
    })
    const hit = end.ends.includes('done') && this.#context.failpoints.hit('progress:after-handled')
    if (hit) await hit
    return end
  }

  #run(work: Work): 'done' | Promise<End> {
    const end = this.#handling.run(work)
    if (end === 'done') return this.#released(work)
    return end.then((how) => (how === 'done' ? this.#released(work) : how))
  }

  #released(work: Work): 'done' | Promise<'done'> {
    this.#fetching.release(work)
    const hit = this.#context.failpoints.hit('progress:after-handled')
    return hit ? hit.then(() => 'done' as const) : 'done'
  }

  #handled({ partition, message }: Work): void {
    partition.progress?.handled(message.offset)
    this.#commitWhenIdle(partition)
  }

  /**
   * A partition with nothing left to do is committed at once, so that a lag of zero shows as zero. Not one of which more is
   * known to be there: handlers that are faster than the brokers would have it committed after every read.
   */
  #commitWhenIdle(partition: AssignedPartition): void {
    const member = this.#member
    if (!member || partition.progress?.pendingCount !== 0 || this.#idleCommits.has(partition)) return
    if (partition.fetchOffset < partition.highWatermark) return
    this.#idleCommits.add(partition)
    const commit = async (): Promise<void> => {
      await this.#committer.commit(member, [partition])
      this.#idleCommits.delete(partition)
    }
    this.#track(commit())
  }

  #handlerFailed({ message, attempts }: Work, cause: unknown): void {
    const place = `${message.topic}/${message.partition} offset ${message.offset}`
    const text = `the handler failed ${attempts} times for ${place}: ${causeText(cause)}; mend it and start again, nothing was skipped`
    const { topic, partition, offset } = message
    this.#fail(new WaybillError('WB_HANDLER_FAILED', text, { cause, facts: { topic, partition, offset, attempts } }))
  }

  #found(finding: Finding): void {
    const { events, log } = this.#context
    const { kind, topic, partition, evidence } = finding
    const detail = `${findingName(finding)}: ${finding.count} messages`
    events.emit({ kind: 'finding', finding: kind, stream: { topic, partition }, detail })
    log.error('the sequences of a producer are not whole', { finding: findingName(finding), ...evidence })
  }

  #lossFound(partition: AssignedPartition, finding: string, detail: string, resumeOffset: number): void {
    const { events, log, settings } = this.#context
    const { topic, partition: number } = partition.place
    events.emit({ kind: 'finding', finding, stream: { topic, partition: number }, detail })
    log.error('messages were lost to this group', { finding, detail })
    if (settings.onLoss === 'stop') {
      this.#fail(
        new WaybillError('WB_LOSS_FOUND', `${detail}; set onLoss: 'continue' to go on at ${resumeOffset}`, {
          facts: { finding },
        }),
      )
      return
    }
    if (finding === 'retention') {
      // What was fetched before is still in memory, and still to be handled: found by `prove -- consume`, which lost it.
      this.#fetching.passOver(partition, resumeOffset)
      return
    }
    // A new assignment object: what was fetched under the old positions must not count for the new ones. It goes on at what is
    // not handled: records below the cut were fetched, too, and are dropped here with the others.
    const from = Math.min(resumeOffset, partition.progress?.position ?? resumeOffset)
    this.#dropQueued(partition)
    this.#drop(partition)
    this.#track(this.#load(this.#begin(partition.place), from))
  }

  async #fetchLoop(): Promise<void> {
    const { clock, log } = this.#context
    const signal = this.#stopping.signal
    while (!signal.aborted) {
      try {
        await this.#fetching.round([...this.#partitions.values()], signal)
      } catch (error) {
        log.error('a fetch round failed, trying again', { cause: causeText(error) })
        await clock.sleep(restMs, signal)
      }
    }
    await this.#fetching.ended()
  }

  async #commitLoop(): Promise<void> {
    const { clock, settings } = this.#context
    const signal = this.#stopping.signal
    while (!signal.aborted) {
      await clock.sleep(settings.commitMs, signal)
      if (this.#member) await this.#committer.commit(this.#member, [...this.#partitions.values()])
    }
  }

  async #watchLoop(): Promise<void> {
    const signal = this.#ended.signal
    while (!signal.aborted) {
      this.#handling.reportStuck()
      await this.#context.clock.sleep(stuckLookMs, signal)
    }
  }

  /** One member of the group purges the inbox for all. */
  #isPurger(): boolean {
    const first = [...this.#context.topics].sort()[0]
    const isFirst = ({ phase, place }: AssignedPartition): boolean =>
      phase === 'active' && place.topic === first && place.partition === 0
    return [...this.#partitions.values()].some(isFirst)
  }

  /** Waits until `idle` or until `drainMs` have passed. */
  async #drained(idle: () => boolean): Promise<void> {
    const { clock, settings } = this.#context
    const until = clock.monotonicMs() + settings.drainMs
    while (!idle() && clock.monotonicMs() < until) await clock.sleep(drainLookMs)
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#tasks.delete(tracked))
    this.#tasks.add(tracked)
  }
}

const drainLookMs = 5

function nameOf({ topicId, partition }: GroupPartition): string {
  return `${topicId} ${partition}`
}
