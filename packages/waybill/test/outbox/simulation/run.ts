import { setImmediate } from 'node:timers/promises'
import type { Scheduler } from 'fast-check'
import { slotOf } from '../../../src/model/lane.js'
import { memoryStore } from '../../../src/stores/memory/store.js'
import type { MemoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'
import { Dice } from '../../simulation/dice.js'
import { SimKafka } from './kafka.js'
import type { Committed, Evidence } from './oracle.js'
import { brokenPromises } from './oracle.js'
import { drainMs, RelayProcess } from './relay-process.js'
import type { Surroundings } from './relay-process.js'
import { VirtualTime } from '../../simulation/virtual-time.js'

/** What a run is made from. */
export interface Plan {
  readonly seed: number
  readonly messages: number
  readonly restore: 'none' | 'noticed' | 'unnoticed'
  /** Steps of the backup and of the restore from it. */
  readonly backupAt: number
  readonly restoreAt: number
  readonly actions: readonly { readonly at: number; readonly kind: ActionKind }[]
}

/** Faults that hit at a step of the run; faults of requests come from the seed. */
export const actionKinds = ['kill', 'kill', 'pause', 'pause', 'start', 'restart-kafka', 'forget'] as const
export type ActionKind = (typeof actionKinds)[number]

const lanes = 2
const partitions = 2
const keys = ['a', 'b', 'c']
const expirationMs = 60_000
export const busySteps = 680
/** Transactions begin at any time of the busy phase: each hop of theirs waits its turn among about ten others. */
const startHopsMax = 70
const stepsMax = 6_000
/** Coarse, so that stamps from before and after a restore can be equal. */
const clockGrainMs = 500
/** Clocks of database and brokers differ by less than the margin of `trustMs`, here 6 s of 60. */
const clockBackMaxMs = 5_000

/** One interleaving: runs the plan, then lets everything settle, and returns the broken promises. */
export async function runPlan(plan: Plan, scheduler: Scheduler): Promise<readonly string[]> {
  const world = new World(plan, scheduler)
  return world.run()
}

class World {
  readonly #plan: Plan
  readonly #scheduler: Scheduler
  readonly #dice: Dice
  readonly #time: VirtualTime
  readonly #store: MemoryStore
  readonly #around: Surroundings
  readonly #relays: RelayProcess[] = []
  #relayCount = 0
  #clockBackMs = 0
  /** Set while the database clock stands still. */
  #frozenMs: number | undefined
  #committed: Committed[] = []
  readonly #rolledBack: string[] = []
  readonly #mayDouble = new Set<string>()
  #openSends = 0
  readonly #sends: Promise<void>[] = []
  #snapshot: { taken: ReturnType<MemoryStore['snapshot']>; committed: Committed[]; nowMs: number } | undefined
  #era = 0
  readonly #resumeAt = new Map<RelayProcess, number>()
  readonly #startAt = new Set<number>()

  constructor(plan: Plan, scheduler: Scheduler) {
    this.#plan = plan
    this.#scheduler = scheduler
    this.#dice = new Dice(plan.seed)
    this.#time = new VirtualTime(scheduler)
    const wallMs = (): number => 1_000_000 + this.#time.nowMs
    const databaseMs = (): number =>
      this.#frozenMs ?? Math.floor((wallMs() - this.#clockBackMs) / clockGrainMs) * clockGrainMs
    this.#store = memoryStore({ nowMs: databaseMs })
    const kafka = new SimKafka({ partitions, expirationMs, airMs: drainMs * 0.9, wallMs }, this.#time, this.#dice)
    kafka.faultRate = 0.35
    this.#around = { time: this.#time, dice: this.#dice, kafka, store: this.#store, lanes, storeFaultRate: 0.02 }
  }

  async run(): Promise<readonly string[]> {
    await this.#store.migrate({ source: 'sim', lanes })
    this.#startRelay()
    if (this.#dice.chance(0.7)) this.#startRelay()
    for (let number = 0; number < this.#plan.messages; number++) this.#sends.push(this.#send(number))
    for (let step = 0; step < stepsMax; step++) {
      for (const action of this.#plan.actions) if (action.at === step) this.#act(action.kind, step)
      this.#resumeDue(step)
      if (this.#plan.restore !== 'none' && step === this.#plan.backupAt) this.#backup()
      if (this.#plan.restore !== 'none' && step === this.#plan.restoreAt) this.#restore(this.#plan.restore)
      if (step === this.#plan.restoreAt + 300) this.#frozenMs = undefined
      if (step === busySteps) this.#calm()
      if (step > busySteps && step % 10 === 0 && this.#settled()) return this.#finish(brokenPromises(this.#evidence()))
      await this.#scheduler.waitNext(1)
      await setImmediate()
    }
    return this.#finish([
      `not settled after ${stepsMax} steps: ${this.#store.waiting().length} wait`,
      ...brokenPromises(this.#evidence()),
    ])
  }

  /** One business transaction with one or two messages of a key; some roll back, some stay open for long. */
  async #send(number: number): Promise<void> {
    const dice = this.#dice
    const key = dice.pick(keys)
    const ids = dice.chance(0.3) ? [`m${number}x`, `m${number}y`] : [`m${number}`]
    const fate = dice.roll()
    if (dice.chance(0.06)) for (const id of ids.slice(0, 1)) this.#around.kafka.poison.add(id)
    this.#openSends++
    for (let hop = dice.whole(startHopsMax); hop >= 0; hop--) await this.#time.hop('business')
    const era = this.#era
    const tx = this.#store.begin()
    try {
      const messages = ids.map((id) => ({
        lane: slotOf(Buffer.from(key), lanes),
        messageId: idOf(id),
        topic: this.#around.kafka.topic,
        key: Buffer.from(key),
        headers: [],
        value: Buffer.from(id),
      }))
      await this.#store.enqueue(memoryTransactions(this.#store), tx, messages)
      await this.#time.hop('business')
      if (fate > 0.9) await this.#time.sleep(2_500)
      if (era !== this.#era) return
      if (fate < 0.1) {
        this.#store.rollback(tx)
        this.#rolledBack.push(...ids)
      } else {
        this.#store.commit(tx)
        this.#committed.push(...ids.map((messageId) => ({ messageId, key })))
      }
    } catch (error) {
      // A restore ends the connections of all open transactions: the business sees an error, nothing was committed.
      if (era === this.#era) throw error
    } finally {
      this.#openSends--
    }
  }

  #act(kind: ActionKind, step: number): void {
    const running = this.#relays.filter((relay) => relay.alive && !relay.paused)
    const one = running.length > 0 ? this.#dice.pick(running) : undefined
    switch (kind) {
      case 'kill':
        one?.kill()
        this.#startLater(step)
        return
      case 'pause':
        one?.pause()
        if (one) this.#resumeAt.set(one, step + 30 + this.#dice.whole(150))
        this.#startLater(step)
        return
      case 'start':
        return this.#startRelay()
      case 'restart-kafka':
        return this.#around.kafka.restart()
      case 'forget':
        this.#time.nowMs += expirationMs * 1.5
        if (this.#frozenMs !== undefined) this.#frozenMs += expirationMs * 1.5
        return
    }
  }

  /** What was killed or paused is replaced, as a process supervisor would. */
  #startLater(step: number): void {
    this.#startAt.add(step + this.#dice.whole(20))
  }

  #resumeDue(step: number): void {
    for (const [relay, at] of this.#resumeAt) if (at === step) relay.resume()
    if (this.#startAt.has(step)) this.#startRelay()
  }

  #backup(): void {
    const committed = [...this.#committed]
    this.#snapshot = { taken: this.#store.snapshot(), committed, nowMs: this.#time.nowMs }
    // A clock that stands still from backup to restore gives the same stamps twice: the fingerprint then tells nothing,
    // and only a new incarnation keeps messages from being dropped as duplicates.
    if (this.#plan.restore === 'noticed' && this.#dice.chance(0.6)) this.#frozenMs = 1_000_000 + this.#time.nowMs
  }

  /** The database goes back to the backup, and every process starts anew. */
  #restore(kind: 'noticed' | 'unnoticed'): void {
    const snapshot = this.#snapshot
    if (!snapshot) return
    for (const relay of this.#relays) relay.kill()
    this.#era++
    // Noticed: the other host's clock is behind, where it can to the moment of the backup. Unnoticed: time went on.
    if (kind === 'noticed') this.#clockBackMs = Math.min(this.#time.nowMs - snapshot.nowMs, clockBackMaxMs)
    else this.#time.nowMs += 2 * clockGrainMs
    this.#store.restore(snapshot.taken, kind === 'noticed' ? { database: 'restored' } : {})
    this.#committed = snapshot.committed
    // Nobody told that the database went back: the first flight's answer usually does, but not when the stream has moved to
    // an incarnation that the broker has not seen either (after a refusal, or when it forgot the producer).
    if (kind === 'unnoticed')
      for (const row of this.#store.waiting()) this.#mayDouble.add(Buffer.from(row.value ?? []).toString())
    this.#startRelay()
  }

  #startRelay(): void {
    if (this.#relays.filter((relay) => relay.alive).length >= 3) return
    this.#relays.push(new RelayProcess(`relay${this.#relayCount++}`, this.#around))
  }

  /** No more faults; what was paused goes on, and somebody is there to finish. */
  #calm(): void {
    this.#around.kafka.faultRate = 0
    this.#around.storeFaultRate = 0
    for (const relay of this.#relays) relay.resume()
    if (!this.#relays.some((relay) => relay.alive)) this.#startRelay()
  }

  #settled(): boolean {
    return this.#openSends === 0 && this.#store.waiting().length === 0 && this.#store.flights().length === 0
  }

  #finish(broken: readonly string[]): readonly string[] {
    for (const relay of this.#relays) relay.kill()
    return broken
  }

  #evidence(): Evidence {
    const text = (value: Uint8Array | null): string => Buffer.from(value ?? []).toString()
    return {
      committed: this.#committed,
      rolledBack: this.#rolledBack,
      mayDouble: this.#mayDouble,
      parked: new Set(this.#store.parked().map((row) => text(row.value))),
      poison: this.#around.kafka.poison,
      receipts: this.#store
        .sent()
        .map((row) => ({ messageId: text(row.value), partition: row.partition, offset: row.offset })),
      partitions: this.#around.kafka.partitions.map((partition) => partition.log),
    }
  }
}

/** A message id of the right form, unique per test id. */
function idOf(id: string): string {
  return Buffer.from(id).toString('hex').padStart(32, '0')
}
