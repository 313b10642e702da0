import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WaybillEvent } from 'waybill'
import { Arm } from './arm.js'
import { ArrivalsBoard } from './arrivals-board.js'
import { type BoardFindings, compareBoard } from './board-checker.js'
import { Cast } from './cast.js'
import { compare } from './checker.js'
import { AirlineDatabase, lastFlight } from './database.js'
import type { Display } from './display.js'
import { FaultPort } from './fault-port.js'
import { FaultRunner, type Strikes } from './fault-runner.js'
import type { ChildMessage } from './messages.js'
import type { StartOptions } from './options.js'
import type { Outcome } from './report.js'
import { consumerKillCount, dropCount, killCount, schedule } from './schedule.js'
import { type ConsumerName, type Flight, type Places, arrivalsGroup, naiveGroup, topic } from './scene.js'
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
const lookEveryMs = 100
/** Flights that take longer to handle: enough for a kill to find one running, few enough not to hold up the run. */
const slowFlights = 500
/** Looks in a row at a board that does not change. */
const idleLooks = 10

/**
 * One demonstration: starts the processes, lets the faults strike, waits until all is acknowledged and handled (or
 * a deadline passes), compares. Rejects when a process fails or `signal` aborts; the processes are gone in any case.
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
  #consumerFindings = 0
  readonly #arms: Arm[] = []

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
    if (options.broker) await this.#startArm(cast, 'arrivals')
    if (options.naive) await this.#startArm(cast, 'naive')
    const working = new AbortController()
    const showing = this.#show(working.signal)
    const port = new FaultPort(() => cast.faultsUrl)
    this.#port = port
    const { note } = this.#setting.display
    this.#runner = new FaultRunner({
      cast,
      database,
      port,
      arms: this.#arms,
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
      const unread = await this.#handledAll(cast)
      for (const name of unread) note.call(this.#setting.display, `the ${name} did not come to the end of the topic`)
      return await this.#check(cast, this.#runner.strikes, { faultProblem, unread })
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
    for (const { board } of this.#arms.splice(0)) board.close()
  }

  async #startArm(cast: Cast, name: ConsumerName): Promise<void> {
    const { options, places } = this.#setting
    // By default the consumer would stop at a loss, for a person to look at; here it says what is gone and goes on.
    const onLoss = options.powerLoss ? ('continue' as const) : ('stop' as const)
    const plan = { onLoss, slowEvery: Math.ceil(options.count / slowFlights) }
    await cast.startConsumer(name, plan)
    const isNaive = name === 'naive'
    const board = new ArrivalsBoard(isNaive ? places.naiveBoard : places.board)
    const group = isNaive ? naiveGroup : arrivalsGroup
    const sent = (): number => this.#database?.progress().acknowledged ?? 0
    this.#arms.push(new Arm({ name, group, board, plan, sent }))
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

  /** Waits until every group has committed the end of the topic; names those that have not at the deadline. */
  async #handledAll(cast: Cast): Promise<readonly ConsumerName[]> {
    const deadline = performance.now() + drainMs
    const wait = async (arm: Arm): Promise<ConsumerName | undefined> => {
      const reader = new TopicReader(cast.brokers, topic, arm.group)
      try {
        for (let idle = 0; performance.now() < deadline; ) {
          const rows = arm.board.rows()
          const isRead = (await reader.isRead()) && arm.poolSize === 0
          await this.#pause(lookEveryMs)
          // The naive consumer commits before it handles: only a board that stands still is its last word.
          idle = isRead && arm.board.rows() === rows ? idle + 1 : 0
          if (idle >= (arm.name === 'naive' ? idleLooks : 1)) return undefined
        }
        return arm.name
      } finally {
        await reader.close()
      }
    }
    const unread = await Promise.all(this.#arms.map(wait))
    return unread.filter((name) => name !== undefined)
  }

  async #check(cast: Cast, strikes: Strikes, problems: Pick<Outcome, 'faultProblem' | 'unread'>): Promise<Outcome> {
    const { options, display } = this.#setting
    const seconds = (performance.now() - this.#startedMs) / 1000
    if (options.broker) this.#dropped = (await this.#port?.dropped()) ?? 0
    for (const name of ['relay', 'arrivals', 'naive'] as const)
      if (!(await cast.stop(name, stopMs))) display.note(`the ${name} did not stop in order`)
    const database = this.#database
    if (!database) throw new Error('the database was closed')
    const records = options.broker ? await this.#readTopic(cast) : []
    const books = database.books()
    const found = compare(books, records, database.receiptsOfFlights())
    const boardOf = (name: ConsumerName): BoardFindings | undefined => {
      const arm = this.#arms.find((one) => one.name === name)
      return arm && compareBoard(books.flights, arm.board.arrivals())
    }
    const lost = new Set(found.lost.map(({ number }) => number))
    const taken = strikes.taken.map((value) => (JSON.parse(value) as Flight).number)
    return {
      options,
      found,
      board: boardOf('arrivals'),
      naive: boardOf('naive'),
      strikes,
      goal: this.#before + options.count,
      takenBack: this.#done?.takenBack ?? 0,
      dropped: this.#dropped,
      relayFindings: this.#findings,
      consumerFindings: this.#consumerFindings,
      brokerLost: new Set(taken.filter((number) => lost.has(number))),
      ...problems,
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
    this.#arms.find((arm) => arm.name === name)?.heard(message)
    switch (message.kind) {
      case 'ready':
        if (name === 'relay') this.#acknowledgedByRelay = 0
        break
      case 'handling':
      case 'pool':
      case 'stopped':
        break
      case 'tally':
        this.#acknowledgedByRelay = message.acknowledged
        break
      case 'done':
        this.#done = message
        break
      case 'event':
        if (name === 'relay') this.#happened(message.event)
        else this.#happenedToConsumer(message.event)
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

  #happenedToConsumer(event: WaybillEvent): void {
    if (event.kind === 'finding') {
      this.#consumerFindings++
      if (this.#consumerFindings <= findingsShown) this.#setting.display.note(`the consumer found: ${event.detail}`)
    } else if (event.kind === 'handler-failed')
      this.#setting.display.note(
        `a handler failed (attempt ${event.attempt}), the message is tried again: ${event.cause}`,
      )
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
      handled: this.#arms[0]?.board.rows() ?? 0,
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
    const relay = `relay killed ${strikes.kills}/${killCount}`
    const consumer = `consumer killed ${strikes.consumerKills}/${consumerKillCount}`
    return `${relay}, ${consumer}, ${dropped}, broker killed ${strikes.brokerKills}/1`
  }
}

/** An error with what caused it: the Kafka client's own text alone is "Listing offsets failed." */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const causes = error instanceof AggregateError ? error.errors : [error.cause]
  return [error.message, ...causes.filter((cause) => cause !== undefined).map(causeText)].join(': ')
}
