import type { Booking } from './booking.js'
import { type CrashCase, pointsWithOpenFlight } from './cases.js'
import type { Ledger } from './ledger.js'
import { isOversized, keys, lanes, perTransaction, relayOptions, transactions } from './scene.js'
import { type Verdict, same, topicProblems } from './verdict.js'
import type { Worker } from '../proofs/workers/worker.js'
import type { World } from './world.js'

const leaseMs = relayOptions.leaseMs ?? 0
const rejectAfter = relayOptions.rejectAfter ?? 0
const outOfOrderSequence = 45
const invalidProducerEpoch = 47
/** More than any case sends: the fault lasts until it is taken back. */
const always = 10_000
/** Transactions that a zombie meets when it wakes up. */
const moreTransactions = 6
/** Answers dropped before the broker turns to refusing the repeats; with two relays both have met the fault by then. */
const dropsMin = { restart: 1, takeover: 6 } as const

/** One relay meets its fate; another one, or the same again, must bring everything to its end. */
export class RelayCase {
  readonly #world: World
  readonly #case: CrashCase
  readonly #naive: boolean
  readonly #problems: string[] = []
  #relays: Worker[] = []

  /** `naive`: the successor knows as little of its predecessor as any other producer would. */
  constructor(world: World, one: CrashCase, naive: boolean) {
    this.#world = world
    this.#case = one
    this.#naive = naive
  }

  async run(): Promise<Verdict> {
    const { cause, after, ending } = this.#case
    const isOversizedCase = cause === 'park' || cause === 'hold'
    const booking = await this.#world.openBooking({ oversized: isOversizedCase })
    const ledger = this.#world.openLedger()
    const isBookedBefore = after === 'restart' && cause !== 'leave'
    if (isBookedBefore) await book(booking, transactions)
    if (isOversizedCase) await this.#world.limitMessages(true)
    const { victim, survivor } = await this.#castRelays(ledger)
    if (!isBookedBefore) await book(booking, transactions)
    await this.#provoke(victim, ledger)
    await victim.meetFate()
    this.#checkOpenFlight(victim, ledger)
    this.#world.broker.faults.clear()
    if (this.#naive) ledger.forgetIdentity()
    if (!survivor) await this.#start('successor')
    await this.#settled(ledger)
    if (survivor && ending === 'freeze') await this.#thaw(victim, survivor, booking, ledger)
    if (cause === 'hold') await this.#mend(ledger)
    await this.#stopAll()
    return this.#verdict(ledger)
  }

  /** The victim, and whoever runs beside it; each has its share of the lanes, or the victim met its fate on the way. */
  async #castRelays(ledger: Ledger): Promise<{ readonly victim: Worker; readonly survivor: Worker | undefined }> {
    const { failpoint, hit, ending, after, cause } = this.#case
    const survivor = after === 'takeover' ? await this.#start('survivor') : undefined
    if (survivor) await this.#world.until('the survivor has all lanes', () => ledger.lanesOf(survivor.owner) === lanes)
    this.#hurt()
    const victim = await this.#world.startRelay('victim', this.#policy, { failpoint, hit, ending })
    if (survivor || cause === 'leave') await victim.waitUntil('its share', () => victim.lanes.length > 0)
    if (cause !== 'leave') return { victim, survivor }
    const leaver = await this.#world.startRelay('leaver', this.#policy)
    await leaver.waitUntil('its share', () => leaver.lanes.length > 0)
    await leaver.stop()
    return { victim, survivor }
  }

  /** Sets what must be wrong before the victim begins. */
  #hurt(): void {
    const { faults } = this.#world.broker
    const refuse = (errorCode: number): void => faults.errorNext({ api: 'Produce', count: always, errorCode })
    const { cause } = this.#case
    if (cause === 'out-of-order') refuse(outOfOrderSequence)
    if (cause === 'clash') refuse(invalidProducerEpoch)
    if (cause === 'found') faults.dropResponses({ api: 'Produce', count: always })
    if (cause === 'stop-in-flight') faults.delayResponses({ api: 'Produce', count: always, delayMs: 5_000 })
  }

  /** Does what must happen while the victim works. */
  async #provoke(victim: Worker, ledger: Ledger): Promise<void> {
    const { cause, after } = this.#case
    const { faults } = this.#world.broker
    if (cause === 'found') {
      const isEnough = (): boolean => faults.snapshot().dropped >= dropsMin[after]
      await this.#world.until('answers are dropped', isEnough)
      faults.clear()
      faults.errorNext({ api: 'Produce', count: always, errorCode: outOfOrderSequence })
    }
    if (cause === 'stop') await victim.waitUntil('an acknowledgement', () => victim.acknowledged > 0)
    if (cause === 'stop-in-flight')
      await victim.waitUntil('an open flight', () => ledger.openFlightsOf(victim.owner) > 0)
    if (cause === 'stop' || cause === 'stop-in-flight') victim.askToStop()
  }

  /** A takeover within the lease is impossible, so what is open right after the end was open at the end. */
  #checkOpenFlight(victim: Worker, ledger: Ledger): void {
    const { ending, failpoint, cause } = this.#case
    const wanted = cause === 'stop-in-flight' || (ending === 'freeze' && pointsWithOpenFlight.has(failpoint))
    if (wanted && ledger.openFlightsOf(victim.owner) === 0)
      throw new Error('no flight of the victim was open, so nothing would be proven')
  }

  /** Waits until nothing is left to do: all is acknowledged, or set aside, or held. */
  async #settled(ledger: Ledger): Promise<void> {
    if (this.#case.cause !== 'hold') return this.#world.until('an empty outbox', () => ledger.isDrained())
    const expected = heldNumbers()
    const isHeld = (): boolean => {
      const { rows, attemptsMin } = ledger.held()
      return rows === keys / 2 && attemptsMin >= rejectAfter && ledger.airline.openFlights() === 0
    }
    await this.#world.until(
      'the keys of refused messages are held and the others are empty',
      () => isHeld() && same(ledger.numbersIn('outbox'), expected),
    )
  }

  /** The zombie: its lanes are another's, all is sent; now it wakes up where it fell asleep. */
  async #thaw(victim: Worker, survivor: Worker, booking: Booking, ledger: Ledger): Promise<void> {
    await this.#world.until('the survivor has all lanes again', () => ledger.lanesOf(survivor.owner) === lanes)
    const news = victim.laneNews
    await this.#world.until('the end of its leases', () => victim.frozenMs > leaseMs)
    victim.thaw()
    this.#relays.push(victim)
    // It has understood that its leases were taken, and works under new ones.
    await this.#world.until(
      'the zombie has lanes again',
      () => victim.laneNews > news && ledger.lanesOf(victim.owner) > 0,
    )
    await book(booking, moreTransactions)
    await this.#settled(ledger)
  }

  /** The limit is put back; relays that start anew try held messages again, so all of them arrive, in order. */
  async #mend(ledger: Ledger): Promise<void> {
    const { lost, parked, found } = ledger.compareWith(await this.#world.readTopic())
    if (lost.length + parked.length + found.duplicates.length + found.reordered.length > 0)
      this.#problems.push(`while keys were held: ${JSON.stringify({ lost, parked, found })}`)
    await this.#stopAll()
    await this.#world.limitMessages(false)
    await this.#start('mended')
    await this.#world.until('an empty outbox', () => ledger.isDrained())
  }

  async #verdict(ledger: Ledger): Promise<Verdict> {
    const topic = ledger.compareWith(await this.#world.readTopic())
    const parked = this.#case.cause === 'park' ? numbers().filter(isOversized) : []
    const problems = [...this.#problems, ...topicProblems(topic, parked)]
    if (ledger.integrity() !== 'ok') problems.push(ledger.integrity())
    return { topic, problems }
  }

  get #policy(): 'park' | 'hold-key' {
    return this.#case.cause === 'park' ? 'park' : 'hold-key'
  }

  async #start(name: string): Promise<Worker> {
    const relay = await this.#world.startRelay(name, this.#policy)
    await relay.waitReady()
    this.#relays.push(relay)
    return relay
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.stop()))
    this.#relays = []
  }
}

/** So many transactions of the business, one after the other. */
export async function book(booking: Booking, count: number): Promise<void> {
  for (let done = 0; done < count; done++) await booking.book()
}

function numbers(): readonly number[] {
  return Array.from({ length: transactions * perTransaction }, (_, at) => at + 1)
}

/** A refused flight and all later ones of its key. */
function heldNumbers(): readonly number[] {
  const refused = numbers().filter(isOversized)
  return numbers().filter((number) => refused.some((first) => first <= number && (number - first) % keys === 0))
}
