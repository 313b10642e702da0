import type { Flight, Incarnation, Stream } from '../../model/flight.js'
import type { WaitingRow } from '../../model/message.js'
import type { Alert, Hold, Identity } from '../../ports/outbox-store.js'

/** A sent row with its receipt. */
export interface SentRow extends WaitingRow {
  readonly partition: number
  readonly offset: number
  readonly incarnation: Incarnation
  readonly sequence: number
  readonly leaderEpoch: number
  readonly ackedAtMs: number
}

/** A row that was set aside. */
export interface ParkedRow extends WaitingRow {
  readonly reason: string
  readonly attempts: number
  readonly parkedAtMs: number
}

/** What is noted of a parked message that was given up: neither its value nor its headers. */
export interface DiscardedRow extends Omit<ParkedRow, 'value' | 'headers'> {
  readonly who: string
  readonly why: string
  readonly discardedAtMs: number
}

/** A lane as stored. */
export interface LaneCell {
  readonly owner: string | null
  readonly fence: number
  readonly expiresAtMs: number
  readonly producerId: number | null
}

/** One alert's way to one sink in one state. */
export interface DeliveryCell {
  readonly tries: number
  readonly reservedUntilMs: number
  readonly delivered: boolean
}

/** A message that a group has handled. */
export interface InboxCell {
  readonly group: string
  /** The later of the message's own time and its acceptance. */
  readonly keepFromMs: number
}

/** All tables. Values are never changed in place, so a snapshot only copies the containers. */
export interface MemoryState {
  schema: { readonly source: string; readonly lanes: number } | undefined
  identity: Identity | undefined
  database: string
  nextRowId: number
  nextAlertId: number
  lanes: LaneCell[]
  /** Waiting rows of each lane in id order. */
  outbox: WaitingRow[][]
  sent: Map<number, SentRow>
  parked: Map<number, ParkedRow>
  discarded: Map<number, DiscardedRow>
  streams: Map<string, Stream>
  flights: Map<string, Flight>
  /** Rows in a flight. */
  flying: Set<number>
  holds: Map<number, Hold>
  relays: Map<string, number>
  alerts: Map<number, Alert>
  deliveries: Map<string, DeliveryCell>
  topicLimits: Map<string, number>
  /** Whether the inbox's own migration ran. */
  hasInbox: boolean
  /** By group, source and message id, as JSON. */
  inbox: Map<string, InboxCell>
}

/** Empty tables, before `migrate`. */
export function emptyState(database: string): MemoryState {
  return {
    ...{ schema: undefined, identity: undefined, database, nextRowId: 1, nextAlertId: 1, lanes: [], outbox: [] },
    ...{
      sent: new Map(),
      parked: new Map(),
      discarded: new Map(),
      streams: new Map(),
      flights: new Map(),
      flying: new Set(),
    },
    ...{ holds: new Map(), relays: new Map(), alerts: new Map(), deliveries: new Map(), topicLimits: new Map() },
    ...{ hasInbox: false, inbox: new Map() },
  }
}

/** An independent copy. */
export function copyState(state: MemoryState): MemoryState {
  return {
    ...state,
    lanes: [...state.lanes],
    outbox: state.outbox.map((rows) => [...rows]),
    sent: new Map(state.sent),
    parked: new Map(state.parked),
    discarded: new Map(state.discarded),
    streams: new Map(state.streams),
    flights: new Map(state.flights),
    flying: new Set(state.flying),
    holds: new Map(state.holds),
    relays: new Map(state.relays),
    alerts: new Map(state.alerts),
    deliveries: new Map(state.deliveries),
    topicLimits: new Map(state.topicLimits),
    inbox: new Map(state.inbox),
  }
}

/** Index of the first row with an id above `id`. */
export function indexAfter(rows: readonly WaitingRow[], id: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rows[middle]?.id ?? 0) <= id) low = middle + 1
    else high = middle
  }
  return low
}

/** The waiting row with this id in this lane. */
export function waitingRow(state: MemoryState, lane: number, id: number): WaitingRow | undefined {
  const rows = state.outbox[lane] ?? []
  const row = rows[indexAfter(rows, id) - 1]
  return row?.id === id ? row : undefined
}

/** Adds a row at its place by id: commits come in another order than ids. */
export function addWaiting(state: MemoryState, row: WaitingRow): void {
  const rows = (state.outbox[row.lane] ??= [])
  rows.splice(indexAfter(rows, row.id), 0, row)
}

/** Removes and returns a waiting row. */
export function takeWaiting(state: MemoryState, lane: number, id: number): WaitingRow | undefined {
  const row = waitingRow(state, lane, id)
  if (row) {
    const rows = state.outbox[lane] ?? []
    rows.splice(indexAfter(rows, id) - 1, 1)
  }
  return row
}
