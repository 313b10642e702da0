import type { Flight, FlightRef, Incarnation, Stream } from '../model/flight.js'
import type { SealedMessage, WaitingRow } from '../model/message.js'
import type { OutboxAdmin } from './outbox-admin.js'
import type { Transactions } from './transactions.js'

/** The right to work on a lane until `expiresAtMs` (database clock). */
export interface Lease {
  readonly lane: number
  /** Grows with each lease of the lane; every later write carries it. */
  readonly fence: number
  readonly expiresAtMs: number
  /** The lane's Kafka producer id; `null` until one is set, and again after the database or cluster identity changed. */
  readonly producerId: number | null
}

/** What a heartbeat tells. */
export interface Heartbeat {
  readonly nowMs: number
  /** Relays alive, this one included. */
  readonly relays: number
  /** Leases still ours, renewed. A lane that is missing was taken over. */
  readonly leases: readonly Lease[]
  /** Lanes that nobody holds (free or expired). */
  readonly free: number
}

/** A key set aside after a definite rejection: its later rows wait. `key: null` holds only the row itself. */
export interface Hold {
  readonly lane: number
  readonly topic: string
  readonly key: Uint8Array | null
  /** The rejected row. */
  readonly rowId: number
  /** Definite rejections so far. */
  readonly attempts: number
  /** Kafka's error name and message. */
  readonly reason: string
  readonly sinceMs: number
}

/** Everything a new owner needs to go on: nothing about a lane lives only in a process. */
export interface LaneState {
  readonly lease: Lease
  readonly streams: readonly Stream[]
  readonly flights: readonly Flight[]
  /** The rows of those flights, to repeat them byte for byte. */
  readonly flightRows: readonly WaitingRow[]
  readonly holds: readonly Hold[]
}

/** Where a message was found in Kafka. */
export interface FoundRow {
  readonly rowId: number
  readonly offset: number
}

/** A message of ours that lies in the topic. */
export interface RecognizedMessage {
  readonly messageId: string
  readonly offset: number
  readonly incarnation: Incarnation
  readonly sequence: number
}

/**
 * One state change of a stream. All carry lane and fence and do nothing when the fence moved on.
 *
 * - `claim` binds rows to sequences. Rule: rows exist, belong to the lane, are in no flight; the stream has no open
 *   flight; the incarnation is the stream's with `firstSequence = nextSequence`, or a new one (other producer id or higher
 *   epoch) with `firstSequence` 0. The stamp is max(database clock, lastStampMs + 1). A missing stream is opened, and one
 *   whose topic id differs is re-opened, with `lastOffset = openedAtOffset` (otherwise that field is ignored).
 *   Race: a claim after the send, or a re-cut under a used sequence, lets the broker drop a message and call it a duplicate.
 * - `mark` moves all rows of the flight to `outbox_sent` with offsets baseOffset + i and sequences firstSequence + i,
 *   deletes the flight, advances nextSequence, sets lastOffset to its last offset (even when
 *   that is lower: Kafka may have truncated), and removes holds on those rows.
 * - `release` ends a flight that is certainly not (or only partly) in Kafka: `found` rows are marked sent at their offsets,
 *   all others wait again, and the stream moves to `next` with sequence 0. `rejected` adds one attempt to that row's hold.
 *   `lastOffset` is stored as given: the end of what was read back, minus one.
 * - `park` moves one waiting row (in no flight) with its hold to `outbox_parked`.
 * - `recognize` moves waiting rows (in no flight) of the lane and topic, which a read of the topic found there by their message
 *   ids, with their holds to `outbox_sent`. `rowIds` of the result tells which. Race: a restored database has rows waiting
 *   again that were sent after the backup.
 * - `hold-lift` removes the hold of a row that is not in doubt any more.
 */
export type Step =
  | {
      readonly kind: 'claim'
      readonly lane: number
      readonly fence: number
      readonly topic: string
      readonly topicId: string
      readonly partition: number
      readonly incarnation: Incarnation
      readonly firstSequence: number
      readonly rowIds: readonly number[]
      readonly openedAtOffset: number
    }
  | {
      readonly kind: 'mark'
      readonly fence: number
      readonly flight: FlightRef
      readonly baseOffset: number
      readonly leaderEpoch: number
    }
  | {
      readonly kind: 'release'
      readonly fence: number
      readonly flight: FlightRef
      readonly found: readonly FoundRow[]
      readonly next: Incarnation
      readonly lastOffset: number
      readonly rejected?: { readonly rowId: number; readonly reason: string }
    }
  | {
      readonly kind: 'park'
      readonly lane: number
      readonly fence: number
      readonly rowId: number
      readonly reason: string
    }
  | {
      readonly kind: 'recognize'
      readonly lane: number
      readonly fence: number
      readonly topic: string
      readonly partition: number
      /** Each message id once. */
      readonly messages: readonly RecognizedMessage[]
    }
  | { readonly kind: 'hold-lift'; readonly lane: number; readonly fence: number; readonly rowId: number }

/**
 * What became of a step. `fenced`: the lease moved on, nothing was done. `conflict`: the stored state is not what the step
 * expects (an engine fault or a restored database); nothing was done.
 */
export type StepResult =
  | { readonly kind: 'done'; readonly flight?: Flight; readonly rowIds?: readonly number[] }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'conflict'; readonly detail: string }

/** Backlog as the store sees it. */
export interface Backlog {
  /** Committed rows without an acknowledgement, flights included. */
  readonly waiting: number
  readonly held: number
  readonly parked: number
  /** Age of the oldest waiting row by the database clock; 0 when none. */
  readonly oldestMs: number
}

/** Names what the store is, so that a restore, a clone or another cluster is noticed. */
export interface Identity {
  /** Kafka cluster id. */
  readonly cluster: string
  /** From the database itself: e.g. path and inode, system identifier and timeline. */
  readonly database: string
}

/** An alert row. One open row per `cause`. */
export interface Alert {
  readonly id: number
  /** Names the cause, e.g. `hold orders 17`; the same cause never opens a second alert while one is open. */
  readonly cause: string
  readonly kind: string
  readonly detail: string
  readonly openedAtMs: number
  readonly resolvedAtMs: number | null
}

/** One delivery to do: an alert that a sink has not confirmed in this state. */
export interface AlertDelivery {
  readonly alert: Alert
  readonly state: 'opened' | 'resolved'
  readonly tries: number
}

/** Where to read a lane. */
export interface LaneRead {
  readonly lane: number
  readonly afterId: number
  /**
   * The caller has `count` of the rows above `afterId` up to `toId`. When exactly that many are there, these are they, and the
   * store may begin above `toId` instead.
   */
  readonly known?: { readonly toId: number; readonly count: number }
}

/** How much a read returns per lane: whole rows, at least one where there is any. Bytes are of keys, headers and values. */
export interface ReadLimit {
  readonly rows: number
  readonly bytes: number
  /** Whether to look at open senders although no row was found. Default true. */
  readonly looksAlways?: boolean
}

/** What a read found. */
export interface ReadPage {
  readonly rows: readonly WaitingRow[]
  /** Lanes whose rows ended at the limit: there may be more. */
  readonly cut: ReadonlySet<number>
  /**
   * Names of all transactions that have drawn row ids and had not ended, at the moment of which the rows are or later; others
   * may be among them. A name is never used again, not by another run of the database server either. `not-looked`: no row was
   * found, and `looksAlways` is false. Absent: ids appear in commit order (one writer).
   * Race: a transaction draws id 8 and stays open while ids 9 to 20 of other keys are read; then it commits, and the next
   * message of its key commits with id 21. A reader that starts above 8 would send 21 before 8.
   */
  readonly openSenders?: ReadonlySet<string> | 'not-looked'
}

/** What `listen` calls. */
export interface ListenHooks {
  /** Others announced rows. */
  woken(): void
  /** Announcements arrive, or do not (`cause` tells why, e.g. a pooler in transaction mode): then polling stands in. */
  state(listening: boolean, cause?: string): void
}

/** What the relay learned about a topic, shared with processes that only enqueue. */
export interface TopicLimit {
  readonly topic: string
  readonly maxMessageBytes: number
}

/**
 * The local message table. A row's table is its status: `outbox` waits, `outbox_sent` has its receipt, `outbox_parked`
 * was set aside. Rules that hold for every method:
 * - one call is one database transaction, durable when it resolves; a rejected call changed nothing, unless it rejects
 *   with `retryable: 'unknown'`;
 * - all times come from the database clock, because leases compare times of different hosts;
 * - a busy or locked database is retried inside up to a deadline, then WB_STORE_BUSY.
 */
export interface OutboxStore {
  readonly dialect: Transactions<unknown>['dialect']
  /** What operators ask and do. */
  readonly admin: OutboxAdmin

  /** Creates or upgrades the schema. Idempotent. `lanes` is fixed by the first call: WB_LANES_MISMATCH, WB_SOURCE_MISMATCH. */
  migrate(options: { readonly source: string; readonly lanes: number }): Promise<void>
  /**
   * Checks the schema and settings: WB_SCHEMA_MISSING, WB_SCHEMA_NEWER (a newer breaking schema stops an older binary),
   * WB_LANES_MISMATCH, WB_SOURCE_MISMATCH, WB_STORE_UNSAFE (a durability setting that may drop the last commits).
   */
  open(options: { readonly source: string; readonly lanes: number }): Promise<void>
  /** Closes what the store opened itself; the caller's connection stays the caller's. Safe twice. */
  close(): Promise<void>

  /**
   * Inserts the messages with the caller's transaction and nothing else. Ids of one (topic, key) are in commit order: a lock
   * per key is taken before the id is drawn (SQLite: there is one writer).
   * Race: two transactions of one key draw ids 1 and 2 but commit in the order 2, 1; a relay would send 2 first.
   */
  enqueue<Tx>(transactions: Transactions<Tx>, tx: Tx, messages: readonly SealedMessage[]): Promise<void>
  /** The same at once, only where the dialect's driver is synchronous. */
  enqueueSync?<Tx>(transactions: Transactions<Tx>, tx: Tx, messages: readonly SealedMessage[]): void

  /** Database clock, ms. */
  nowMs(): Promise<number>
  /** The database's own identity, asked anew. */
  databaseIdentity(): Promise<string>
  /**
   * Compares with what is stored. First time: stores it. Different: in one transaction stores the new one, sets every lane's
   * producer id to null, and adds 1 to every fence, so that no process goes on under the old identity. `changed` tells which.
   * Race: a restored database would hand out sequences that the broker knows with other content.
   */
  adoptIdentity(identity: Identity): Promise<{ readonly changed: boolean; readonly before: Identity | undefined }>

  /** Registers this relay as alive for `leaseMs`, renews all its unexpired leases for as long, and counts. */
  heartbeat(owner: string, leaseMs: number): Promise<Heartbeat>
  /**
   * Takes up to `count` lanes that are free or expired, each with fence + 1, and returns all there is to know about them.
   * Race: two relays take one lane: exactly one gets it (one conditional statement, never read-then-write).
   */
  take(owner: string, count: number, leaseMs: number): Promise<readonly LaneState[]>
  /** Gives lanes back; one whose fence moved on is left alone. */
  release(owner: string, leases: readonly Lease[]): Promise<void>
  /** Forgets the relay (on stop) and gives all its lanes back. */
  leave(owner: string): Promise<void>
  /** Sets a lane's producer id; false when the fence moved on. */
  setProducerId(lease: Lease, producerId: number): Promise<boolean>

  /**
   * Waiting rows with id > afterId of each lane, in id order per lane, flights and held rows included, up to `limit` per lane,
   * the rows of a lane together. Reads only committed rows, all lanes as of one moment; a row that commits later with a smaller id is found by
   * a later read from a lower id.
   */
  read(lanes: readonly LaneRead[], limit: ReadLimit): Promise<ReadPage>
  /** Applies the steps in order in one durable transaction; results in the same order. */
  advance(steps: readonly Step[]): Promise<readonly StepResult[]>
  /**
   * Cheap look whether another connection may have committed rows since the last call; `true` when it cannot tell.
   * Absent: the relay polls on its floor.
   */
  changed?(): Promise<boolean>
  /**
   * Tells the relays of other processes that rows were inserted or committed. Returns at once; the store sends it outside of
   * every business transaction, coalesced, and `close` waits for it. A signal that fails costs only time: relays poll, too.
   */
  announce?(): void
  /** Reports announcements of others until `ended` aborts, then resolves. Reconnects by itself, with backoff. */
  listen?(hooks: ListenHooks, ended: AbortSignal): Promise<void>
  backlog(): Promise<Backlog>
  /** Deletes up to `limit` sent rows acknowledged more than `olderThanMs` ago. Returns how many. Only for `dropUnverified`. */
  purgeSent(olderThanMs: number, limit: number): Promise<number>

  /**
   * Housekeeping of a store whose sent rows lie in partitions: makes them ahead, and drops those that are wholly acknowledged
   * more than `dropSentOlderThanMs` ago (absent: none). Asked every second by every relay; the store decides when it is due
   * and lets one process do it. Absent: `purgeSent` is called instead.
   */
  maintain?(options: { readonly dropSentOlderThanMs?: number }): Promise<void>

  /** Opens an alert unless one with this cause is open. */
  openAlert(alert: { readonly cause: string; readonly kind: string; readonly detail: string }): Promise<void>
  /** Resolves the open alert with this cause, if any. */
  resolveAlert(cause: string): Promise<void>
  /** All alerts that are open, oldest first. */
  openAlerts(): Promise<readonly Alert[]>
  /**
   * Deliveries due for `sink`, each reserved for `reserveMs` so that two relays do not both send (a relay that dies leaves
   * them due again). An alert resolved before its opening was delivered is delivered as both, in order.
   */
  dueAlerts(sink: string, reserveMs: number, limit: number): Promise<readonly AlertDelivery[]>
  /** Confirms one delivery. */
  alertDelivered(sink: string, alertId: number, state: 'opened' | 'resolved'): Promise<void>

  /** Shares topic limits with processes that only enqueue. */
  saveTopicLimits(limits: readonly TopicLimit[]): Promise<void>
  topicLimits(): Promise<readonly TopicLimit[]>
}
