import type { CrashCase } from './cases.js'
import type { Ledger } from './ledger.js'
import { perTransaction, transactions } from './scene.js'
import { type Verdict, same, topicProblems } from './verdict.js'
import type { World } from './world.js'

/** More flights than a sender books while another one lives and dies. */
const endless = 1_000_000

/** A sender dies in the middle of a business transaction: neither its rows nor its messages may ever be seen. */
export class SenderCase {
  readonly #world: World
  readonly #case: CrashCase
  readonly #problems: string[] = []

  constructor(world: World, one: CrashCase) {
    this.#world = world
    this.#case = one
  }

  async run(): Promise<Verdict> {
    const { failpoint, hit, ending, after } = this.#case
    const toNumber = transactions * perTransaction
    const booking = await this.#world.openBooking()
    const ledger = this.#world.openLedger()
    const survivor = after === 'takeover' ? await this.#world.startSender('survivor', endless) : undefined
    await survivor?.waitReady()
    const victim = await this.#world.startSender('victim', survivor ? endless : toNumber, { failpoint, hit, ending })
    await victim.meetFate()
    if (survivor) await survivor.stop()
    else {
      this.#checkNothingHalf(ledger, (hit - 1) * perTransaction)
      await (await this.#world.startSender('successor', toNumber)).endsWell()
    }
    this.#checkNothingHalf(ledger, survivor ? undefined : toNumber)
    await booking.close()
    const relay = await this.#world.startRelay('relay', 'hold-key')
    await this.#world.until('an empty outbox', () => ledger.isDrained())
    await relay.stop()
    const topic = ledger.compareWith(await this.#world.readTopic())
    const problems = [...this.#problems, ...topicProblems(topic, [])]
    if (ledger.integrity() !== 'ok') problems.push(ledger.integrity())
    return { topic, problems }
  }

  /** Every flight with its message, every message with its flight, and exactly `count` of both where that is known. */
  #checkNothingHalf(ledger: Ledger, count: number | undefined): void {
    const flights = ledger.airline.books().flights.map(({ number }) => number)
    const messages = ledger.numbersIn('outbox')
    if (!same(flights, messages)) this.#problems.push(`flights ${flights.join()}, messages ${messages.join()}`)
    if (count !== undefined && flights.length !== count)
      this.#problems.push(`${flights.length} flights are committed, not ${count}`)
  }
}
