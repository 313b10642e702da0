import { setTimeout as sleep } from 'node:timers/promises'
import { Board, committedOffsets, compareEffects } from './board.js'
import type { Booking } from './booking.js'
import type { CrashCase } from './cases.js'
import type { Ledger } from './ledger.js'
import { book } from './relay-case.js'
import { partitions, relayOptions, transactions } from './scene.js'
import { type Verdict, topicProblems } from './verdict.js'
import type { Worker } from '../proofs/workers/worker.js'
import type { World } from './world.js'

/** Transactions whose messages a zombie meets when it wakes up. */
const moreTransactions = 6

/** One consumer meets its fate; another member, or the same process again, must handle everything, once and in key order. */
export class ConsumerCase {
  readonly #world: World
  readonly #case: CrashCase
  readonly #inbox: boolean

  /** `naive`: without the inbox. */
  constructor(world: World, one: CrashCase, naive: boolean) {
    this.#world = world
    this.#case = one
    this.#inbox = !naive
  }

  get #deadLetters(): boolean {
    return this.#case.cause === 'dead-letter'
  }

  async run(): Promise<Verdict> {
    const { failpoint, hit, ending, after } = this.#case
    const board = new Board(this.#world.board)
    try {
      const booking = await this.#world.openBooking({ relay: relayOptions })
      const ledger = this.#world.openLedger()
      if (after === 'restart') await this.#fill(booking, ledger, transactions)
      const survivor = after === 'takeover' ? await this.#start('survivor') : undefined
      if (survivor) await survivor.waitUntil('all partitions', () => survivor.partitions.size === partitions)
      const victim = await this.#world.startConsumer('victim', this.#inbox, this.#deadLetters, {
        failpoint,
        hit,
        ending,
      })
      if (survivor) {
        await victim.waitUntil('a partition', () => victim.partitions.size > 0)
        await this.#fill(booking, ledger, transactions)
      }
      await victim.meetFate()
      const members = [survivor ?? (await this.#start('successor'))]
      if (survivor && ending === 'freeze') {
        await this.#outlive(survivor, board, ledger)
        await this.#thaw(victim)
        members.push(victim)
        await this.#fill(booking, ledger, moreTransactions)
      }
      await this.#handled(board, ledger)
      await Promise.all(members.map((member) => member.stop()))
      return await this.#verdict(board, ledger)
    } finally {
      board.close()
    }
  }

  async #start(name: string): Promise<Worker> {
    const worker = await this.#world.startConsumer(name, this.#inbox, this.#deadLetters)
    await worker.waitReady()
    return worker
  }

  /** Books, and waits until all of it is in the topic. */
  async #fill(booking: Booking, ledger: Ledger, count: number): Promise<void> {
    await book(booking, count)
    await this.#world.until('an empty outbox', () => ledger.isDrained())
  }

  /** The session of the frozen member is over and the other one has done its work, as far as it can be done. */
  async #outlive(survivor: Worker, board: Board, ledger: Ledger): Promise<void> {
    await survivor.waitUntil('all partitions again', () => survivor.partitions.size === partitions)
    if (!(await this.#isLocked(board))) await this.#handled(board, ledger)
  }

  /**
   * A process that was frozen inside a transaction (a handler's, also when another part of it came to the point) holds
   * SQLite's only write lock until it wakes: the others wait, which is safe. Their own transactions take milliseconds.
   */
  async #isLocked(board: Board): Promise<boolean> {
    for (let tries = 0; tries < 100; tries++) {
      if (board.isWritable()) return false
      await sleep(10)
    }
    return true
  }

  /** The zombie wakes up where it fell asleep, learns that it is out, and joins again. */
  async #thaw(victim: Worker): Promise<void> {
    const { losses } = victim
    victim.thaw()
    await this.#world.until(
      'the zombie was told and has a partition again',
      () => victim.losses > losses && victim.partitions.size > 0,
    )
  }

  /** Every message has its effect, and the group's committed offsets stand at the ends. */
  async #handled(board: Board, ledger: Ledger): Promise<void> {
    const committed = ledger.airline.committed()
    await this.#world.until('an effect of every message', () => board.handled() >= committed)
    const ends = await this.#world.topicEnds()
    await this.#world.until('the offsets are committed', async () => {
      const offsets = await committedOffsets(this.#world.brokers)
      return offsets.length === ends.length && ends.every((end, partition) => offsets[partition] === end)
    })
  }

  async #verdict(board: Board, ledger: Ledger): Promise<Verdict> {
    const topic = ledger.compareWith(await this.#world.readTopic())
    const effects = compareEffects(ledger.airline.books().flights, board.effects())
    const problems = [...topicProblems(topic, [])]
    if (effects.phantoms.length > 0) problems.push(`effects of nothing: ${effects.phantoms.join()}`)
    return { topic, effects, problems }
  }
}
