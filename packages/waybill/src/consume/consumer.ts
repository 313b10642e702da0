import { causeText, WaybillError } from '../model/errors.js'
import type { Finding } from '../model/finding.js'
import { findingName } from '../model/finding.js'
import type { GroupMember, GroupPartition } from '../ports/group.js'
import { Committer } from './committer.js'
import type { ConsumeContext } from './consume-context.js'
import type { Work } from './dispatcher.js'
import { Dispatcher } from './dispatcher.js'
import { FetchLoop } from './fetch-loop.js'
import type { HeldMessage } from './handling.js'
import { Handling } from './handling.js'
import { AssignedPartition } from './partition.js'
import { findStart } from './resume.js'
import { SequenceWatch } from './sequence-watch.js'

/** How long the fetch loop rests when no partition can be read. */
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
  readonly #dispatcher: Dispatcher
  readonly #partitions = new Map<string, AssignedPartition>()
  /** Aborted first: no new fetches and no new handlers. */
  readonly #stopping = new AbortController()
  /** Aborted when the drain is over: handlers still running are told. */
  readonly #ended = new AbortController()
  readonly #tasks = new Set<Promise<unknown>>()
  /** Partitions whose commit for having fallen idle is under way. */
  readonly #idleCommits = new Set<AssignedPartition>()
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
    this.#dispatcher = new Dispatcher(context.settings.order, context.settings.workers, (work) => this.#run(work))
    this.#fetching = new FetchLoop(context, {
      add: (work) => this.#dispatcher.add(work),
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
    this.#loops = Promise.all([this.#fetchLoop(), this.#commitLoop(), this.#watchLoop()])
  }

  async #join(): Promise<void> {
    const { kafka, group, topics, settings } = this.#context
    this.#member = await kafka.join(
      { group, topics, rebalanceTimeoutMs: settings.rebalanceTimeoutMs },
      {
        assigned: (partitions) => this.#assigned(partitions),
        revoked: (partitions) => this.#revoked(partitions),
        lost: (cause) => this.#lost(cause),
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
      const partition = new AssignedPartition(place)
      this.#partitions.set(nameOf(place), partition)
      this.#track(this.#load(partition))
    }
  }

  /** Finds where to go on; a partition that is taken away meanwhile is left alone. */
  async #load(partition: AssignedPartition, atOffset?: number): Promise<void> {
    const start = await findStart(this.#context, partition, () => this.#member, atOffset)
    if (!start || partition.phase !== 'loading') return
    partition.progress = start.progress
    partition.watch = new SequenceWatch(partition.place, start.progress.position)
    partition.fetchOffset = start.progress.position
    partition.lastLeaderEpoch = start.leaderEpoch
    partition.committed = start.committed
    partition.phase = 'active'
    if (start.loss) this.#lossFound(partition, start.loss.finding, start.loss.detail, start.loss.resumeAt)
  }

  async #revoked(places: readonly GroupPartition[]): Promise<void> {
    const partitions = places.flatMap((place) => this.#partitions.get(nameOf(place)) ?? [])
    for (const partition of partitions) {
      if (partition.phase === 'active') partition.phase = 'revoking'
      this.#dropQueued(partition)
    }
    await this.#drained(() => partitions.every(({ running }) => running === 0))
    if (this.#member) await this.#committer.commit(this.#member, partitions)
    for (const partition of partitions) this.#drop(partition)
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

  async #run(work: Work): Promise<'done' | { readonly againAfter: Promise<void> }> {
    const end = await this.#handling.run(work)
    if (end === 'done') this.#fetching.release(work)
    return end
  }

  #handled({ partition, message }: Work): void {
    partition.progress?.handled(message.offset)
    this.#commitWhenIdle(partition)
  }

  /** A partition with nothing left to do is committed at once, so that a lag of zero shows as zero. */
  #commitWhenIdle(partition: AssignedPartition): void {
    const member = this.#member
    if (!member || partition.progress?.pendingCount !== 0 || this.#idleCommits.has(partition)) return
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
    // A new assignment object: what was fetched under the old positions must not count for the new ones.
    this.#dropQueued(partition)
    this.#drop(partition)
    const next = new AssignedPartition(partition.place)
    this.#partitions.set(nameOf(next.place), next)
    this.#track(this.#load(next, resumeOffset))
  }

  async #fetchLoop(): Promise<void> {
    const { clock, log } = this.#context
    const signal = this.#stopping.signal
    while (!signal.aborted) {
      try {
        if (await this.#fetching.round([...this.#partitions.values()], signal)) continue
      } catch (error) {
        log.error('a fetch round failed, trying again', { cause: causeText(error) })
      }
      await clock.sleep(restMs, signal)
    }
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
