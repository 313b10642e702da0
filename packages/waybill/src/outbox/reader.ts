import { slotOf } from '../model/lane.js'
import type { WaitingRow } from '../model/message.js'
import type { Clock } from '../ports/clock.js'
import type { LaneRead, OutboxStore, ReadLimit } from '../ports/outbox-store.js'
import type { OwnedLane, StreamState } from './lane-state.js'
import { keyName, rowBytes } from './lane-state.js'
import { OpenSenders } from './open-senders.js'
import type { RelayOptions } from './options.js'
import type { Topics } from './topics.js'

/** Rows of one read, per lane. */
const pageRows = 2_000
/** And bytes, at least: less would read a lane row by row when the buffers are nearly full. */
const pageBytesMin = 65_536
/** A lane's page asks for no more rows than are likely to fit into its bytes, but for so many. */
const pageRowsMin = 100
/** A sweep takes at most this share of the time: with millions of dead index entries (a held snapshot) it is long. */
const sweepShare = 0.05

const nothing = { rows: [], cut: new Set<number>() }

/**
 * Shortest time from the end of a read that brought all there was to the next: rows come by ones and twos then, and a read
 * for each ring cost the database more than the business transactions [1,000 a second, 8 reads an `advance`].
 */
const readEveryMs = 2

/** How far a page showed a lane. */
interface Seen {
  /** The last row taken note of; 0 when none. */
  lastId: number
  /** The page ended here although more rows may be visible: it was full, or a stream was. */
  endedAt: number | undefined
}

/**
 * Brings waiting rows into the queues of their streams, each row read once in the usual case. Where ids are not in commit
 * order (PostgreSQL, MySQL) `OpenSenders` says where a read must start so that a row that commits late is not overtaken by
 * the next one of its key. (A floor that merely stays some seconds behind reorders a key when its transaction is open for
 * longer: seed 1 path 24 of the simulation found it.)
 * The *sweep* pages through the whole outbox below, so that any optimisation here may be wrong and nothing is lost; it also
 * brings back what was passed over.
 */
export class Reader {
  readonly #store: OutboxStore
  readonly #clock: Clock
  readonly #topics: Topics
  readonly #options: RelayOptions
  readonly #senders: OpenSenders
  #sweepAt = new Map<number, number>()
  #sweepDueMs: number
  #sweepMs = 0
  #readDueMs = 0
  #isPutOff = false
  /** Mean size of the newest rows that were read. */
  #rowBytes = 1
  /** Bytes in all queues of this pipeline. */
  bufferedBytes = 0

  constructor(store: OutboxStore, clock: Clock, topics: Topics, options: RelayOptions) {
    this.#store = store
    this.#clock = clock
    this.#topics = topics
    this.#options = options
    this.#senders = new OpenSenders(clock)
    this.#sweepDueMs = clock.monotonicMs() + options.sweepMs
  }

  /** When the read that was asked for and put off is due; nothing else may ring for it. */
  get putOffMs(): number {
    return this.#isPutOff ? Math.max(0, this.#readDueMs - this.#clock.monotonicMs()) : Number.POSITIVE_INFINITY
  }

  /** Forgets a lane that is no longer ours. */
  forget(lane: OwnedLane): void {
    this.#sweepAt.delete(lane.lane)
    this.#senders.reset()
    for (const state of lane.streams.values()) this.bufferedBytes -= bytesOf(state.queue)
  }

  /** Removes rows, which take `bytes`, from a queue (they go into a flight or are held). */
  take(state: StreamState, rows: readonly WaitingRow[], bytes: number = bytesOf(rows)): void {
    this.bufferedBytes -= bytes
    if (rows.every((row, at) => state.queue[at] === row)) {
      state.queue.splice(0, rows.length)
      return
    }
    const ids = new Set(rows.map((row) => row.id))
    const kept = state.queue.filter((row) => !ids.has(row.id))
    state.queue.splice(0, state.queue.length, ...kept)
  }

  /** Puts the rows of a released flight back, in id order. */
  putBack(state: StreamState, rows: readonly WaitingRow[]): void {
    for (const row of rows) this.#insert(state, row)
  }

  /** Reads what is due for these lanes. Returns true when another look is worth it at once. */
  async read(lanes: readonly OwnedLane[]): Promise<boolean> {
    if (this.bufferedBytes >= this.#options.bufferBytesMax) return false
    this.#isPutOff = this.#clock.monotonicMs() < this.#readDueMs
    if (this.#isPutOff) return false
    const found = await this.#readOn(lanes)
    return this.#clock.monotonicMs() >= this.#sweepDueMs ? (await this.#sweep(lanes)) || found : found
  }

  async #readOn(lanes: readonly OwnedLane[]): Promise<boolean> {
    for (const lane of lanes) this.#rewind(lane)
    const able = lanes.filter((lane) => !this.#full(lane))
    if (able.length === 0) return false
    const asked = able.map((lane) => readOf(lane, this.#senders.startOf(lane.settledTo), lane.seenTo))
    const { rows, cut, openSenders } = await this.#store.read(asked, {
      ...this.#limit(able.length),
      // What is seen and not settled would be read again and again, dead rows of a held snapshot included.
      looksAlways: this.#senders.any || able.some((lane) => lane.settledTo < lane.seenTo),
    })
    this.#readDueMs = cut.size > 0 ? 0 : this.#clock.monotonicMs() + readEveryMs
    if (openSenders === 'not-looked') return false
    if (!openSenders) {
      const queued = this.#accept(able, rows, cut)
      for (const lane of able) lane.settledTo = lane.seenTo
      return queued
    }
    let newestId = 0
    for (const { id } of rows) if (id > newestId) newestId = id
    const starts = asked.map(({ afterId }) => afterId)
    const { mayUse, endedAbove } = this.#senders.look(openSenders, newestId, starts)
    const queued = mayUse && this.#use(able, rows, cut)
    if (endedAbove !== undefined) for (const lane of lanes) lane.settledTo = Math.min(lane.settledTo, endedAbove)
    return queued || !mayUse
  }

  /** Settled is what had been seen before this read: whoever began and ended since has ids above that. */
  #use(lanes: readonly OwnedLane[], rows: readonly WaitingRow[], cut: ReadonlySet<number>): boolean {
    const before = new Map(lanes.map((lane) => [lane, lane.seenTo]))
    const queued = this.#accept(lanes, rows, cut)
    for (const [lane, seenTo] of before) lane.settledTo = Math.min(seenTo, lane.seenTo)
    return queued
  }

  /** Reading goes back to the first row passed over, for each topic and stream that can take rows again. */
  #rewind(lane: OwnedLane): void {
    for (const [name, firstId] of lane.skipped) {
      const state = lane.streams.get(name)
      const ready = state ? !this.#blocked(state) : (this.#topics.view(name)?.partitions.length ?? 0) > 0
      if (!ready) continue
      lane.skipped.delete(name)
      lane.seenTo = Math.min(lane.seenTo, firstId - 1)
      lane.settledTo = Math.min(lane.settledTo, lane.seenTo)
    }
  }

  /** One page per lane a turn; when all lanes are through, the next sweep is `sweepMs` away. */
  async #sweep(lanes: readonly OwnedLane[]): Promise<boolean> {
    const startedMs = this.#clock.monotonicMs()
    const able = lanes.filter((lane) => (this.#sweepAt.get(lane.lane) ?? 0) < lane.settledTo)
    const asked = able.map((lane) => readOf(lane, this.#sweepAt.get(lane.lane) ?? 0, lane.settledTo))
    const { rows, cut } =
      asked.length === 0 ? nothing : await this.#store.read(asked, { ...this.#limit(able.length), looksAlways: false })
    const ends = lastIds(rows)
    for (const { lane } of able)
      this.#sweepAt.set(lane, cut.has(lane) ? (ends.get(lane) ?? 0) : Number.MAX_SAFE_INTEGER)
    const settled = new Map(able.map((lane) => [lane.lane, lane.settledTo]))
    // Above that, rows belong to `#readOn`, which knows whom to wait for.
    const queued = this.#place(
      able,
      rows.filter((row) => row.id <= (settled.get(row.lane) ?? 0)),
    ).queued
    const now = this.#clock.monotonicMs()
    this.#sweepMs += now - startedMs
    if (cut.size === 0) {
      this.#sweepAt = new Map()
      this.#sweepDueMs = now + Math.max(this.#options.sweepMs, this.#sweepMs / sweepShare)
      this.#sweepMs = 0
    }
    return queued
  }

  /**
   * The buffers' room, divided among the lanes. The database looks at each row that is asked for: with full pages asked for and
   * little room, most rows of a backlog of a million were looked at twice.
   */
  #limit(lanes: number): ReadLimit {
    const room = (this.#options.bufferBytesMax - this.bufferedBytes) / Math.max(1, lanes)
    const bytes = Math.max(pageBytesMin, Math.floor(room))
    return { rows: Math.min(pageRows, Math.max(pageRowsMin, Math.ceil(bytes / this.#rowBytes))), bytes }
  }

  /** Queues what can be queued and moves `seenTo`: back, too, when the page ended early. True when any row was queued. */
  #accept(lanes: readonly OwnedLane[], rows: readonly WaitingRow[], cut: ReadonlySet<number>): boolean {
    const { queued, seen } = this.#place(lanes, rows)
    for (const [lane, { lastId, endedAt }] of seen) {
      const end = endedAt ?? (cut.has(lane.lane) ? lastId : undefined)
      lane.seenTo = end ?? Math.max(lane.seenTo, lastId)
    }
    return queued
  }

  #place(
    lanes: readonly OwnedLane[],
    rows: readonly WaitingRow[],
  ): { readonly queued: boolean; readonly seen: ReadonlyMap<OwnedLane, Seen> } {
    const byLane = new Map(lanes.map((lane) => [lane.lane, lane]))
    const seen = new Map<OwnedLane, Seen>()
    let queued = false
    if (rows.length > 0) this.#rowBytes = bytesOf(rows) / rows.length
    for (const row of rows) {
      const lane = byLane.get(row.lane)
      if (!lane || lane.gone.signal.aborted) continue
      let so = seen.get(lane)
      if (!so) seen.set(lane, (so = { lastId: 0, endedAt: undefined }))
      if (so.endedAt !== undefined) continue
      const placed = this.#placeRow(lane, row)
      if (placed === 'halt') so.endedAt = Math.max(so.lastId, Math.min(lane.seenTo, row.id - 1))
      else so.lastId = row.id
      if (placed === 'queued') queued = true
    }
    return { queued, seen }
  }

  /**
   * `halt`: a healthy stream is full, so wait for it (reading on would read everything behind it again and again). It takes a
   * page more than its bound, because the read began when it had room: thrown away, the page's rest was read again, and a backlog
   * of a million rows was read twice;
   * `skip`: a stream that makes no progress must not stop the others, its rows are passed over for now.
   */
  #placeRow(lane: OwnedLane, row: WaitingRow): 'queued' | 'known' | 'held' | 'skip' | 'halt' {
    if (lane.known.has(row.id)) return 'known'
    if (lane.heldKeys.size > 0 && isHeld(lane, row)) return 'held'
    const view = this.#topics.view(row.topic)
    if (this.#passedOver(lane, row.topic, row.id, !view || view.partitions.length === 0) || !view) return 'skip'
    const partition = slotOf(row.key ?? Buffer.from(row.messageId, 'hex'), view.partitions.length)
    const state = lane.streamOf(row.topic, partition)
    const stalled = this.#stalled(state)
    if (!stalled && state.queue.length >= this.#options.bufferRowsMax + pageRows) return 'halt'
    if (this.#passedOver(lane, state.id, row.id, stalled && this.#blocked(state))) return 'skip'
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

function bytesOf(rows: readonly WaitingRow[]): number {
  let bytes = 0
  for (const row of rows) bytes += rowBytes(row)
  return bytes
}

function isHeld({ heldKeys }: OwnedLane, { topic, key, id }: WaitingRow): boolean {
  return (key !== null && heldKeys.has(keyName(topic, key))) || heldKeys.has(`row ${id}`)
}

/** Per lane its last row. */
function lastIds(rows: readonly WaitingRow[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>()
  for (const { lane, id } of rows) last.set(lane, id)
  return last
}

/** A lane's read from there; rows up to `toId` that we have need not be sent again. */
function readOf(lane: OwnedLane, afterId: number, toId: number): LaneRead {
  if (toId <= afterId) return { lane: lane.lane, afterId }
  let count = 0
  for (const id of lane.known) if (id > afterId && id <= toId) count++
  return { lane: lane.lane, afterId, known: { toId, count } }
}
