import type { Flight, Incarnation, Stream, StreamKey } from '../model/flight.js'
import { streamId } from '../model/flight.js'
import type { WaitingRow } from '../model/message.js'
import type { Hold, LaneState, Lease } from '../ports/outbox-store.js'
import { recordSizeMax } from '../model/record-size.js'

/** An open flight in the hands of its owner. */
export interface OpenFlight {
  readonly flight: Flight
  /** Its rows in record order, kept to repeat them byte for byte. */
  readonly rows: readonly WaitingRow[]
  /** What they take in a batch, at most. */
  readonly bytes: number
  /** True when some attempt may have been appended. Never goes back to false. */
  uncertain: boolean
  /** Monotonic time of the last attempt that may still be stuck somewhere, by which the drain before a resolve is counted. */
  unansweredAtMs: number | undefined
  /**
   * due: to be sent when the stream's `notBeforeMs` has passed · sending: a request is under way · resolving: being read
   * back · stuck: reading back cannot tell; an operator or the policy decides.
   * due → sending → due (repeat) | gone (mark, reject) | resolving; resolving → gone | stuck.
   */
  phase: 'due' | 'sending' | 'resolving' | 'stuck'
}

/** A span to read once more for the former incarnation, after the first acknowledgement of the new one. */
export interface SpanCheck {
  readonly incarnation: Incarnation
  readonly fromOffset: number
  readonly messageIds: ReadonlySet<string>
}

/** One lane in one partition: the durable state as far as known, and the rows waiting for their flight. */
export class StreamState {
  readonly key: StreamKey
  readonly id: string
  /** Undefined until the first claim opens it. */
  stream: Stream | undefined
  open: OpenFlight | undefined
  /** Rows in id order, neither in the flight nor held. */
  readonly queue: WaitingRow[] = []
  /** Monotonic time before which nothing is sent or claimed. */
  notBeforeMs = 0
  /** An alert about the open flight is open, or was opened by a former owner. */
  mayHaveAlert = false
  /** Failed rounds of the open flight since Kafka was last out of reach. */
  refusedRounds = 0
  /** Failed rounds of the open flight. */
  tries = 0
  /** Batch size while a bad message is being isolated. */
  rowsMax: number = Number.MAX_SAFE_INTEGER
  /** Below everything that may be ours, when the stream is opened; -1 unknown. */
  openedAtOffset = -1
  openedForTopicId = ''
  spanCheck: SpanCheck | undefined
  /** The producer id for which the span above `lastOffset` was read back. */
  rereadFor: number | undefined

  constructor(key: StreamKey) {
    this.key = key
    this.id = streamId(key)
  }
}

/** A lane we hold a lease on. */
export class OwnedLane {
  readonly lane: number
  lease: Lease
  /** Monotonic. */
  readonly takenAtMs: number
  /** Somebody had the lane before and it has no producer id: database or cluster are others now. */
  readonly isForgotten: boolean
  /** Monotonic time at which the lease ends for certain (counted from before the store was asked). */
  leaseEndMs: number
  readonly streams: Map<string, StreamState> = new Map()
  readonly holds: Map<number, Hold> = new Map()
  /** `topic`, key in hex: rows of these keys wait. */
  readonly heldKeys: Set<string> = new Set()
  /** Ids of rows in a queue or a flight. */
  readonly known: Set<number> = new Set()
  /** Reading goes on above this id; see Reader. */
  seenTo = 0
  /** Up to here nothing can appear any more but rows of the senders the Reader waits for. At most `seenTo`. */
  settledTo = 0
  /**
   * Topics (unknown to the cluster) and stream ids (full and stalled) whose rows are passed over, with the first such id.
   * Race: a later row of the same key must not be queued once the topic is back but before the passed-over row was read
   * again; so all later rows are passed over too until reading has gone back to the first.
   */
  readonly skipped: Map<string, number> = new Map()
  /** Set when the lane must not claim any more: it is being handed over, or its policy stopped it. */
  closing = false
  stopped: string | undefined
  /** Ends everything that works for this lane in the background. */
  readonly gone: AbortController = new AbortController()

  constructor(state: LaneState, takenAtMs: number, leaseEndMs: number) {
    this.lane = state.lease.lane
    this.lease = state.lease
    this.takenAtMs = takenAtMs
    this.isForgotten = state.lease.producerId === null && state.lease.fence > 1
    this.leaseEndMs = leaseEndMs
    for (const stream of state.streams) this.#stream(stream).stream = stream
    const rows = new Map(state.flightRows.map((row) => [row.id, row]))
    for (const flight of state.flights) this.#adopt(flight, rows, takenAtMs)
    for (const hold of state.holds) this.holds.set(hold.rowId, hold)
  }

  /** The stream of a topic and partition; made when missing. */
  streamOf(topic: string, partition: number): StreamState {
    return this.#stream({ lane: this.lane, topic, partition })
  }

  /** True while any flight is open. */
  get busy(): boolean {
    for (const state of this.streams.values()) if (state.open) return true
    return false
  }

  #stream(key: StreamKey): StreamState {
    const id = streamId(key)
    let state = this.streams.get(id)
    if (!state) {
      state = new StreamState({ lane: key.lane, topic: key.topic, partition: key.partition })
      this.streams.set(id, state)
    }
    return state
  }

  /** A flight found at take-over was claimed by a former owner, who may have sent it: uncertain from the start. */
  #adopt(flight: Flight, rows: ReadonlyMap<number, WaitingRow>, takenAtMs: number): void {
    const own = flight.rowIds.map((id) => rows.get(id)).filter((row) => row !== undefined)
    if (own.length !== flight.rowIds.length)
      throw new Error(
        `flight ${streamId(flight)} #${flight.firstSequence} misses rows: ${own.length} of ${flight.rowIds.length}`,
      )
    for (const id of flight.rowIds) this.known.add(id)
    const bytes = own.reduce((sum, row) => sum + rowBytes(row), 0)
    const state = this.#stream(flight)
    state.mayHaveAlert = true
    state.open = { flight, rows: own, bytes, uncertain: true, unansweredAtMs: takenAtMs, phase: 'due' }
  }
}

/** Name of a (topic, key) in `heldKeys`. */
export function keyName(topic: string, key: Uint8Array): string {
  return `${topic} ${Buffer.from(key).toString('hex')}`
}

/** Bytes a row takes in a batch, at most. */
export function rowBytes(row: WaitingRow): number {
  return recordSizeMax(row) + headerBytes
}

/** Room for the waybill header: name, 4 numbers, a 64-character source and the message id. */
const headerBytes = 160
