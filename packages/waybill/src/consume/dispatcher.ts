import type { ReceivedMessage } from '../model/received-message.js'
import type { HandlingOrder } from './options.js'
import type { AssignedPartition } from './partition.js'

/** A message on its way to a handler. */
export interface Work {
  readonly partition: AssignedPartition
  readonly message: ReceivedMessage
  readonly bytes: number
  /** Tries made. */
  attempts: number
  /** Those of them in a batch whose failure names nobody; they condemn no message. */
  together?: number
  /** In no batch with others any more: what fails now is this message. */
  alone?: boolean
}

/** Messages that must follow each other. `busy` while its head is being handled or waits for its next try. */
interface Lineup {
  readonly name: string
  readonly items: Work[]
  busy: boolean
}

/**
 * Hands messages to at most `workers` handlers at once, never two of one line-up (key, or partition) and each line-up in
 * offset order. A message that failed stays at the head of its line-up, so its key waits and the others flow; a pause
 * between tries occupies no worker.
 */
export class Dispatcher {
  readonly #order: HandlingOrder
  readonly #workers: number
  readonly #handle: (work: Work) => Promise<'done' | { readonly againAfter: Promise<void> }>
  readonly #lineups = new Map<string, Lineup>()
  readonly #ready: Lineup[] = []
  /** Would be ready if its partition were not paused. */
  readonly #paused = new Set<Lineup>()
  readonly #running = new Set<Promise<void>>()
  readonly #pauses = new Set<Promise<void>>()
  #stopped = false

  /**
   * `handle` never rejects. `done`: the message leaves its line-up; `againAfter`: the same message again when that resolves.
   */
  constructor(
    order: HandlingOrder,
    workers: number,
    handle: (work: Work) => Promise<'done' | { readonly againAfter: Promise<void> }>,
  ) {
    this.#order = order
    this.#workers = workers
    this.#handle = handle
  }

  /** Handlers running now. */
  get running(): number {
    return this.#running.size
  }

  add(work: Work): void {
    const name = this.#nameOf(work)
    let lineup = this.#lineups.get(name)
    if (!lineup) {
      lineup = { name, items: [], busy: false }
      this.#lineups.set(name, lineup)
    }
    lineup.items.push(work)
    if (!lineup.busy && lineup.items.length === 1) this.#ready.push(lineup)
    this.#pump()
  }

  /** Drops and returns what has not started of this partition; a head that runs or waits for its next try stays. */
  drop(partition: AssignedPartition): readonly Work[] {
    const dropped: Work[] = []
    for (const lineup of this.#lineups.values()) {
      const goes = (work: Work, at: number): boolean => work.partition === partition && !(at === 0 && lineup.busy)
      dropped.push(...lineup.items.filter(goes))
      const kept = lineup.items.filter((work, at) => !goes(work, at))
      lineup.items.splice(0, lineup.items.length, ...kept)
      if (kept.length === 0) this.#lineups.delete(lineup.name)
    }
    return dropped
  }

  /** Partitions are no longer paused: looks at what was passed over. */
  resume(): void {
    this.#ready.push(...this.#paused)
    this.#paused.clear()
    this.#pump()
  }

  /** Starts nothing more. */
  stop(): void {
    this.#stopped = true
  }

  #nameOf({ partition, message }: Work): string {
    const { topicId } = partition.place
    const place = `${topicId} ${message.partition}`
    if (this.#order === 'partition') return place
    if (this.#order === 'key' && message.key !== null) return `${place} ${Buffer.from(message.key).toString('hex')}`
    return `${place} #${message.offset}`
  }

  #pump(): void {
    while (!this.#stopped && this.#running.size < this.#workers) {
      const lineup = this.#ready.shift()
      if (!lineup) return
      const work = lineup.items[0]
      if (!work || lineup.busy) continue
      if (work.partition.rests) {
        this.#paused.add(lineup)
        continue
      }
      lineup.busy = true
      this.#start(lineup, work)
    }
  }

  #start(lineup: Lineup, work: Work): void {
    const run = async (): Promise<void> => {
      const end = await this.#handle(work)
      if (end === 'done') this.#next(lineup, work)
      else this.#later(lineup, end.againAfter)
    }
    const running: Promise<void> = run().finally(() => {
      this.#running.delete(running)
      this.#pump()
    })
    this.#running.add(running)
  }

  #next(lineup: Lineup, work: Work): void {
    if (lineup.items[0] === work) lineup.items.shift()
    this.#free(lineup)
  }

  #later(lineup: Lineup, after: Promise<void>): void {
    const wait = async (): Promise<void> => {
      await after
      this.#free(lineup)
      this.#pump()
    }
    // Not among the running: it occupies no worker. It cannot reject, and ends when the consumer's signal does.
    const pause: Promise<void> = wait().finally(() => this.#pauses.delete(pause))
    this.#pauses.add(pause)
  }

  #free(lineup: Lineup): void {
    lineup.busy = false
    if (lineup.items.length > 0) this.#ready.push(lineup)
    else if (this.#lineups.get(lineup.name) === lineup) this.#lineups.delete(lineup.name)
  }
}
