import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBatch, plainRecords, T0 } from './batches.js'
import { Oracle } from './oracle.js'
import { outcome, Partition } from './partition.js'

const SEEDS = Number(process.env['LOG_SEEDS'] ?? 200)
const FIRST_SEED = Number(process.env['LOG_SEED'] ?? 1)
const STEPS = 90
const SEQUENCE_MAX = 0x7fffffff

/** mulberry32: small, seeded, good enough to choose steps. */
class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit)
  }
  pick<T>(...choices: T[]): T {
    return choices[this.below(choices.length)] as T
  }
}

/** One producer's own idea of where it is; it is wrong after losses, as a real one is. */
interface Sender {
  id: number
  epoch: number
  next: number
  sent: { epoch: number; first: number; count: number; gzip: boolean }[]
}

class Run {
  readonly p: Partition
  readonly oracle: Oracle
  readonly dice: Dice
  readonly senders: Sender[]
  leaderEpoch = 0
  counter = 0
  readonly seen = new Map<string, number>()

  constructor(p: Partition, oracle: Oracle, dice: Dice) {
    this.p = p
    this.oracle = oracle
    this.dice = dice
    this.senders = [11, 12, 13].map((id) => ({ id, epoch: 0, next: dice.pick(0, 0, SEQUENCE_MAX - 3), sent: [] }))
  }

  async step(): Promise<string> {
    const { p, oracle, dice } = this
    const roll = dice.below(100)
    if (roll < 72) return this.append()
    if (roll < 78) {
      p.log.flush()
      oracle.flush()
      return 'flush'
    }
    if (roll < 83) return this.deleteRecords()
    if (roll < 87) {
      p.clock.nowMs += dice.below(40)
      p.log.expireProducers()
      oracle.expire(p.clock.nowMs)
      return `expire at +${p.clock.nowMs - T0}`
    }
    if (roll < 90) {
      p.log.enforceRetention()
      oracle.retain()
      return 'retention'
    }
    return this.restart(dice.pick('restartCleanly', 'crash', 'losePower'))
  }

  append(): string {
    const { dice, senders, p } = this
    const sender = senders[dice.below(senders.length + 1)]
    const timestamp = p.clock.nowMs - dice.below(30)
    if (sender === undefined) return this.send(-1, -1, -1, 1 + dice.below(4), false, timestamp)
    const way = dice.below(20)
    const old = sender.sent[sender.sent.length - 1 - dice.below(8)]
    if (way < 6 && old !== undefined) return this.send(sender.id, old.epoch, old.first, old.count, old.gzip, timestamp)
    if (way === 6 && old !== undefined)
      return this.send(sender.id, old.epoch, old.first, old.count + 1, false, timestamp)
    if (way === 7) return this.send(sender.id, sender.epoch, sender.next + 2, 1, false, timestamp)
    if (way === 8) return this.send(sender.id, sender.epoch + 1, dice.below(2), 1, false, timestamp)
    if (way === 9) {
      sender.epoch += 1
      sender.next = 0
    }
    const count = 1 + dice.below(4)
    const gzip = dice.below(4) === 0
    const first = sender.next
    sender.sent.push({ epoch: sender.epoch, first, count, gzip })
    sender.next = (first + count) % 2 ** 31
    return this.send(sender.id, sender.epoch, first, count, gzip, timestamp)
  }

  send(producer: number, epoch: number, first: number, count: number, gzip: boolean, timestamp: number): string {
    const records = plainRecords(count, `${this.counter++}-`, timestamp)
    const sequence = first < 0 ? -1 : first % 2 ** 31
    const bytes = encodeBatch({ records, gzip, producerId: BigInt(producer), epoch, sequence })
    const lastSequence = sequence < 0 ? -1 : (sequence + count - 1) % 2 ** 31
    const batch = { producer, epoch, first: sequence, lastSequence, timestamp, leaderEpoch: this.leaderEpoch, bytes }
    const expected = this.oracle.append(batch, count)
    const got = outcome(this.p.log.append(bytes, this.leaderEpoch))
    const name = `append pid ${producer} e${epoch} s${sequence} x${count}`
    assert.equal(got, expected, name)
    this.note(expected.replace(/ \d+-\d+/, ''))
    return `${name}: ${got}`
  }

  deleteRecords(): string {
    const { p, oracle, dice } = this
    const before = oracle.start + dice.below(oracle.end - oracle.start + 1)
    p.log.deleteRecords(before)
    oracle.deleteRecords(before)
    return `delete before ${before}`
  }

  async restart(how: 'restartCleanly' | 'crash' | 'losePower'): Promise<string> {
    const { p, oracle } = this
    const lost = oracle.end - oracle.flushed
    await p[how]()
    assert.equal(p.log.recovered.clean, how === 'restartCleanly')
    assert.equal(p.log.recovered.truncatedBytes, 0)
    if (how === 'restartCleanly') oracle.closeAndOpen(p.clock.nowMs)
    else if (how === 'crash') oracle.crashAndOpen(p.clock.nowMs)
    else oracle.losePowerAndOpen(p.clock.nowMs)
    this.leaderEpoch += this.dice.below(3)
    if (how !== 'restartCleanly') this.adoptForgotten()
    this.note(how === 'losePower' && lost > 0 ? 'lost records' : how)
    return how
  }

  /** A producer without readable records may be known from a snapshot, but then only as it really was. */
  adoptForgotten(): void {
    for (const active of this.p.log.producers()) {
      const id = Number(active.producerId)
      if (this.oracle.known.has(id)) continue
      const last = this.oracle.lastOf(id)
      assert.ok(last !== undefined && last.last < this.oracle.start, `producer ${id} is known without reason`)
      assert.deepEqual([active.epoch, active.lastSequence], [last.epoch, last.lastSequence])
      this.oracle.adopt(id)
      this.note('adopted')
    }
  }

  note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  check(): void {
    const { p, oracle } = this
    const { startOffset, endOffset, flushedOffset } = p.log
    assert.deepEqual(
      { startOffset, endOffset, flushedOffset },
      { startOffset: oracle.start, endOffset: oracle.end, flushedOffset: oracle.flushed },
    )
    const known = Array.from(
      oracle.known,
      ([id, k]) => `${id} e${k.epoch} s${k.kept.at(-1)?.lastSequence} t${k.lastTimestamp}`,
    )
    const active = p.log.producers().map((a) => `${a.producerId} e${a.epoch} s${a.lastSequence} t${a.lastTimestamp}`)
    assert.deepEqual(active.sort(), known.sort())
    if (oracle.start === oracle.end) return
    for (let epoch = 0; epoch <= this.leaderEpoch; epoch++) {
      assert.equal(p.log.endOffsetForEpoch(epoch).endOffset, oracle.endOfEpoch(epoch), `end of epoch ${epoch}`)
    }
  }

  checkContent(): void {
    const { p, oracle } = this
    const readable = oracle.history.filter((batch) => batch.last >= oracle.start)
    const stored = p.stored()
    assert.deepEqual(
      stored.map((b) => [b.baseOffset, b.leaderEpoch]),
      readable.map((b) => [b.base, b.leaderEpoch]),
    )
    for (const [i, batch] of stored.entries())
      assert.ok(batch.bytes.subarray(16).equals(readable[i]?.bytes.subarray(16) ?? Buffer.alloc(0)))
    const ms = T0 + this.dice.below(200)
    const first = readable.find((batch) => batch.timestamp >= ms)
    const offset = first === undefined ? undefined : Math.max(first.base, oracle.start)
    assert.equal(p.log.offsetForTimestamp(ms)?.offset, offset, `offset for +${ms - T0}`)
  }
}

async function play(seed: number): Promise<Map<string, number>> {
  const dice = new Dice(seed)
  const config = {
    flushMessages: dice.pick(1, 7, 20, 1000),
    segmentBytes: dice.pick(300, 1000, 1_000_000),
    retentionBytes: dice.pick(0, 700, 3000),
    producerIdExpirationMs: 100,
  }
  const p = await Partition.create(undefined, config)
  const run = new Run(p, new Oracle(config), dice)
  const trail: string[] = []
  try {
    for (let i = 0; i < STEPS; i++) {
      trail.push(await run.step())
      run.check()
      if (i % 10 === 9) run.checkContent()
    }
  } catch (error) {
    throw new Error(
      `seed ${seed} (LOG_SEED=${seed} LOG_SEEDS=1), ${JSON.stringify(config)}:\n  ${trail.slice(-15).join('\n  ')}`,
      {
        cause: error,
      },
    )
  } finally {
    p.remove()
  }
  return run.seen
}

test(`agrees with a plain array through appends, repeats, restarts, crashes and power losses`, async () => {
  const seen = new Map<string, number>()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    for (const [what, count] of await play(seed)) seen.set(what, (seen.get(what) ?? 0) + count)
  }
  if (SEEDS < 100) return
  // Every kind of outcome must really have happened, or the test proves less than it says.
  for (const what of [
    'appended',
    'duplicate',
    'rejected 45',
    'rejected 47',
    'restartCleanly',
    'crash',
    'lost records',
    'adopted',
  ]) {
    assert.ok((seen.get(what) ?? 0) > 20, `${what}: ${seen.get(what) ?? 0} times in ${SEEDS} seeds`)
  }
})
