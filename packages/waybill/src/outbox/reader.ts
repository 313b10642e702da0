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

/** Where a lane's late look stands: the cursor as it was at `sinceMs`, and the floor that follows from it. */
interface Floor {
  floorId: number
  nextId: number
  sinceMs: number
}

/**
 * Brings waiting rows into the queues of their streams, three ways:
 * - the *cursor* reads each row once, in id order;
 * - the *late look* reads again from the floor (where the cursor stood `lateMs` ago), because a transaction may commit a
 *   smaller id later than a greater one of another key;
 * - the *sweep* pages through the whole outbox below the floor, so that any optimisation here may be wrong and nothing is
 *   lost. It also brings back rows that were passed over.
 */
export class Reader {
  readonly #store: OutboxStore
  readonly #clock: Clock
  readonly #topics: Topics
  readonly #options: RelayOptions
  readonly #floors = new Map<number, Floor>()
  #sweepAt = new Map<number, number>()
  #sweepDueMs: number
  #lateDueMs = 0
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
    this.#floors.delete(lane.lane)
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
  async read(lanes: readonly OwnedLane[], looked: boolean): Promise<boolean> {
    if (this.bufferedBytes >= this.#options.bufferBytesMax) return false
    const now = this.#clock.monotonicMs()
    let found = false
    if (looked) found = await this.#readCursor(lanes)
    if (now >= this.#lateDueMs) {
      found = (await this.#lateLook(lanes, now)) || found
      this.#lateDueMs = now + this.#options.lateMs / 4
    }
    if (now >= this.#sweepDueMs) found = (await this.#sweep(lanes, now)) || found
    return found
  }

  async #readCursor(lanes: readonly OwnedLane[]): Promise<boolean> {
    const asked = []
    for (const lane of lanes) {
      this.#rewind(lane)
      if (!this.#full(lane)) asked.push({ lane: lane.lane, afterId: lane.cursor })
    }
    if (asked.length === 0) return false
    const rows = await this.#store.read(asked, pageRows)
    return this.#accept(lanes, rows, true)
  }

  /** The cursor goes back to the first row passed over, for each topic and stream that can take rows again. */
  #rewind(lane: OwnedLane): void {
    for (const [name, firstId] of lane.skipped) {
      const state = lane.streams.get(name)
      const ready = state ? !this.#blocked(state) : (this.#topics.view(name)?.partitions.length ?? 0) > 0
      if (!ready) continue
      lane.skipped.delete(name)
      lane.cursor = Math.min(lane.cursor, firstId - 1)
    }
  }

  async #lateLook(lanes: readonly OwnedLane[], now: number): Promise<boolean> {
    const asked = []
    for (const lane of lanes) {
      const floor = this.#floors.get(lane.lane) ?? { floorId: 0, nextId: lane.cursor, sinceMs: now }
      if (now - floor.sinceMs >= this.#options.lateMs) {
        floor.floorId = Math.min(floor.nextId, lane.cursor)
        floor.nextId = lane.cursor
        floor.sinceMs = now
      }
      this.#floors.set(lane.lane, floor)
      if (floor.floorId < lane.cursor) asked.push({ lane: lane.lane, afterId: floor.floorId })
    }
    if (asked.length === 0) return false
    return this.#accept(lanes, await this.#store.read(asked, pageRows), false)
  }

  /** One page per lane a turn; when all lanes are through, the next sweep is `sweepMs` away. */
  async #sweep(lanes: readonly OwnedLane[], now: number): Promise<boolean> {
    const asked = lanes
      .filter((lane) => (this.#sweepAt.get(lane.lane) ?? 0) < lane.cursor)
      .map((lane) => ({ lane: lane.lane, afterId: this.#sweepAt.get(lane.lane) ?? 0 }))
    const rows = asked.length === 0 ? [] : await this.#store.read(asked, pageRows)
    const last = new Map<number, { id: number; count: number }>()
    for (const row of rows) last.set(row.lane, { id: row.id, count: (last.get(row.lane)?.count ?? 0) + 1 })
    let through = true
    for (const { lane } of asked) {
      const page = last.get(lane)
      const more = page !== undefined && page.count >= pageRows
      this.#sweepAt.set(lane, more ? page.id : Number.MAX_SAFE_INTEGER)
      if (more) through = false
    }
    if (through) {
      this.#sweepAt = new Map()
      this.#sweepDueMs = now + this.#options.sweepMs
    }
    return this.#accept(lanes, rows, false)
  }

  #accept(lanes: readonly OwnedLane[], rows: readonly WaitingRow[], moveCursor: boolean): boolean {
    const byLane = new Map(lanes.map((lane) => [lane.lane, lane]))
    const halted = new Set<number>()
    let found = false
    for (const row of rows) {
      const lane = byLane.get(row.lane)
      if (!lane || lane.gone.signal.aborted || halted.has(row.lane)) continue
      const place = this.#place(lane, row)
      if (place === 'halt') {
        halted.add(row.lane)
        continue
      }
      if (moveCursor) lane.cursor = Math.max(lane.cursor, row.id)
      if (place === 'queued') found = true
    }
    return found
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
      state.notBeforeMs > this.#clock.monotonicMs() || state.open?.phase === 'resolving' || state.open?.phase === 'stuck'
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
