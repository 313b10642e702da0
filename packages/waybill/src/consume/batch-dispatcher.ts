import type { Work } from './dispatcher.js'
import type { HandlingOrder } from './options.js'
import type { AssignedPartition } from './partition.js'

/** What became of one message of a batch: it is through; or it is tried again, at once or later. */
export type BatchedEnd = 'done' | 'again' | { readonly againAfter: Promise<void> }

/** What became of a batch: the same messages together again; or of each message, in the order given. */
export type BatchEnd = { readonly sameAfter: Promise<void> } | { readonly ends: readonly BatchedEnd[] }

/** Messages that must follow each other; the first `taken` of them are in a batch. */
interface Lineup {
  /** Undefined for a message that has no order: it is alone in its line-up. */
  readonly name: string | undefined
  readonly place: string
  readonly items: Work[]
  taken: number
  /** In its place's list. */
  isReady: boolean
}

/** Messages of one assigned partition on their way to a handler together. */
interface Batch {
  readonly partition: AssignedPartition
  readonly lineups: readonly Lineup[]
  /** By offset. */
  readonly works: readonly Work[]
}

/**
 * Hands messages of one partition together to at most `workers` handlers at once, up to `max` of them: what is there, without
 * waiting for more. A line-up (key, or partition) has messages in one batch only, its first ones, so its offset order holds.
 * A batch that failed keeps its line-ups until it is tried again. A message that is `alone` is given alone.
 */
export class BatchDispatcher {
  readonly #order: HandlingOrder
  readonly #workers: number
  readonly #max: number
  readonly #handle: (works: readonly Work[]) => Promise<BatchEnd>
  readonly #lineups = new Map<string, Lineup>()
  /** Line-ups that can be taken from, by place; the place that had no turn for longest is first. */
  readonly #ready = new Map<string, Lineup[]>()
  /** Batches whose pause is over. */
  readonly #again: Batch[] = []
  /** Batches whose pause is over while their partition is paused. */
  readonly #parked = new Set<Batch>()
  /** Messages that wait for their next try; their line-ups wait with them, and no worker does. */
  readonly #resting = new Set<Work>()
  readonly #running = new Set<Promise<void>>()
  readonly #pauses = new Set<Promise<void>>()
  #isDue = false
  #stopped = false

  /** `handle` never rejects. */
  constructor(
    order: HandlingOrder,
    workers: number,
    max: number,
    handle: (works: readonly Work[]) => Promise<BatchEnd>,
  ) {
    this.#order = order
    this.#workers = workers
    this.#max = max
    this.#handle = handle
  }

  /** Handlers running now. */
  get running(): number {
    return this.#running.size
  }

  /** All of one partition, by offset. */
  add(works: readonly Work[]): void {
    for (const work of works) {
      const place = `${work.partition.place.topicId} ${work.message.partition}`
      const name = this.#nameOf(work, place)
      let lineup = name === undefined ? undefined : this.#lineups.get(name)
      if (!lineup) {
        lineup = { name, place, items: [], taken: 0, isReady: false }
        if (name !== undefined) this.#lineups.set(name, lineup)
      }
      lineup.items.push(work)
      this.#offer(lineup)
    }
    this.#pumpSoon()
  }

  /** Drops and returns what is in no batch now of this partition; a batch that runs or waits for its next try stays. */
  drop(partition: AssignedPartition): readonly Work[] {
    const dropped: Work[] = []
    for (const lineup of this.#all()) {
      const goes = (work: Work, at: number): boolean => work.partition === partition && at >= lineup.taken
      dropped.push(...lineup.items.filter(goes))
      const kept = lineup.items.filter((work, at) => !goes(work, at))
      lineup.items.splice(0, lineup.items.length, ...kept)
      this.#forget(lineup)
    }
    for (const work of dropped) this.#resting.delete(work)
    return dropped
  }

  /** Partitions are no longer paused: looks at what was passed over. */
  resume(): void {
    this.#again.push(...this.#parked)
    this.#parked.clear()
    this.#pump()
  }

  /** Starts nothing more. */
  stop(): void {
    this.#stopped = true
  }

  #nameOf({ message }: Work, place: string): string | undefined {
    if (this.#order === 'partition') return place
    if (this.#order === 'none' || message.key === null) return undefined
    return `${place} ${Buffer.from(message.key).toString('hex')}`
  }

  /** Those without a name are found where they are ready. */
  #all(): ReadonlySet<Lineup> {
    return new Set([...this.#lineups.values(), ...[...this.#ready.values()].flat()])
  }

  #forget(lineup: Lineup): void {
    if (lineup.items.length === 0 && lineup.name !== undefined && this.#lineups.get(lineup.name) === lineup)
      this.#lineups.delete(lineup.name)
  }

  /** The line-up can be taken from, unless its messages run or its first one rests. */
  #offer(lineup: Lineup): void {
    const [head] = lineup.items
    if (!head || lineup.isReady || lineup.taken > 0 || this.#resting.has(head)) return
    lineup.isReady = true
    const ready = this.#ready.get(lineup.place)
    if (ready) ready.push(lineup)
    else this.#ready.set(lineup.place, [lineup])
  }

  /** After everything that comes in one piece has come: else the first message of a read would be a batch by itself. */
  #pumpSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#pump()
    })
  }

  #pump(): void {
    while (!this.#stopped && this.#running.size < this.#workers) {
      const batch = this.#nextAgain() ?? this.#next()
      if (!batch) return
      this.#start(batch)
    }
  }

  #nextAgain(): Batch | undefined {
    for (let batch = this.#again.shift(); batch; batch = this.#again.shift()) {
      if (!batch.partition.rests) return batch
      this.#parked.add(batch)
    }
    return undefined
  }

  #next(): Batch | undefined {
    for (const [place, ready] of this.#ready) {
      const batch = this.#gather(ready)
      if (batch || ready.length === 0) this.#ready.delete(place)
      if (!batch) continue
      if (ready.length > 0) this.#ready.set(place, ready)
      return batch
    }
    return undefined
  }

  /** Takes first messages of line-ups until the batch is full; those taken from are no longer ready. */
  #gather(ready: Lineup[]): Batch | undefined {
    let partition: AssignedPartition | undefined
    const lineups: Lineup[] = []
    const works: Work[] = []
    const passed: Lineup[] = []
    let looked = 0
    let isFull = false
    for (; looked < ready.length && !isFull; looked++) {
      const lineup = ready[looked]
      const head = lineup?.items[0]
      if (lineup) lineup.isReady = false
      if (!lineup || !head) continue
      const fits = (!partition || head.partition === partition) && (!head.alone || works.length === 0)
      if (!fits || head.partition.rests) {
        lineup.isReady = true
        passed.push(lineup)
        continue
      }
      partition = head.partition
      lineup.taken = this.#take(lineup, partition, works)
      lineups.push(lineup)
      isFull = head.alone === true || works.length >= this.#max
    }
    ready.splice(0, looked, ...passed)
    works.sort((a, b) => a.message.offset - b.message.offset)
    return partition && { partition, lineups, works }
  }

  #take(lineup: Lineup, partition: AssignedPartition, works: Work[]): number {
    let taken = 0
    for (const work of lineup.items) {
      const isFirst = taken === 0
      if (!isFirst && (works.length >= this.#max || work.partition !== partition || work.alone)) break
      if (!isFirst && this.#resting.has(work)) break
      works.push(work)
      taken++
      if (work.alone) break
    }
    return taken
  }

  #start(batch: Batch): void {
    const run = async (): Promise<void> => {
      const end = await this.#handle(batch.works)
      if ('ends' in end) this.#through(batch, end.ends)
      else this.#later(end.sameAfter, () => this.#again.push(batch))
    }
    const running: Promise<void> = run().finally(() => {
      this.#running.delete(running)
      this.#pump()
    })
    this.#running.add(running)
  }

  #through({ lineups, works }: Batch, ends: readonly BatchedEnd[]): void {
    const done = new Set(works.filter((_, at) => ends[at] === 'done'))
    works.forEach((work, at) => {
      const end = ends[at]
      if (typeof end === 'object') this.#rest(work, end.againAfter)
    })
    for (const lineup of lineups) {
      const left = lineup.items.slice(0, lineup.taken).filter((work) => !done.has(work))
      lineup.items.splice(0, lineup.taken, ...left)
      lineup.taken = 0
      this.#offer(lineup)
      this.#forget(lineup)
    }
  }

  #rest(work: Work, after: Promise<void>): void {
    this.#resting.add(work)
    this.#later(after, () => {
      if (!this.#resting.delete(work)) return
      const place = `${work.partition.place.topicId} ${work.message.partition}`
      const name = this.#nameOf(work, place)
      const lineup =
        name === undefined ? { name, place, items: [work], taken: 0, isReady: false } : this.#lineups.get(name)
      if (lineup) this.#offer(lineup)
    })
  }

  #later(after: Promise<void>, then: () => void): void {
    const wait = async (): Promise<void> => {
      await after
      then()
      this.#pump()
    }
    // Not among the running: it occupies no worker. It cannot reject, and ends when the consumer's signal does.
    const pause: Promise<void> = wait().finally(() => this.#pauses.delete(pause))
    this.#pauses.add(pause)
  }
}
