import { WaybillError } from '../../model/errors.js'
import type { Flight, StreamKey } from '../../model/flight.js'
import { encodeHeaders } from '../../model/header-list.js'
import type { WaitingRow } from '../../model/message.js'
import type { OutboxAdmin } from '../../ports/outbox-admin.js'
import type {
  Heartbeat,
  Hold,
  Identity,
  LaneRead,
  LaneState,
  Lease,
  OutboxStore,
  ReadLimit,
} from '../../ports/outbox-store.js'
import type { Transactions } from '../../ports/transactions.js'
import { admin } from './admin.js'
import { alertDelivered, dueAlerts, openAlert, openAlerts, resolveAlert } from './alerts.js'
import { MemoryDatabase } from './database.js'
import type { MemorySnapshot, MemoryTransaction } from './database.js'
import { inboxOn } from './inbox.js'
import type { MemoryInbox } from './inbox.js'
import { indexAfter, waitingRow } from './state.js'
import type { DiscardedRow, LaneCell, MemoryState, ParkedRow, SentRow } from './state.js'
import { applyStep } from './steps.js'

/** The outbox in memory, with what a simulation needs on top: open transactions, views of every table, restores. */
export interface MemoryStore extends OutboxStore {
  readonly dialect: 'memory'
  /** The inbox in the same memory, with a migration of its own. */
  readonly inbox: MemoryInbox
  readonly admin: OutboxAdmin
  /** Opens a transaction by hand; `memoryTransactions(store).run` does it for you. */
  begin(): MemoryTransaction
  commit(tx: MemoryTransaction): void
  rollback(tx: MemoryTransaction): void
  isOpen(value: unknown): value is MemoryTransaction
  /** Another process's view of the same data. */
  peer(): MemoryStore
  snapshot(): MemorySnapshot
  /** Goes back to a snapshot, as a restored backup does; `database` gives it another identity. Open transactions die. */
  restore(snapshot: MemorySnapshot, options?: { readonly database?: string }): void
  /** Committed rows without a receipt, by id. */
  waiting(): readonly WaitingRow[]
  /** Rows with receipts, in the order of their marks. */
  sent(): readonly SentRow[]
  parked(): readonly ParkedRow[]
  discarded(): readonly DiscardedRow[]
  flights(): readonly Flight[]
  holds(): readonly Hold[]
}

/**
 * The outbox store in memory: nothing survives the process, so it is for tests and simulations only. Every method does its
 * work at once and resolves; only `enqueue` and `admin.requeue` may wait, for the lock of a (topic, key). `nowMs` is the database clock.
 */
export function memoryStore(options: { readonly nowMs: () => number; readonly database?: string }): MemoryStore {
  return storeOn(new MemoryDatabase(options.nowMs, options.database ?? 'memory'))
}

function storeOn(db: MemoryDatabase): MemoryStore {
  return {
    dialect: 'memory',
    inbox: inboxOn(db),
    admin: admin(db),
    ...setup(db),
    ...messages(db),
    ...leases(db),
    ...alerts(db),
    ...opened(db),
    ...views(db),
  }
}

type Setup = Pick<OutboxStore, 'migrate' | 'open' | 'close' | 'nowMs' | 'databaseIdentity' | 'adoptIdentity'>

function setup(db: MemoryDatabase): Setup {
  const check = (options: { source: string; lanes: number }): void => {
    const { schema } = db.state
    if (!schema) throw new WaybillError('WB_SCHEMA_MISSING', 'the outbox tables are missing; call migrate() first')
    if (schema.lanes !== options.lanes)
      throw new WaybillError('WB_LANES_MISMATCH', `this outbox has ${schema.lanes} lanes, not ${options.lanes}`)
    if (schema.source !== options.source)
      throw new WaybillError(
        'WB_SOURCE_MISMATCH',
        `this outbox belongs to source "${schema.source}", not "${options.source}"`,
      )
  }
  return {
    async migrate(options) {
      if (!db.state.schema) {
        const free: LaneCell = { owner: null, fence: 0, expiresAtMs: 0, producerId: null }
        db.state.schema = { source: options.source, lanes: options.lanes }
        db.state.lanes = Array.from({ length: options.lanes }, () => free)
      }
      check(options)
    },
    open: async (options) => check(options),
    close: async () => {},
    nowMs: async () => db.nowMs(),
    databaseIdentity: async () => db.state.database,
    adoptIdentity: async (identity) => adoptIdentity(db.state, identity),
  }
}

function adoptIdentity(state: MemoryState, identity: Identity): { changed: boolean; before: Identity | undefined } {
  const before = state.identity
  const { cluster, database } = identity
  state.identity = { cluster, database }
  const changed = before !== undefined && (before.cluster !== cluster || before.database !== database)
  if (changed)
    state.lanes = state.lanes.map((lane) => ({ owner: null, fence: lane.fence + 1, expiresAtMs: 0, producerId: null }))
  return { changed, before }
}

type Messages = Pick<
  OutboxStore,
  'enqueue' | 'read' | 'advance' | 'changed' | 'backlog' | 'purgeSent' | 'saveTopicLimits' | 'topicLimits'
>

function messages(db: MemoryDatabase): Messages {
  let seen = -1
  return {
    async enqueue(transactions, tx, rows) {
      const adapter: Transactions<unknown> = transactions
      adapter.check(tx)
      if (!db.isOpen(tx))
        throw new WaybillError(
          'WB_NOT_IN_TRANSACTION',
          'the memory store takes transactions of memoryTransactions(store)',
        )
      await db.insert(tx, rows)
    },
    async read(lanes, limit) {
      const cut = new Set<number>()
      const rows = lanes.flatMap((asked) => {
        const waiting = db.state.outbox[asked.lane] ?? []
        const from = startOf(waiting, asked)
        const count = fitting(waiting.slice(from, from + limit.rows), limit)
        if (count === limit.rows || from + count < waiting.length) cut.add(asked.lane)
        return waiting.slice(from, from + count)
      })
      const looks = rows.length > 0 || limit.looksAlways !== false
      return { rows, cut, openSenders: looks ? db.senders() : 'not-looked' }
    },
    async advance(steps) {
      const now = db.nowMs()
      return steps.map((step) => applyStep(db.state, step, now))
    },
    async changed() {
      const before = seen
      seen = db.version
      return before !== seen
    },
    backlog: async () => backlog(db.state, db.nowMs()),
    async purgeSent(olderThanMs, limit) {
      const before = db.nowMs() - olderThanMs
      const old = [...db.state.sent.values()].filter((row) => row.ackedAtMs < before).slice(0, limit)
      for (const row of old) db.state.sent.delete(row.id)
      return old.length
    },
    async saveTopicLimits(limits) {
      for (const limit of limits) db.state.topicLimits.set(limit.topic, limit.maxMessageBytes)
    },
    async topicLimits() {
      return [...db.state.topicLimits].map(([topic, maxMessageBytes]) => ({ topic, maxMessageBytes }))
    },
  }
}

/** Index of the first row to return: what the caller knows is passed by when it is all there is. */
function startOf(waiting: readonly WaitingRow[], { afterId, known }: LaneRead): number {
  const from = indexAfter(waiting, afterId)
  if (!known) return from
  const to = indexAfter(waiting, known.toId)
  return to - from === known.count ? Math.max(from, to) : from
}

/** How many of the rows fit the limit. */
function fitting(rows: readonly WaitingRow[], limit: ReadLimit): number {
  let bytes = 0
  const over = rows.findIndex(({ key, headers, value }, at) => {
    bytes += (key?.length ?? 0) + encodeHeaders(headers).length + (value?.length ?? 0)
    return bytes > limit.bytes && at > 0
  })
  return over < 0 ? rows.length : over
}

function backlog(state: MemoryState, nowMs: number): Awaited<ReturnType<OutboxStore['backlog']>> {
  const holds = [...state.holds.values()]
  const isHeld = (row: WaitingRow): boolean =>
    holds.some((hold) => hold.rowId === row.id || (hold.rowId < row.id && sameKey(hold, row)))
  const held = holds.length === 0 ? 0 : state.outbox.flat().filter(isHeld).length
  // Ids and creation times are drawn together, so the first row of a lane is its oldest.
  // Lanes that never had a row are holes, which only flatMap leaves out.
  const oldest = Math.min(...state.outbox.flatMap((rows) => rows[0]?.createdAtMs ?? []))
  const waiting = state.outbox.reduce((sum, rows) => sum + rows.length, 0)
  return { waiting, held, parked: state.parked.size, oldestMs: oldest === Infinity ? 0 : Math.max(0, nowMs - oldest) }
}

function sameKey(hold: Hold, row: WaitingRow): boolean {
  if (hold.lane !== row.lane || hold.topic !== row.topic || hold.key === null || row.key === null) return false
  return Buffer.compare(hold.key, row.key) === 0
}

type Leases = Pick<OutboxStore, 'heartbeat' | 'take' | 'release' | 'leave' | 'setProducerId'>

function leases(db: MemoryDatabase): Leases {
  const isFree = (lane: LaneCell, now: number): boolean => lane.owner === null || lane.expiresAtMs <= now
  const giveBack = (index: number, lane: LaneCell): void => {
    db.state.lanes[index] = { ...lane, owner: null, expiresAtMs: 0 }
  }
  return {
    heartbeat: async (owner, leaseMs) => heartbeat(db, owner, leaseMs, isFree),
    async take(owner, count, leaseMs) {
      const now = db.nowMs()
      const free = db.state.lanes.flatMap((lane, index) => (isFree(lane, now) ? [{ lane, index }] : []))
      return free.slice(0, count).map(({ lane, index }) => {
        const taken = { ...lane, owner, fence: lane.fence + 1, expiresAtMs: now + leaseMs }
        db.state.lanes[index] = taken
        return laneState(db.state, leaseOf(index, taken))
      })
    },
    async release(owner, held) {
      for (const lease of held) {
        const lane = db.state.lanes[lease.lane]
        if (lane?.owner === owner && lane.fence === lease.fence) giveBack(lease.lane, lane)
      }
    },
    async leave(owner) {
      db.state.relays.delete(owner)
      db.state.lanes.forEach((lane, index) => lane.owner === owner && giveBack(index, lane))
    },
    async setProducerId(lease, producerId) {
      const lane = db.state.lanes[lease.lane]
      if (!lane || lane.owner === null || lane.fence !== lease.fence) return false
      db.state.lanes[lease.lane] = { ...lane, producerId }
      return true
    },
  }
}

function heartbeat(
  db: MemoryDatabase,
  owner: string,
  leaseMs: number,
  isFree: (lane: LaneCell, now: number) => boolean,
): Heartbeat {
  const nowMs = db.nowMs()
  const { state } = db
  for (const [relay, until] of state.relays) if (until <= nowMs) state.relays.delete(relay)
  state.relays.set(owner, nowMs + leaseMs)
  const ours: Lease[] = []
  let free = 0
  state.lanes.forEach((lane, index) => {
    if (isFree(lane, nowMs)) free++
    else if (lane.owner === owner) {
      const renewed = { ...lane, expiresAtMs: nowMs + leaseMs }
      state.lanes[index] = renewed
      ours.push(leaseOf(index, renewed))
    }
  })
  return { nowMs, relays: state.relays.size, leases: ours, free }
}

function leaseOf(lane: number, cell: LaneCell): Lease {
  return { lane, fence: cell.fence, expiresAtMs: cell.expiresAtMs, producerId: cell.producerId }
}

function laneState(state: MemoryState, lease: Lease): LaneState {
  const inLane = <T extends { lane: number }>(all: Iterable<T>): T[] =>
    [...all].filter((one) => one.lane === lease.lane)
  const flights = inLane(state.flights.values()).sort(byPlace)
  const rowIds = flights.flatMap((flight) => flight.rowIds)
  const flightRows = rowIds.flatMap((id) => waitingRow(state, lease.lane, id) ?? [])
  const holds = inLane(state.holds.values()).sort((a, b) => a.rowId - b.rowId)
  return { lease, streams: inLane(state.streams.values()).sort(byPlace), flights, flightRows, holds }
}

function byPlace(a: StreamKey, b: StreamKey): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}

type Alerts = Pick<OutboxStore, 'openAlert' | 'resolveAlert' | 'openAlerts' | 'dueAlerts' | 'alertDelivered'>

function alerts(db: MemoryDatabase): Alerts {
  return {
    openAlert: async (alert) => openAlert(db.state, alert, db.nowMs()),
    resolveAlert: async (cause) => resolveAlert(db.state, cause, db.nowMs()),
    openAlerts: async () => openAlerts(db.state),
    dueAlerts: async (sink, reserveMs, limit) => dueAlerts(db.state, sink, reserveMs, limit, db.nowMs()),
    alertDelivered: async (sink, alertId, state) => alertDelivered(db.state, sink, alertId, state),
  }
}

type Opened = Pick<MemoryStore, 'begin' | 'commit' | 'rollback' | 'isOpen' | 'peer' | 'snapshot' | 'restore'>

function opened(db: MemoryDatabase): Opened {
  return {
    begin: () => db.begin(),
    commit: (tx) => db.commit(tx),
    rollback: (tx) => db.rollback(tx),
    isOpen: (value) => db.isOpen(value),
    peer: () => storeOn(db),
    snapshot: () => db.snapshot(),
    restore: (snapshot, options = {}) => db.restore(snapshot, options.database),
  }
}

function views(
  db: MemoryDatabase,
): Pick<MemoryStore, 'waiting' | 'sent' | 'parked' | 'discarded' | 'flights' | 'holds'> {
  return {
    waiting: () => db.state.outbox.flat().sort((a, b) => a.id - b.id),
    sent: () => [...db.state.sent.values()],
    parked: () => [...db.state.parked.values()],
    discarded: () => [...db.state.discarded.values()],
    flights: () => [...db.state.flights.values()],
    holds: () => [...db.state.holds.values()],
  }
}
