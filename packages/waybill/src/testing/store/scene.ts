import assert from 'node:assert/strict'
import type { ErrorCode } from '../../model/errors.js'
import type { Flight, FlightRef, Incarnation } from '../../model/flight.js'
import type { SealedMessage, WaitingRow } from '../../model/message.js'
import type { LaneState, OutboxStore, Step, StepResult } from '../../ports/outbox-store.js'
import type { StoreWorld } from './harness.js'

/** Every case's outbox. */
export const outbox = { source: 'contract', lanes: 4 } as const
/** Long enough that no lease ends during a case that does not want it to. */
export const longMs = 600_000
export const topicId = '0123456789abcdef0123456789abcdef'

let messageNumber = 0

/** A message with a fresh id; lane 0, topic `orders`, key `k` unless told otherwise. */
export function message(over: Partial<SealedMessage> = {}): SealedMessage {
  const messageId = (++messageNumber).toString(16).padStart(32, '0')
  return {
    lane: 0,
    messageId,
    topic: 'orders',
    key: bytes('k'),
    headers: [],
    value: bytes(`v${messageNumber}`),
    ...over,
  }
}

/** Order for numbers. */
export function ascending(a: number, b: number): number {
  return a - b
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function incarnation(producerId: number, producerEpoch = 0): Incarnation {
  return { producerId, producerEpoch }
}

/** Commits the messages in one transaction and returns their rows. */
export async function commit(world: StoreWorld, ...messages: readonly SealedMessage[]): Promise<readonly WaitingRow[]> {
  const { store, transactions } = world
  await transactions.run((tx) => store.enqueue(transactions, tx, messages))
  const rows = await waiting(store)
  return messages.map((sent) => {
    const row = rows.find(({ messageId }) => messageId === sent.messageId)
    assert(row, `message ${sent.messageId} was committed and does not wait`)
    return row
  })
}

/** Every waiting row, lane by lane. */
export async function waiting(store: OutboxStore, limit = 10_000): Promise<readonly WaitingRow[]> {
  const lanes = Array.from({ length: outbox.lanes }, (_, lane) => ({ lane, afterId: 0 }))
  return (await store.read(lanes, { rows: limit, bytes: 1e9 })).rows
}

export async function waitingIds(store: OutboxStore): Promise<readonly number[]> {
  return (await waiting(store)).map((row) => row.id).sort((a, b) => a - b)
}

/** Takes all lanes; index = lane. */
export async function takeAll(
  store: OutboxStore,
  owner: string,
  leaseMs: number = longMs,
): Promise<readonly LaneState[]> {
  const states = await store.take(owner, outbox.lanes, leaseMs)
  assert.equal(states.length, outbox.lanes, `${owner} wanted all lanes`)
  return states.toSorted((a, b) => a.lease.lane - b.lease.lane)
}

/** Lane 0 under a lease, with the usual claim and mark. */
export class Lane {
  readonly world: StoreWorld
  state: LaneState

  private constructor(world: StoreWorld, state: LaneState) {
    this.world = world
    this.state = state
  }

  static async take(world: StoreWorld, owner = 'relay'): Promise<Lane> {
    const [state] = await world.store.take(owner, 1, longMs)
    assert(state && state.lease.lane === 0, 'lane 0 was free')
    return new Lane(world, state)
  }

  get fence(): number {
    return this.state.lease.fence
  }

  /** What a new owner finds. The fence moves on, as with any lease. */
  async again(owner = 'relay'): Promise<LaneState> {
    await this.world.store.release(owner, [this.state.lease])
    const [state] = await this.world.store.take(owner, 1, longMs)
    assert(state && state.lease.lane === 0, 'lane 0 was free again')
    this.state = state
    return state
  }

  claim(
    rowIds: readonly number[],
    over: Partial<Extract<Step, { kind: 'claim' }>> = {},
  ): Extract<Step, { kind: 'claim' }> {
    const fixed = { kind: 'claim', lane: 0, fence: this.fence, topic: 'orders', topicId, partition: 0 } as const
    return { ...fixed, incarnation: incarnation(7), firstSequence: 0, rowIds, openedAtOffset: -1, ...over }
  }

  mark(flight: FlightRef, baseOffset: number, leaderEpoch = 3): Step {
    return { kind: 'mark', fence: this.fence, flight: refOf(flight), baseOffset, leaderEpoch }
  }

  release(flight: FlightRef, over: Partial<Extract<Step, { kind: 'release' }>> = {}): Step {
    return {
      kind: 'release',
      fence: this.fence,
      flight: refOf(flight),
      found: [],
      next: incarnation(7, 1),
      lastOffset: -1,
      ...over,
    }
  }

  /** Applies one step that must be done. */
  async do(step: Step): Promise<Flight | undefined> {
    const result = await this.try(step)
    assert(result.kind === 'done', `${step.kind}: ${JSON.stringify(result)}`)
    return result.flight
  }

  /** Claims and returns the flight. */
  async fly(rowIds: readonly number[], over: Partial<Extract<Step, { kind: 'claim' }>> = {}): Promise<Flight> {
    const flight = await this.do(this.claim(rowIds, over))
    assert(flight, 'a claim that is done returns its flight')
    return flight
  }

  async try(step: Step): Promise<StepResult> {
    const [result] = await this.world.store.advance([step])
    assert(result)
    return result
  }
}

function refOf({ lane, topic, partition, incarnation: identity, firstSequence }: FlightRef): FlightRef {
  return { lane, topic, partition, incarnation: identity, firstSequence }
}

/** The promise must be rejected with this code. */
export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert(error instanceof Error && 'code' in error, `not a WaybillError: ${String(error)}`)
    assert.equal(error.code, code, error.message)
    return true
  })
}

/** Compares rows without caring which class of byte array the store returns. */
export function sameRows(actual: readonly SealedMessage[], expected: readonly SealedMessage[]): void {
  const plain = ({ lane, messageId, topic, key, headers, value }: SealedMessage): unknown => ({
    ...{ lane, messageId, topic, key: hex(key), value: hex(value) },
    headers: headers.map(([name, content]) => [name, hex(content)]),
  })
  assert.deepEqual(actual.map(plain), expected.map(plain))
}

function hex(content: Uint8Array | null): string | null {
  return content && Buffer.from(content).toString('hex')
}
