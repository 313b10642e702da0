import { WaybillError } from '../../model/errors.js'
import type { SealedMessage, WaitingRow } from '../../model/message.js'
import { addWaiting, copyState, emptyState } from './state.js'
import type { InboxCell, MemoryState } from './state.js'

/** A transaction of the memory store. Only its store can open one. */
export interface MemoryTransaction {
  readonly number: number
}

interface OpenTransaction extends MemoryTransaction {
  open: boolean
  readonly rows: WaitingRow[]
  readonly accepted: Map<string, InboxCell>
  readonly locks: Set<string>
  waitsFor: OpenTransaction | undefined
  readonly ended: Promise<void>
  readonly end: () => void
}

/** A copy of everything that was committed, for `restore`. */
export interface MemorySnapshot {
  readonly state: MemoryState
}

/**
 * The data that memory stores share, with transactions like PostgreSQL's: ids are drawn at the insert, rows become
 * visible at the commit, and a lock per (topic, key) is held from the insert to the end of the transaction.
 */
export class MemoryDatabase {
  state: MemoryState
  /** Counts commits by anyone. */
  version = 0
  readonly nowMs: () => number
  #nextTransaction = 1
  #open = new Set<OpenTransaction>()
  #locks = new Map<string, OpenTransaction>()

  constructor(nowMs: () => number, database: string) {
    this.nowMs = nowMs
    this.state = emptyState(database)
  }

  begin(): MemoryTransaction {
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const number = this.#nextTransaction++
    const own = { rows: [], accepted: new Map(), locks: new Set<string>(), waitsFor: undefined }
    const tx: OpenTransaction = { number, open: true, ...own, ended, end }
    this.#open.add(tx)
    return tx
  }

  commit(handle: MemoryTransaction): void {
    const tx = this.#own(handle)
    for (const row of tx.rows) addWaiting(this.state, row)
    for (const [key, cell] of tx.accepted) this.state.inbox.set(key, cell)
    if (tx.rows.length > 0) this.version++
    this.#finish(tx)
  }

  rollback(handle: MemoryTransaction): void {
    this.#finish(this.#own(handle))
  }

  isOpen(value: unknown): value is MemoryTransaction {
    return this.#open.has(value as OpenTransaction)
  }

  /** Takes the key locks in sorted order, then draws the ids. */
  async insert(handle: MemoryTransaction, messages: readonly SealedMessage[]): Promise<void> {
    const tx = this.#own(handle)
    const keys = new Set(messages.filter((m) => m.key !== null).map(lockName))
    for (const key of [...keys].sort()) await this.#lock(tx, key)
    this.#own(tx)
    const createdAtMs = this.nowMs()
    // The caller may reuse its buffers after the call: a database keeps what it was given.
    for (const message of messages) tx.rows.push({ ...copyMessage(message), id: this.state.nextRowId++, createdAtMs })
  }

  /** As a unique index does: waits for an open transaction that inserted the same key; false when it is there. */
  async accept(handle: MemoryTransaction, key: string, cell: InboxCell): Promise<boolean> {
    const tx = this.#own(handle)
    if (tx.accepted.has(key) || this.state.inbox.has(key)) return false
    const lock = `\0inbox ${key}`
    await this.#lock(tx, lock)
    if (this.state.inbox.has(key)) {
      // A found row locks nothing: whoever comes next finds it too.
      this.#locks.delete(lock)
      tx.locks.delete(lock)
      return false
    }
    tx.accepted.set(key, cell)
    return true
  }

  /** Open transactions that have drawn ids. */
  senders(): ReadonlySet<string> {
    return new Set([...this.#open].filter((tx) => tx.rows.length > 0).map((tx) => String(tx.number)))
  }

  snapshot(): MemorySnapshot {
    return { state: copyState(this.state) }
  }

  /** Goes back to the snapshot; open transactions die with their connections. */
  restore(snapshot: MemorySnapshot, database?: string): void {
    for (const tx of [...this.#open]) this.#finish(tx)
    this.state = copyState(snapshot.state)
    if (database !== undefined) this.state.database = database
    this.version++
  }

  async #lock(tx: OpenTransaction, key: string): Promise<void> {
    for (let holder = this.#locks.get(key); holder && holder !== tx; holder = this.#locks.get(key)) {
      for (let next: OpenTransaction | undefined = holder; next; next = next.waitsFor)
        if (next === tx)
          throw new WaybillError(
            'WB_STORE_BUSY',
            'deadlock: two transactions took the same keys in opposite order; roll back and try again',
          )
      tx.waitsFor = holder
      await holder.ended
      tx.waitsFor = undefined
      this.#own(tx)
    }
    this.#locks.set(key, tx)
    tx.locks.add(key)
  }

  #own(handle: MemoryTransaction): OpenTransaction {
    const tx = handle as OpenTransaction
    if (this.#open.has(tx)) return tx
    throw new WaybillError(
      'WB_NOT_IN_TRANSACTION',
      'this memory transaction is over or belongs to another store; use the `tx` that waybill.transaction(async (tx) => ...) hands out, inside its callback',
    )
  }

  #finish(tx: OpenTransaction): void {
    tx.open = false
    this.#open.delete(tx)
    for (const key of tx.locks) this.#locks.delete(key)
    tx.end()
  }
}

function lockName(message: SealedMessage): string {
  return `${message.topic} ${Buffer.from(message.key ?? []).toString('hex')}`
}

function copyMessage(message: SealedMessage): SealedMessage {
  const { lane, messageId, topic } = message
  const copy = (bytes: Uint8Array | null): Uint8Array | null => bytes && Uint8Array.from(bytes)
  const headers = message.headers.map(([name, value]) => [name, Uint8Array.from(value)] as const)
  return { lane, messageId, topic, key: copy(message.key), headers, value: copy(message.value) }
}
