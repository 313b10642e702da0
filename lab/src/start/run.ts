import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WaybillEvent } from 'waybill'
import { Cast } from './cast.js'
import { compare } from './checker.js'
import { AirlineDatabase, lastFlight } from './database.js'
import type { Display } from './display.js'
import { FaultPort } from './fault-port.js'
import { FaultRunner, type Strikes } from './fault-runner.js'
import type { ChildMessage } from './messages.js'
import type { StartOptions } from './options.js'
import type { Outcome } from './report.js'
import { dropCount, killCount, schedule } from './schedule.js'
import { type Flight, type Places, topic } from './scene.js'
import { TopicReader } from './topic-reader.js'

/** What a run is given. */
export interface RunSetting {
  readonly options: StartOptions
  readonly places: Places
  /** Removed at the end, by the children too when we die. */
  readonly temporaryFolder: string | undefined
  readonly display: Display
  /** Ends the run early. */
  readonly signal: AbortSignal
}

/** Fast enough for 20 000 flights in 20 s, slow enough for the faults to strike while the airline writes. */
const perSecondMax = 1_000
const secondsMin = 20
const secondsMinWithoutBroker = 6
/** Every partition loses up to so many records less one at the power loss: some, but not all. */
const flushMessages = 40
const drainMs = 45_000
const stopMs = 15_000
const showEveryMs = 250
const findingsShown = 3

/**
 * One demonstration: starts the three processes, lets the faults strike, waits until all is acknowledged (or a deadline
 * passes), compares. Rejects when a process fails or `signal` aborts; the processes are gone in any case.
 */
export async function runStart(setting: RunSetting): Promise<Outcome> {
  const run = new Run(setting)
  try {
    return await run.go()
  } finally {
    await run.close()
  }
}

class Run {
  readonly #setting: RunSetting
  readonly #failed = new AbortController()
  readonly #startedMs = performance.now()
  #cast: Cast | undefined
  #database: AirlineDatabase | undefined
  #runner: FaultRunner | undefined
  #port: FaultPort | undefined
  #before = 0
  #done: { committed: number; takenBack: number } | undefined
  #acknowledgedByRelay = 0
  #unreachableSinceMs: number | undefined
  #dropped = 0
  #findings = 0

  constructor(setting: RunSetting) {
    this.#setting = setting
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#setting.signal, this.#failed.signal])
  }

  async go(): Promise<Outcome> {
    const { options, places, temporaryFolder } = this.#setting
    mkdirSync(places.folder, { recursive: true })
    this.#before = lastFlight(places.database)
    const cast = await Cast.create(places, temporaryFolder, {
      said: (name, message) => this.#heard(name, message),
      died: (child) => this.#fail(new Error(`the ${child.name} ended by itself:\n${child.lastWords()}`)),
    })
    this.#cast = cast
    const broker = { flushMessages: options.powerLoss ? flushMessages : undefined }
    const perSecond = this.#perSecond()
    if (options.broker) await cast.startBroker(broker)
    await cast.startAirline({ count: options.count, perSecond })
    const database = new AirlineDatabase(places.database)
    this.#database = database
    await cast.startRelay()
    const working = new AbortController()
    const showing = this.#show(working.signal)
    const port = new FaultPort(() => cast.faultsUrl)
    this.#port = port
    const { note } = this.#setting.display
    this.#runner = new FaultRunner({
      cast,
      database,
      port,
      broker,
      acknowledgedByRelay: () => this.#acknowledgedByRelay,
      note: (text) => note.call(this.#setting.display, text),
      signal: this.#signal,
      before: this.#before,
      count: options.count,
    })
    try {
      const faultProblem = await this.#work(this.#runner)
      await this.#drained(database)
      return await this.#check(cast, this.#runner.strikes, faultProblem)
    } finally {
      working.abort()
      await showing
    }
  }

  /** Safe at any time. */
  async close(): Promise<void> {
    await this.#cast?.close()
    this.#database?.close()
    this.#database = undefined
  }

  #perSecond(): number {
    const { faults, fullDisk, powerLoss, count, broker } = this.#setting.options
    if (!broker) return Math.min(perSecondMax, count / secondsMinWithoutBroker)
    return faults || fullDisk || powerLoss ? Math.min(perSecondMax, count / secondsMin) : 0
  }

  /** The airline writes, the faults strike. A fault that cannot strike breaks the proof, not the run. */
  async #work(runner: FaultRunner): Promise<string | undefined> {
    const { options } = this.#setting
    const faults = schedule(options)
    const striking = runner.run(faults).then(
      () => undefined,
      (error: unknown) => causeText(error),
    )
    while (!this.#done) await this.#pause(20)
    return striking
  }

  /** Waits until nothing waits; what is left at the deadline the checker will report. */
  async #drained(database: AirlineDatabase): Promise<void> {
    if (!this.#setting.options.broker) return this.#pause(2_000)
    const deadline = performance.now() + drainMs
    while (performance.now() < deadline) {
      if (database.progress().waiting === 0 && database.openFlights() === 0) return
      await this.#pause(20)
    }
  }

  async #check(cast: Cast, strikes: Strikes, faultProblem: string | undefined): Promise<Outcome> {
    const { options, display } = this.#setting
    const seconds = (performance.now() - this.#startedMs) / 1000
    if (options.broker) this.#dropped = (await this.#port?.dropped()) ?? 0
    if (!(await cast.stopRelay(stopMs))) display.note('the relay did not stop in order')
    const database = this.#database
    if (!database) throw new Error('the database was closed')
    const records = options.broker ? await this.#readTopic(cast) : []
    const found = compare(database.books(), records, database.receiptsOfFlights())
    const lost = new Set(found.lost.map(({ number }) => number))
    const taken = strikes.taken.map((value) => (JSON.parse(value) as Flight).number)
    return {
      options,
      found,
      strikes,
      goal: this.#before + options.count,
      takenBack: this.#done?.takenBack ?? 0,
      dropped: this.#dropped,
      relayFindings: this.#findings,
      brokerLost: new Set(taken.filter((number) => lost.has(number))),
      faultProblem,
      seconds,
      perSecond: found.inTopic / seconds,
    }
  }

  async #readTopic(cast: Cast): ReturnType<TopicReader['readAll']> {
    const reader = new TopicReader(cast.brokers, topic)
    try {
      return await reader.readAll()
    } finally {
      await reader.close()
    }
  }

  #heard(name: string, message: ChildMessage): void {
    switch (message.kind) {
      case 'ready':
        if (name === 'relay') this.#acknowledgedByRelay = 0
        break
      case 'tally':
        this.#acknowledgedByRelay = message.acknowledged
        break
      case 'done':
        this.#done = message
        break
      case 'event':
        this.#happened(message.event)
        break
      case 'failed':
        this.#fail(new Error(`the ${name}: ${message.message}`))
        break
    }
  }

  #happened(event: WaybillEvent): void {
    if (event.kind === 'kafka') {
      if (event.reachable) this.#unreachableSinceMs = undefined
      else this.#unreachableSinceMs ??= performance.now()
    } else if (event.kind === 'finding') {
      this.#findings++
      // After a power loss every stream reports the same; the first ones tell enough.
      if (this.#findings <= findingsShown) this.#setting.display.note(`the relay found: ${event.detail}`)
    }
  }

  #fail(error: Error): void {
    this.#failed.abort(error)
  }

  async #pause(ms: number): Promise<void> {
    const signal = this.#signal
    try {
      await sleep(ms, undefined, { signal })
    } catch {
      throw signal.reason
    }
  }

  async #show(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#showOnce()
      await sleep(showEveryMs, undefined, { signal }).catch(() => undefined)
    }
    this.#showOnce()
    this.#setting.display.end()
  }

  #showOnce(): void {
    if (!this.#database) return
    const since = this.#unreachableSinceMs
    this.#setting.display.show({
      ...this.#database.progress(),
      elapsedMs: performance.now() - this.#startedMs,
      goal: this.#before + this.#setting.options.count,
      unreachableMs: since === undefined ? undefined : performance.now() - since,
      faults: this.#faultsText(),
    })
  }

  #faultsText(): string {
    const { options } = this.#setting
    const strikes = this.#runner?.strikes
    if (!options.faults || !strikes) return 'nothing is broken on purpose'
    const dropped = `${this.#port?.ordered ?? 0}/${dropCount} answers dropped`
    return `relay killed ${strikes.kills}/${killCount}, ${dropped}, broker killed ${strikes.brokerKills}/1`
  }
}

/** An error with what caused it: the Kafka client's own text alone is "Listing offsets failed." */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const causes = error instanceof AggregateError ? error.errors : [error.cause]
  return [error.message, ...causes.filter((cause) => cause !== undefined).map(causeText)].join(': ')
}
