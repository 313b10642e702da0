import { slotOf } from '../model/lane.js'
import type { WaitingRow } from '../model/message.js'
import type { Clock } from '../ports/clock.js'
import type { OutboxStore } from '../ports/outbox-store.js'
import type { OwnedLane, StreamState } from './lane-state.js'
import { keyName, rowBytes } from './lane-state.js'
import type { RelayOptions } from './options.js'
import type { Topics } from './topics.js'

/** Rows of one read, per lane. */
const pageRows = 2_000

/** How far a read saw a lane: the last row taken note of, and up to where nothing visible was left out. */
interface Seen {
  seenId: number
  completeTo: number
}

/** A raise of the floor under way: to these ids, once these transactions have ended. */
interface Raise {
  readonly toId: ReadonlyMap<OwnedLane, number>
  waitsFor: ReadonlySet<string>
}

/**
 * Brings waiting rows into the queues of their streams. Every read starts at the lane's *floor*: all rows up to it have been
 * seen. Where ids are not in commit order (PostgreSQL, MySQL) a smaller id can appear later, when its transaction commits;
 * the next row of its key then has a greater id and may be seen in the same read. So the floor never passes an id whose
 * transaction may still be open: it is raised to what a read has seen only after all transactions that were open then have
 * ended and a further read has been made. (A floor that merely stays some seconds behind reorders a key when its
 * transaction is open for longer: seed 1 path 24 of the simulation found it.)
 * The *sweep* pages through the whole outbox below the floor, so that any optimisation here may be wrong and nothing is
 * lost; it also brings back what was passed over.
 */
export class Reader {
  readonly #store: OutboxStore
  readonly #clock: Clock
  readonly #topics: Topics
  readonly #options: RelayOptions
  #raise: Raise | undefined
  #sweepAt = new Map<number, number>()
  #sweepDueMs: number
  /** Bytes in all queues of this pipeline. */
  bufferedBytes = 0

  constructor(store: OutboxStore, clock: Clock, topics: Topics, options: RelayOptions) {
    this.#store = store
    this.#clock = clock
    this.#topics = topics
    this.#options = options
    this.#sweepDueMs = clock.monotonicMs() + options.sweepMs
  }

  /** Forgets a lane that is no longer ours. */
  forget(lane: OwnedLane): void {
    this.#sweepAt.delete(lane.lane)
    for (const state of lane.streams.values()) for (const row of state.queue) this.bufferedBytes -= rowBytes(row)
  }

  /** Removes rows from a queue (they go into a flight or are held). */
  take(state: StreamState, rows: readonly WaitingRow[]): void {
    const ids = new Set(rows.map((row) => row.id))
    const kept = state.queue.filter((row) => !ids.has(row.id))
    for (const row of state.queue) if (ids.has(row.id)) this.bufferedBytes -= rowBytes(row)
    state.queue.splice(0, state.queue.length, ...kept)
  }

  /** Puts the rows of a released flight back, in id order. */
  putBack(state: StreamState, rows: readonly WaitingRow[]): void {
    for (const row of rows) this.#insert(state, row)
  }

  /** Reads what is due for these lanes. Returns true when new rows were queued. */
  async read(lanes: readonly OwnedLane[]): Promise<boolean> {
    if (this.bufferedBytes >= this.#options.bufferBytesMax) return false
    const found = await this.#readFromFloor(lanes)
    const now = this.#clock.monotonicMs()
    return now >= this.#sweepDueMs ? (await this.#sweep(lanes, now)) || found : found
  }

  async #readFromFloor(lanes: readonly OwnedLane[]): Promise<boolean> {
    for (const lane of lanes) this.#rewind(lane)
    const able = lanes.filter((lane) => !this.#full(lane))
    if (able.length === 0) return false
    const raise = await this.#endedRaise()
    const rows = await this.#store.read(
      able.map((lane) => ({ lane: lane.lane, afterId: lane.floor })),
      pageRows,
    )
    const seen = this.#accept(able, rows)
    if (!this.#store.openSenders) for (const [lane, { seenId }] of seen.lanes) lane.floor = Math.max(lane.floor, seenId)
    else await this.#raiseFloor(this.#store.openSenders.bind(this.#store), seen.lanes, raise)
    return seen.queued
  }

  /** The raise under way, if all transactions it waited for have ended by now, before the read that completes it. */
  async #endedRaise(): Promise<Raise | undefined> {
    const raise = this.#raise
    if (!raise || !this.#store.openSenders) return undefined
    if (raise.waitsFor.size > 0) {
      const open = await this.#store.openSenders()
      raise.waitsFor = new Set([...raise.waitsFor].filter((name) => open.has(name)))
    }
    return raise.waitsFor.size === 0 ? raise : undefined
  }

  async #raiseFloor(
    openSenders: () => Promise<ReadonlySet<string>>,
    seen: ReadonlyMap<OwnedLane, Seen>,
    ended: Raise | undefined,
  ): Promise<void> {
    if (ended) {
      for (const [lane, toId] of ended.toId) {
        const { completeTo } = seen.get(lane) ?? { completeTo: lane.floor }
        lane.floor = Math.max(lane.floor, Math.min(toId, completeTo))
      }
      this.#raise = undefined
    }
    if (this.#raise) return
    const higher = [...seen].filter(([lane, { seenId }]) => seenId > lane.floor)
    if (higher.length === 0) return
    const toId = new Map(higher.map(([lane, { seenId }]) => [lane, seenId]))
    this.#raise = { toId, waitsFor: await openSenders() }
  }

  /** The floor goes back to the first row passed over, for each topic and stream that can take rows again. */
  #rewind(lane: OwnedLane): void {
    for (const [name, firstId] of lane.skipped) {
      const state = lane.streams.get(name)
      const ready = state ? !this.#blocked(state) : (this.#topics.view(name)?.partitions.length ?? 0) > 0
      if (!ready) continue
      lane.skipped.delete(name)
      lane.floor = Math.min(lane.floor, firstId - 1)
      // A raise under way counted on what was seen before; it would pass the rows that are now to be read again.
      this.#raise = undefined
    }
  }

  /** One page per lane a turn; when all lanes are through, the next sweep is `sweepMs` away. */
  async #sweep(lanes: readonly OwnedLane[], now: number): Promise<boolean> {
    const asked = lanes
      .filter((lane) => (this.#sweepAt.get(lane.lane) ?? 0) < lane.floor)
      .map((lane) => ({ lane: lane.lane, afterId: this.#sweepAt.get(lane.lane) ?? 0 }))
    const rows = asked.length === 0 ? [] : await this.#store.read(asked, pageRows)
    const pages = new Map<number, { id: number; count: number }>()
    for (const row of rows) pages.set(row.lane, { id: row.id, count: (pages.get(row.lane)?.count ?? 0) + 1 })
    let through = true
    for (const { lane } of asked) {
      const page = pages.get(lane)
      const more = page !== undefined && page.count >= pageRows
      this.#sweepAt.set(lane, more ? page.id : Number.MAX_SAFE_INTEGER)
      if (more) through = false
    }
    if (through) {
      this.#sweepAt = new Map()
      this.#sweepDueMs = now + this.#options.sweepMs
    }
    return this.#accept(lanes, rows).queued
  }

  /** Queues the rows that can be; tells per lane how far everything was seen. */
  #accept(lanes: readonly OwnedLane[], rows: readonly WaitingRow[]): { queued: boolean; lanes: Map<OwnedLane, Seen> } {
    const byLane = new Map(lanes.map((lane) => [lane.lane, lane]))
    const seen = new Map<OwnedLane, Seen & { count: number; halted: boolean }>()
    let queued = false
    for (const row of rows) {
      const lane = byLane.get(row.lane)
      if (!lane || lane.gone.signal.aborted) continue
      const so = seen.get(lane) ?? { seenId: 0, completeTo: Number.POSITIVE_INFINITY, count: 0, halted: false }
      seen.set(lane, so)
      so.count++
      if (so.halted) continue
      const place = this.#place(lane, row)
      so.halted = place === 'halt'
      if (so.halted || so.count >= pageRows) so.completeTo = so.halted ? so.seenId : row.id
      if (!so.halted) so.seenId = row.id
      if (place === 'queued') queued = true
    }
    for (const lane of lanes)
      if (!seen.has(lane)) seen.set(lane, { seenId: 0, completeTo: Number.POSITIVE_INFINITY, count: 0, halted: false })
    return { queued, lanes: seen }
  }

  /**
   * `halt`: a healthy stream is full, so wait for it (reading on would read everything behind it again and again);
   * `skip`: a stream that makes no progress must not stop the others, its rows are passed over for now.
   */
  #place(lane: OwnedLane, row: WaitingRow): 'queued' | 'known' | 'held' | 'skip' | 'halt' {
    if (lane.known.has(row.id)) return 'known'
    if (row.key !== null && lane.heldKeys.has(keyName(row.topic, row.key))) return 'held'
    if (lane.heldKeys.has(`row ${row.id}`)) return 'held'
    const view = this.#topics.view(row.topic)
    if (this.#passedOver(lane, row.topic, row.id, !view || view.partitions.length === 0) || !view) return 'skip'
    const partition = slotOf(row.key ?? Buffer.from(row.messageId, 'hex'), view.partitions.length)
    const state = lane.streamOf(row.topic, partition)
    const blocked = this.#blocked(state)
    if (blocked && !this.#stalled(state)) return 'halt'
    if (this.#passedOver(lane, state.id, row.id, blocked)) return 'skip'
    lane.known.add(row.id)
    this.#insert(state, row)
    return 'queued'
  }

  /** Passed over now (`pass`), or because an earlier row of the same name was and has not been read again. */
  #passedOver(lane: OwnedLane, name: string, id: number, pass: boolean): boolean {
    const first = lane.skipped.get(name)
    if (first === undefined && !pass) return false
    if (first !== undefined && id < first && !pass) return false
    lane.skipped.set(name, Math.min(first ?? id, id))
    return true
  }

  /** The lane's reading must pause: a healthy stream is full. */
  #full(lane: OwnedLane): boolean {
    for (const state of lane.streams.values()) if (this.#blocked(state) && !this.#stalled(state)) return true
    return false
  }

  #blocked(state: StreamState): boolean {
    return state.queue.length >= this.#options.bufferRowsMax
  }

  #stalled(state: StreamState): boolean {
    return (
      state.notBeforeMs > this.#clock.monotonicMs() ||
      state.open?.phase === 'resolving' ||
      state.open?.phase === 'stuck'
    )
  }

  #insert(state: StreamState, row: WaitingRow): void {
    this.bufferedBytes += rowBytes(row)
    const queue = state.queue
    let at = queue.length
    while (at > 0 && (queue[at - 1]?.id ?? 0) > row.id) at--
    queue.splice(at, 0, row)
  }
}
