import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../cluster/until.js'
import type { Arm } from './arm.js'
import type { BrokerSettings, Cast } from './cast.js'
import { killAtWork } from './consumer-kill.js'
import type { AirlineDatabase } from './database.js'
import type { FaultPort } from './fault-port.js'
import type { Fault } from './schedule.js'
import { topic } from './scene.js'
import { TopicReader } from './topic-reader.js'

/** What the faults did. */
export interface Strikes {
  kills: number
  /** Kills that found no open flight and were repeated. */
  misses: number
  /** Flights that were open when the relay died, over all kills. */
  openFlights: number
  /** Kills of waybill's consumer that hit a running handler, and those that hit none and were repeated. */
  consumerKills: number
  consumerMisses: number
  /** The same of the naive consumer. */
  naiveKills: number
  brokerKills: number
  fullDisks: number
  powerLosses: number
  /** Values of the records that a power loss took. */
  readonly taken: string[]
}

/** What the faults need. */
export interface FaultScene {
  readonly cast: Cast
  readonly database: AirlineDatabase
  readonly port: FaultPort
  /** The consumers to kill. */
  readonly arms: readonly Arm[]
  readonly broker: BrokerSettings
  /** Acknowledged by the relay that runs now. */
  readonly acknowledgedByRelay: () => number
  readonly note: (text: string) => void
  readonly signal: AbortSignal
  /** Flights that were there before this run. */
  readonly before: number
  readonly count: number
}

/** The airline slows down when it is this share of all flights ahead of a kill that has not hit yet. */
const leadShare = 0.12
const strikeMs = 30_000
const killTriesMax = 20

/** Lets the faults strike, one after the other, each when so many flights are committed. */
export class FaultRunner {
  readonly strikes: Strikes = {
    kills: 0,
    misses: 0,
    openFlights: 0,
    consumerKills: 0,
    consumerMisses: 0,
    naiveKills: 0,
    brokerKills: 0,
    fullDisks: 0,
    powerLosses: 0,
    taken: [],
  }
  readonly #scene: FaultScene

  constructor(scene: FaultScene) {
    this.#scene = scene
  }

  /** Resolves when all have struck; rejects when one cannot. */
  async run(faults: readonly Fault[]): Promise<void> {
    try {
      for (const [i, fault] of faults.entries()) {
        this.#pace(faults.slice(i))
        await this.#committed(fault.at)
        await this.#strike(fault)
      }
    } finally {
      this.#pace([])
    }
  }

  /** Lets the airline run, but not so far ahead that nothing is left for the kills to come. */
  #pace(ahead: readonly Fault[]): void {
    const { cast, before, count } = this.#scene
    const kill = ahead.find(({ kind }) => kind === 'kill-relay' || kind === 'kill-consumer')
    cast.slowDown(kill ? before + kill.at + Math.ceil(leadShare * count) : Number.MAX_SAFE_INTEGER)
  }

  async #committed(flights: number): Promise<void> {
    const { database, before, signal } = this.#scene
    while (database.committed() < before + flights) await sleep(5, undefined, { signal })
  }

  #strike(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill-relay':
        return this.#killRelay(fault.afterMs)
      case 'kill-consumer':
        return this.#killConsumers()
      case 'drop-response':
        return this.#scene.port.dropResponse()
      case 'kill-broker':
        return this.#killBroker(fault.downMs)
      case 'power-loss':
        return this.#powerLoss()
      case 'full-disk':
        return this.#fullDisk(fault.forMs)
    }
  }

  /** A kill counts only when it leaves an open flight behind: then the relay died between its claim and its mark. */
  async #killRelay(afterMs: number): Promise<void> {
    const { cast, database, note } = this.#scene
    for (let tries = 0; tries < killTriesMax; tries++) {
      await this.#until('the relay at work', () => this.#scene.acknowledgedByRelay() > 0 && database.openFlights() > 0)
      await sleep(afterMs)
      await cast.kill('relay')
      const open = database.openFlights()
      if (open > 0) {
        this.strikes.kills++
        this.strikes.openFlights += open
        note(`relay killed (kill -9) with ${open} open flight${open === 1 ? '' : 's'}; another one will take over`)
      }
      await cast.startRelay()
      if (open > 0) return
      this.strikes.misses++
    }
    throw new Error(`${killTriesMax} kills of the relay in a row left no open flight behind`)
  }

  /** Each at a moment of its own, but at the same flight of the schedule. */
  async #killConsumers(): Promise<void> {
    const { arms, cast, signal, note } = this.#scene
    const kill = async (arm: Arm): Promise<void> => {
      const { misses, flight, behind } = await killAtWork({ arm, cast, signal })
      const isNaive = arm.name === 'naive'
      if (isNaive) this.strikes.naiveKills++
      else this.strikes.consumerKills++
      if (!isNaive) this.strikes.consumerMisses += misses
      const who = isNaive ? 'naive consumer' : 'consumer'
      note(`${who} killed (kill -9) while it handled flight ${flight}, ${behind} behind; another one will take over`)
    }
    await Promise.all(arms.map(kill))
  }

  async #killBroker(downMs: number): Promise<void> {
    const { cast, port, broker, note } = this.#scene
    await port.beforeKill()
    await cast.kill('broker')
    this.strikes.brokerKills++
    note('broker killed (kill -9)')
    await sleep(downMs)
    await cast.startBroker(broker)
    await port.afterStart()
    note('broker is back on its files')
  }

  async #fullDisk(forMs: number): Promise<void> {
    const { port, note } = this.#scene
    await port.diskFull(true)
    this.strikes.fullDisks++
    note('the disk under the broker is full')
    await sleep(forMs)
    await port.diskFull(false)
    note('the disk has room again')
  }

  /** The relay is frozen meanwhile, so that what the topic held right before and right after can be compared exactly. */
  async #powerLoss(): Promise<void> {
    const { cast, port, note } = this.#scene
    try {
      cast.freezeRelay(true)
      const before = await reading(cast, async (reader) => {
        await this.#quiet(reader)
        return reader.readAll()
      })
      await port.powerLoss()
      // Another reader: the first one's connections are cut.
      const after = await reading(cast, (reader) => reader.readAll())
      const kept = new Set(after.map(({ partition, offset }) => `${partition}/${offset}`))
      for (const { partition, offset, value } of before)
        if (!kept.has(`${partition}/${offset}`) && value !== null) this.strikes.taken.push(value)
      this.strikes.powerLosses++
      note(`broker lost power: ${this.strikes.taken.length} records were not flushed and are gone`)
    } finally {
      cast.freezeRelay(false)
    }
  }

  /** Waits until the broker has worked off what the relay had sent before it was frozen. */
  async #quiet(reader: TopicReader): Promise<void> {
    let last = ''
    await until(
      async () => {
        const now = (await reader.ends()).join()
        const same = now === last
        last = now
        return same
      },
      { what: 'the broker to become quiet', deadlineMs: 5_000, everyMs: 30 },
    )
  }

  async #until(what: string, look: () => boolean): Promise<void> {
    const { signal } = this.#scene
    const giveUp = (): void => signal.throwIfAborted()
    await until(async () => look(), { what, deadlineMs: strikeMs, everyMs: 2, giveUp })
  }
}

async function reading<T>(cast: Cast, work: (reader: TopicReader) => Promise<T>): Promise<T> {
  const reader = new TopicReader(cast.brokers, topic)
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}
