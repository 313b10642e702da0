import assert from 'node:assert/strict'
import type { InboxEntry } from '../../ports/inbox-store.js'
import { rejects } from '../store/scene.js'
import type { InboxPromise, InboxSide, InboxWorld } from './harness.js'
import { accept, entry, isNew, turns, untilDone } from './scene.js'

const hex = '0123456789abcdef0123456789abcdef'

// Pairs that a joined key, a case fold, a trim, a number or a blob would take for one.
const likeEachOther: readonly Partial<InboxEntry>[] = [
  { messageId: hex },
  { messageId: hex.toUpperCase() },
  { messageId: `${hex} ` },
  { messageId: hex.slice(1) },
  { messageId: Buffer.from(hex, 'hex').toString('latin1') },
  { messageId: '' },
  { messageId: ' ' },
  { messageId: '1' },
  { messageId: '1.0' },
  { messageId: '01' },
  { messageId: 'null' },
  { messageId: "'; DROP TABLE inbox; --" },
  { messageId: '0123456789abcdef0123456789abcdef-3-17' },
  { messageId: 'é' },
  { messageId: 'e\u0301' },
  { messageId: 'ключ 鍵 🔑' },
  { messageId: '\u0001\n\t' },
  { messageId: 'x'.repeat(2000) },
  { messageId: `${'x'.repeat(1999)}y` },
  { group: 'a b', source: 'c', messageId: 'd' },
  { group: 'a', source: 'b c', messageId: 'd' },
  { group: 'a', source: 'b', messageId: 'c d' },
  { group: 'a', source: '', messageId: 'd' },
  { group: 'A', source: 'b c', messageId: 'd' },
]

/** Both sides handle all the entries, each in an order of its own; returns how often each was new. */
async function race(world: InboxWorld, entries: readonly InboxEntry[]): Promise<readonly number[]> {
  const times = entries.map(() => 0)
  const handleAll = async (side: InboxSide, order: readonly number[]): Promise<void> => {
    for (const index of order) {
      const own = entries[index]
      assert(own)
      const first = await untilDone(() =>
        side.transactions.run(async (tx) => {
          const isFirst = await side.inbox.accept(side.transactions, tx, own)
          await turns(index % 3)
          return isFirst
        }),
      )
      if (first) times[index] = (times[index] ?? 0) + 1
    }
  }
  const order = entries.map((_, index) => index)
  await Promise.all([handleAll(world, order), handleAll(world.peer, order)])
  return times
}

/** What accept promises, for one transaction and for two at once. */
export const acceptCases: readonly InboxPromise[] = [
  {
    name: 'an entry is new once: not again in its transaction, in a later one, or in another process',
    async keep(world) {
      const own = entry()
      assert.deepEqual(await accept(world, own, own, entry()), [true, false, true])
      assert.equal(await isNew(world, own), false)
      assert.equal(await isNew(world.peer, own), false)
    },
  },
  {
    name: 'messages of all times are told apart and known again: long ago, now, far ahead',
    async keep(world) {
      const nowMs = await world.nowMs()
      const day = 86_400_000
      const times = [-1, 0, 1_500_000_000_000, nowMs - 40 * day, nowMs - day, nowMs, nowMs + day, nowMs + 4_000 * day]
      const entries = times.map((timeMs) => entry({ timeMs }))
      const isFirst = times.map(() => true)
      assert.deepEqual(await accept(world, ...entries), isFirst)
      assert.deepEqual(
        await accept(world.peer, ...entries),
        isFirst.map(() => false),
      )
    },
  },
  {
    name: 'an entry of a transaction that rolled back is new again',
    async keep(world) {
      const own = entry()
      const failed = world.transactions.run(async (tx) => {
        assert.equal(await world.inbox.accept(world.transactions, tx, own), true)
        throw new Error('handler failed')
      })
      await assert.rejects(failed, /handler failed/)
      assert.equal(await isNew(world.peer, own), true)
      assert.equal(await isNew(world, own), false)
    },
  },
  {
    name: 'groups, sources and ids are independent, whatever text they are',
    async keep(world) {
      const entries = likeEachOther.map((over) => entry({ messageId: hex, ...over }))
      assert.deepEqual(
        await accept(world, ...entries),
        entries.map(() => true),
      )
      for (const own of entries) assert.equal(await isNew(world.peer, own), false, JSON.stringify(own).slice(0, 100))
    },
  },
  {
    name: 'what a database could mix up is refused, not taken for another: half a surrogate pair, a NUL, no time',
    async keep(world) {
      for (const over of [
        { messageId: 'a\ud800' },
        { source: '\udfff' },
        { group: '\ud83dx' },
        { messageId: 'a\0b' },
        { timeMs: Number.NaN },
        { timeMs: 1.5 },
      ])
        await rejects(isNew(world, entry(over)), 'WB_MESSAGE_INVALID')
    },
  },
  {
    name: 'two processes that handle the same messages at once: each message is new to exactly one',
    async keep(world) {
      const entries = Array.from({ length: 40 }, () => entry())
      assert.deepEqual(
        await race(world, entries),
        entries.map(() => 1),
      )
    },
  },
  {
    name: 'a second transaction learns the outcome of the first: new when that rolled back, known when it committed',
    async keep(world) {
      for (const outcome of ['commit', 'rollback'] as const) {
        const own = entry()
        let second: Promise<boolean> | undefined
        const first = world.transactions.run(async (tx) => {
          assert.equal(await world.inbox.accept(world.transactions, tx, own), true)
          second = untilDone(() => isNew(world.peer, own))
          await turns(20)
          if (outcome === 'rollback') throw new Error('handler failed')
        })
        await (outcome === 'commit' ? first : assert.rejects(first, /handler failed/))
        assert.equal(await second, outcome === 'rollback', outcome)
      }
    },
  },
  {
    name: 'two transactions that take two messages in opposite order end, and each message is new to one',
    async keep(world) {
      const [one, other] = [entry(), entry()]
      const both = async (side: InboxSide, ...entries: readonly InboxEntry[]): Promise<readonly boolean[]> =>
        untilDone(() =>
          side.transactions.run(async (tx) => {
            const results: boolean[] = []
            for (const own of entries) {
              results.push(await side.inbox.accept(side.transactions, tx, own))
              await turns(3)
            }
            return results
          }),
        )
      const [ours, theirs] = await Promise.all([both(world, one, other), both(world.peer, other, one)])
      assert.deepEqual([ours[0] !== theirs[1], ours[1] !== theirs[0]], [true, true])
    },
  },
  {
    name: 'what is no open transaction is refused',
    async keep({ inbox, transactions, peer }) {
      let finished: unknown
      await transactions.run(async (tx) => {
        finished = tx
      })
      const own = entry()
      for (const value of [finished, {}, null, undefined, 'tx'])
        await rejects(inbox.accept(transactions, value, own), 'WB_NOT_IN_TRANSACTION')
      assert.equal(await isNew(peer, own), true)
    },
  },
]
