import { setImmediate } from 'node:timers/promises'
import type { Scheduler } from 'fast-check'
import { memoryStore } from '../../../src/stores/memory/store.js'
import { Dice } from '../../simulation/dice.js'
import { VirtualTime } from '../../simulation/virtual-time.js'
import type { Surroundings } from './consumer-process.js'
import { ConsumerProcess } from './consumer-process.js'
import { Coordinator } from './coordinator.js'
import { DeadTopic } from './dead-topic.js'
import type { LogRecord } from './oracle.js'
import { brokenPromises, passedOver } from './oracle.js'

/** Faults that hit at a step of the run; faults of requests and handlers come from the seed. */
export const actionKinds = [
  'kill',
  'kill',
  'pause',
  'pause',
  'start',
  'stop',
  'garble',
  'hold',
  'flow',
  'seek',
] as const
export type ActionKind = (typeof actionKinds)[number]

/** What a run is made from. */
export interface Plan {
  readonly seed: number
  readonly records: number
  readonly inbox: boolean
  /** Some messages can never be handled, and go to the dead-letter topic, like those that fail twice. */
  readonly deadLetters: boolean
  /** Handlers get several messages at once. */
  readonly batches: boolean
  /** What the cluster takes as metadata of a commit; small: the progress does not always fit. */
  readonly metadataMax: number
  readonly actions: readonly { readonly at: number; readonly kind: ActionKind }[]
}

const partitions = 3
const keys = ['a', 'b', 'c', 'd']
export const busySteps = 700
const stepsMax = 8_000
const sessionMs = 300
const processesMax = 3

/** One interleaving: runs the plan, then lets everything settle, and returns the broken promises. */
export async function runPlan(plan: Plan, scheduler: Scheduler): Promise<readonly string[]> {
  return new World(plan, scheduler).run()
}

class World {
  readonly #plan: Plan
  readonly #scheduler: Scheduler
  readonly #dice: Dice
  readonly #around: Surroundings
  readonly #processes: ConsumerProcess[] = []
  readonly #resumeAt = new Map<ConsumerProcess, number>()
  readonly #startAt = new Set<number>()
  readonly #ends: Promise<void>[] = []

  constructor(plan: Plan, scheduler: Scheduler) {
    this.#plan = plan
    this.#scheduler = scheduler
    this.#dice = new Dice(plan.seed)
    const time = new VirtualTime(scheduler)
    this.#around = {
      time,
      dice: this.#dice,
      coordinator: new Coordinator(partitions, sessionMs, plan.metadataMax),
      logs: this.#logs(),
      store: memoryStore({ nowMs: () => time.nowMs }),
      effects: [],
      inbox: plan.inbox,
      batches: plan.batches,
      seeks: new Map(),
      deadTopic: plan.deadLetters ? new DeadTopic() : undefined,
      faultRate: 0.15,
    }
  }

  async run(): Promise<readonly string[]> {
    await this.#around.store.inbox.migrate()
    this.#start()
    if (this.#dice.chance(0.7)) this.#start()
    for (let step = 0; step < stepsMax; step++) {
      for (const action of this.#plan.actions) if (action.at === step) this.#act(action.kind, step)
      for (const [process, at] of this.#resumeAt) if (at === step) process.resume()
      if (this.#startAt.has(step)) this.#start()
      if (step === busySteps) this.#calm()
      if (step > busySteps && step % 20 === 0 && this.#settled()) return this.#finish(this.#broken())
      await this.#scheduler.waitNext(1)
      await setImmediate()
    }
    return this.#finish([`not settled after ${stepsMax} steps`, ...this.#broken()])
  }

  #broken(): readonly string[] {
    const { logs, effects, coordinator, deadTopic, seeks } = this.#around
    const letters = deadTopic?.letters ?? []
    const passed = this.#plan.inbox ? [] : passedOver(logs, effects, seeks, letters)
    return [...brokenPromises(logs, effects, this.#plan.inbox, letters), ...passed, ...coordinator.regressions]
  }

  /** Keys stay in one partition; some offsets hold no record. */
  #logs(): readonly (readonly (LogRecord | null)[])[] {
    const logs: (LogRecord | null)[][] = Array.from({ length: partitions }, () => [])
    for (let number = 0; number < this.#plan.records; number++) {
      const key = this.#dice.pick(keys)
      const log = logs[keys.indexOf(key) % partitions] ?? []
      if (this.#dice.chance(0.1)) log.push(null)
      const poison = this.#plan.deadLetters && this.#dice.chance(0.15)
      log.push({ offset: log.length, id: `${poison ? 'poison' : 'm'}${number}`, key })
    }
    return logs
  }

  #act(kind: ActionKind, step: number): void {
    const running = this.#processes.filter((process) => process.alive && !process.paused && !process.isStopping)
    const one = running.length > 0 ? this.#dice.pick(running) : undefined
    switch (kind) {
      case 'kill':
        one?.kill()
        this.#startAt.add(step + 1 + this.#dice.whole(30))
        return
      case 'pause':
        one?.pause()
        if (one) this.#resumeAt.set(one, step + 30 + this.#dice.whole(200))
        this.#startAt.add(step + 1 + this.#dice.whole(30))
        return
      case 'start':
        return this.#start()
      case 'stop':
        if (one) this.#ends.push(one.stop())
        this.#startAt.add(step + 1 + this.#dice.whole(30))
        return
      case 'garble':
        return this.#around.coordinator.garble()
      case 'hold':
        return one?.hold(this.#dice.whole(partitions))
      case 'flow':
        return one?.flow()
      case 'seek':
        if (one) this.#ends.push(one.seek(this.#dice.whole(partitions)))
    }
  }

  #start(): void {
    if (this.#processes.filter((process) => process.alive && !process.isStopping).length < processesMax)
      this.#processes.push(new ConsumerProcess(`consumer${this.#processes.length}`, this.#around))
  }

  #calm(): void {
    this.#around.faultRate = 0
    for (const process of this.#processes) {
      process.resume()
      process.flow()
    }
    this.#start()
  }

  /** Settled: the group's positions are at the ends of the logs. */
  #settled(): boolean {
    const { coordinator, logs } = this.#around
    return logs.every((log, partition) => log.length === 0 || coordinator.committed(partition)?.offset === log.length)
  }

  #finish(broken: readonly string[]): readonly string[] {
    for (const process of this.#processes) process.kill()
    return broken
  }
}
