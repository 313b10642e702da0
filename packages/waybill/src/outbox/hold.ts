import type { WaitingRow } from '../model/message.js'
import type { OwnedLane, StreamState } from './lane-state.js'
import { keyName } from './lane-state.js'
import type { RejectPolicy } from './options.js'
import type { Reader } from './reader.js'
import type { RelayContext } from './relay-context.js'
import type { Step } from '../ports/outbox-store.js'

/** A row whose policy says "set aside": to be parked in the next store transaction. */
export interface ParkOrder {
  readonly lane: OwnedLane
  readonly state: StreamState
  readonly row: WaitingRow
  readonly step: Step
}

/**
 * Applies a topic's policy to messages that Kafka refused definitely. Only such refusals count; an outage never does.
 * A rejected row is tried `rejectAfter` times, alone and with pauses; then
 * `hold-key`: it and all later rows of its key wait, other keys flow · `park`: it is set aside, its key flows ·
 * `stop`: the lane stops. Each opens an alert. A new owner of the lane tries a held row once more, so restarting the relay
 * after the cause is mended lets it go.
 */
export class HoldKeeper {
  readonly #context: RelayContext
  readonly #policyOf: (topic: string) => RejectPolicy
  readonly #run: (lane: OwnedLane, work: Promise<unknown>) => void
  readonly parking: ParkOrder[] = []

  constructor(
    context: RelayContext,
    policyOf: (topic: string) => RejectPolicy,
    run: (lane: OwnedLane, work: Promise<unknown>) => void,
  ) {
    this.#context = context
    this.#policyOf = policyOf
    this.#run = run
  }

  /** Definite rejections of this row so far; a hold found at take-over leaves it one more try. */
  attempts(lane: OwnedLane, row: WaitingRow): number {
    const hold = lane.holds.get(row.id)
    if (!hold) return 0
    return Math.min(hold.attempts, this.#context.options.rejectAfter - 1)
  }

  /** Records one more definite rejection, already stored; applies the policy when it was the last allowed. */
  rejected(
    lane: OwnedLane,
    state: StreamState,
    row: WaitingRow,
    attempts: number,
    reason: string,
    reader: Reader,
  ): void {
    const { topic, key } = row
    lane.holds.set(row.id, { lane: lane.lane, topic, key, rowId: row.id, attempts, reason, sinceMs: 0 })
    if (attempts < this.#context.options.rejectAfter) return
    state.rowsMax = Number.MAX_SAFE_INTEGER
    const policy = this.#policyOf(topic)
    this.#alert(lane, row, policy, reason)
    if (policy === 'stop') {
      lane.stopped = reason
      this.#context.obstacles.met(`lane ${lane.lane}`, `lane ${lane.lane} is stopped; see the alert rejected`)
    } else if (policy === 'park') this.#park(lane, state, row, reason, reader)
    else this.#hold(lane, state, row, reader)
  }

  #hold(lane: OwnedLane, state: StreamState, row: WaitingRow, reader: Reader): void {
    lane.heldKeys.add(row.key === null ? `row ${row.id}` : keyName(row.topic, row.key))
    const held = state.queue.filter((other) => other.id === row.id || sameKey(other, row))
    reader.take(state, held)
    for (const other of held) lane.known.delete(other.id)
  }

  #park(lane: OwnedLane, state: StreamState, row: WaitingRow, reason: string, reader: Reader): void {
    reader.take(state, [row])
    const step: Step = { kind: 'park', lane: lane.lane, fence: lane.lease.fence, rowId: row.id, reason }
    this.parking.push({ lane, state, row, step })
  }

  #alert(lane: OwnedLane, row: WaitingRow, policy: RejectPolicy, reason: string): void {
    const key = row.key === null ? 'no key' : `key ${Buffer.from(row.key).toString('utf8').slice(0, 80)}`
    const detail = `message ${row.messageId} (${row.topic}, ${key}) was refused: ${reason}; policy ${policy}`
    const alert = { cause: rejectedCause(row.messageId), kind: 'rejected', detail }
    this.#run(lane, this.#context.store.openAlert(alert))
    this.#context.log.error('message refused by Kafka', { messageId: row.messageId, topic: row.topic, reason, policy })
  }
}

/** Names the alert of a refused message; the command that requeues or discards it resolves the same. */
export function rejectedCause(messageId: string): string {
  return `rejected ${messageId}`
}

function sameKey(a: WaitingRow, b: WaitingRow): boolean {
  return a.topic === b.topic && a.key !== null && b.key !== null && Buffer.compare(a.key, b.key) === 0
}
