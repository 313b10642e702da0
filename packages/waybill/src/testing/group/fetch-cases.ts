import assert from 'node:assert/strict'
import type { FetchOutcome } from '../../ports/fetcher.js'
import type { GroupCase } from './harness.js'
import { GroupScene } from './scene.js'

/** What the fetcher promises. */
export const fetchCases: readonly GroupCase[] = [
  {
    name: 'each position is answered from its own offset, also inside a batch',
    run: (harness) =>
      GroupScene.with(harness, 3, async (scene) => {
        await scene.produce(0, ['a', 'b', 'c'])
        await scene.produce(1, ['d'])
        await scene.produce(0, ['e'])
        const seen = new Map<number, FetchOutcome>()
        const positions = [scene.position(0, 1), scene.position(1, 0), scene.position(2, 0)]
        await scene.kafka.fetch(positions, 500, new AbortController().signal, ({ partition }, outcome) => {
          seen.set(partition, outcome)
        })
        assert.deepEqual(
          [0, 1, 2].map((partition) => shown(seen.get(partition))),
          ['b@1 c@2 e@3 then 4 of 0..4', 'd@0 then 1 of 0..1', 'then 0 of 0..0'],
        )
      }),
  },
  {
    name: 'an empty partition is waited at, and answers when something comes',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const startMs = harness.clock.monotonicMs()
        const waiting = scene.fetch(scene.position(0, 0), 20_000)
        await harness.clock.sleep(300)
        await scene.produce(0, ['late'])
        assert.equal(shown(await waiting), 'late@0 then 1 of 0..1')
        assert.ok(harness.clock.monotonicMs() - startMs < 15_000)
        const emptyMs = harness.clock.monotonicMs()
        assert.equal(shown(await scene.fetch(scene.position(0, 1), 400)), 'then 1 of 0..1')
        assert.ok(harness.clock.monotonicMs() - emptyMs > 300, 'waited for the first byte')
      }),
  },
  {
    name: 'a batch larger than asked for comes whole, from every partition in turn',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const big = 'x'.repeat(5000)
        await scene.produce(0, [big])
        await scene.produce(1, [big])
        const got = new Set<number>()
        for (let round = 0; round < 4; round++) {
          const positions = [0, 1].map((partition) => scene.position(partition, 0, { bytesMax: 100 }))
          await scene.kafka.fetch(positions, 500, new AbortController().signal, ({ partition }, outcome) => {
            if (outcome.kind === 'records' && outcome.nextOffset === 1) got.add(partition)
          })
        }
        assert.deepEqual(got, new Set([0, 1]))
      }),
  },
  {
    name: 'an abort ends a long poll soon, nothing is delivered after it, and the next fetch works',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const abort = new AbortController()
        const delivered: FetchOutcome[] = []
        const startMs = harness.clock.monotonicMs()
        const waiting = scene.kafka.fetch([scene.position(0, 0)], 20_000, abort.signal, (_, outcome) => {
          delivered.push(outcome)
        })
        await harness.clock.sleep(100)
        abort.abort()
        await waiting
        assert.ok(harness.clock.monotonicMs() - startMs < 5000, 'soon')
        await scene.produce(0, ['a'])
        assert.equal(shown(await scene.fetch(scene.position(0, 0))), 'a@0 then 1 of 0..1')
        assert.deepEqual(delivered, [])
      }),
  },
  {
    name: 'below the log start and above the end is out of range, with both ends',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        await scene.produce(0, ['a', 'b', 'c'])
        await scene.produce(0, ['d'])
        await harness.deleteRecords(scene.topic, 0, 3)
        const range = { kind: 'out-of-range', logStart: 3, highWatermark: 4 }
        assert.deepEqual(await scene.fetch(scene.position(0, 2)), range)
        assert.deepEqual(await scene.fetch(scene.position(0, 5)), range)
        assert.equal(shown(await scene.fetch(scene.position(0, 3))), 'd@3 then 4 of 3..4')
        assert.equal(shown(await scene.fetch(scene.position(0, 4), 100)), 'then 4 of 3..4')
      }),
  },
  {
    name: 'a log that ended earlier for our leader epoch is told as diverging',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        await scene.produce(0, ['a', 'b'])
        const before = await scene.records(scene.position(0, 0))
        await harness.restartBroker()
        await scene.produce(0, ['c', 'd'])
        const after = await scene.records(scene.position(0, 2, { lastLeaderEpoch: before.leaderEpoch }))
        assert.deepEqual(after.texts, ['c', 'd'])
        assert.ok(after.leaderEpoch > before.leaderEpoch, 'the restart began a new leader epoch')
        // We claim to have read offset 2 under the old epoch, which ended there.
        const outcome = await scene.fetch(scene.position(0, 3, { lastLeaderEpoch: before.leaderEpoch }))
        assert.deepEqual(outcome, { kind: 'diverging', leaderEpoch: before.leaderEpoch, endOffset: 2 })
      }),
  },
  {
    name: 'a partition or topic that is not there fails by itself, and the others are answered',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        await scene.produce(0, ['a'])
        const seen: string[] = []
        const positions = [
          scene.position(0, 0, { partition: 7 }),
          scene.position(0, 0, { topicId: '00112233445566778899aabbccddeeff' }),
          scene.position(0, 0, { topic: `${scene.topic}-not` }),
          scene.position(0, 0),
        ]
        await scene.kafka.fetch(positions, 100, new AbortController().signal, (position, outcome) => {
          seen.push(`${positions.indexOf(position)} ${outcome.kind}`)
        })
        assert.deepEqual(seen.sort(), ['0 failed', '1 failed', '2 failed', '3 records'])
      }),
  },
  {
    name: 'where nobody answers every position fails',
    run: async (harness) => {
      const kafka = harness.openNowhere({ callTimeoutMs: 300 })
      try {
        const position = { topic: 't', topicId: '0'.repeat(31) + '1', partition: 0, offset: 0, lastLeaderEpoch: -1 }
        const seen: string[] = []
        await kafka.fetch([{ ...position, bytesMax: 1000 }], 100, new AbortController().signal, (_, { kind }) => {
          seen.push(kind)
        })
        assert.deepEqual(seen, ['failed'])
      } finally {
        await kafka.close()
      }
    },
  },
]

/** Needs a cluster with transactions. */
export const transactionCases: readonly GroupCase[] = [
  {
    name: 'records of aborted transactions and control records are left out, and passed',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const transact = harness.transact?.bind(harness) ?? assert.fail('the harness has no transactions')
        await scene.produce(0, ['plain 0'])
        await transact(scene.topic, 0, ['gone 1', 'gone 2'], 'abort') // marker at 3
        await transact(scene.topic, 0, ['kept 4'], 'commit') // marker at 5
        await scene.produce(0, ['plain 6'])
        await transact(scene.topic, 0, ['gone 7'], 'abort') // marker at 8
        const texts: string[] = []
        let at = 0
        while (at < 9) {
          const { texts: more, nextOffset } = await scene.records(scene.position(0, at))
          assert.ok(nextOffset > at, `stuck at ${at}`)
          texts.push(...more)
          at = nextOffset
        }
        assert.equal(at, 9)
        assert.deepEqual(texts, ['plain 0', 'kept 4', 'plain 6'])
        // From inside the first aborted transaction on.
        assert.equal((await scene.records(scene.position(0, 2))).texts[0], 'kept 4')
      }),
  },
]

function shown(outcome: FetchOutcome | undefined): string {
  if (outcome?.kind !== 'records') return JSON.stringify(outcome)
  const records = outcome.batches.flatMap((batch) => batch.records)
  const texts = records.map(({ value, offset }) => `${Buffer.from(value ?? []).toString()}@${offset}`)
  const { nextOffset, logStart, highWatermark } = outcome
  return [...texts, `then ${nextOffset} of ${logStart}..${highWatermark}`].join(' ')
}
