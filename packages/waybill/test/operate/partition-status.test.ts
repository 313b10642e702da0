import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Progress } from '../../src/model/progress.js'
import { totalsOf } from '../../src/operate/group-totals.js'
import { type PartitionFacts, partitionStatus, progressAbove } from '../../src/operate/partition-status.js'

const topicId = 'ab'.repeat(16)
const day = 86_400_000

/** Committed at 10; 12 to 14 handled; the log has 5 to 20. */
const facts: PartitionFacts = {
  ...{ topic: 'orders', partition: 3, position: 10, owner: 'm' },
  above: { found: 'read', runs: [[12, 15]], leaderEpoch: 0 },
  ends: { logStart: 5, highWatermark: 20 },
  retention: { ms: day, bytes: -1, deletes: true },
  oldest: { offset: 10, timestampMs: 1_000 },
}

test('lag, what is handled ahead of it and what is not are told apart', () => {
  const { lag, handledAhead, unhandled, loss, troubles } = partitionStatus(facts)
  assert.deepEqual({ lag, handledAhead, unhandled, troubles }, { lag: 10, handledAhead: 3, unhandled: 7, troubles: [] })
  assert.deepEqual(loss, { kind: 'at', atMs: 1_000 + day, orSooner: false })
})

test('what is not known is unknown, and never good news', () => {
  const blind = { cause: 'TOPIC_AUTHORIZATION_FAILED' }
  const unknown: [Partial<PartitionFacts>, number | undefined][] = [
    [{ position: undefined }, undefined],
    [{ ends: blind }, undefined],
    [{ oldest: blind }, 7],
    [{ retention: blind }, 7],
    [{ retention: { ms: -1, bytes: 1_000, deletes: true } }, 7],
    [{ oldest: { offset: 10, timestampMs: -1 } }, 7],
  ]
  for (const [change, expected] of unknown) {
    const { unhandled, loss } = partitionStatus({ ...facts, ...change })
    assert.deepEqual([unhandled, loss.kind], [expected, 'unknown'], JSON.stringify(change))
  }
})

test('a limit in bytes may come sooner; nothing goes where nothing is deleted; nothing is lost where nothing waits', () => {
  const loss = (change: Partial<PartitionFacts>): unknown => partitionStatus({ ...facts, ...change }).loss
  const at = { kind: 'at', atMs: 1_000 + day, orSooner: true }
  assert.deepEqual(loss({ retention: { ms: day, bytes: 1, deletes: true } }), at)
  assert.deepEqual(loss({ retention: { ms: day, bytes: 1, deletes: false } }), { kind: 'never' })
  assert.deepEqual(loss({ retention: { ms: -1, bytes: -1, deletes: true } }), { kind: 'never' })
  assert.deepEqual(loss({ position: 20, above: { found: 'none', runs: [], leaderEpoch: -1 }, oldest: 'none' }), {
    kind: 'none',
  })
  assert.deepEqual(loss({ oldest: 'none' }), { kind: 'none' }, 'only transaction markers are left')
})

test('of what retention deleted only the unhandled counts as lost', () => {
  const lost = (logStart: number): unknown => partitionStatus({ ...facts, ends: { logStart, highWatermark: 20 } }).loss
  assert.deepEqual(lost(12), { kind: 'overtaken', offsets: 2 })
  assert.deepEqual(lost(15), { kind: 'overtaken', offsets: 2 })
  assert.deepEqual(lost(16), { kind: 'overtaken', offsets: 3 })
})

test('a position above the end of the log is told', () => {
  const { lag, troubles } = partitionStatus({ ...facts, position: 25 })
  assert.equal(lag, 0)
  assert.match(troubles.join(), /5 above the end of the log/)
})

test('progress is read from a commit as the consumer wrote it, and from no other', () => {
  const progress = new Progress(10)
  for (let offset = 10; offset < 20; offset++) progress.receive(offset, 4)
  for (const offset of [12, 13, 14]) progress.handled(offset)
  const metadata = progress.metadata(4096, `${topicId} 3`) ?? assert.fail('it fits')
  const position = { topic: 'orders', partition: 3, offset: 10, leaderEpoch: 4, metadata }
  assert.deepEqual(progressAbove(position, topicId), { found: 'read', runs: [[12, 15]], leaderEpoch: 4 })
  const found = (change: Partial<typeof position>, id = topicId): string =>
    progressAbove({ ...position, ...change }, id).found
  assert.equal(found({ metadata: '' }), 'none')
  assert.equal(found({ metadata: 'mark of another tool' }), 'foreign')
  assert.equal(found({ offset: 11 }), 'unusable')
  assert.equal(found({}, 'cd'.repeat(16)), 'unusable', 'a topic created anew')
})

test('the worst of all partitions is shown first: lost, then unknown, then the next to go', () => {
  const at = (timestampMs: number, over: Partial<PartitionFacts> = {}) =>
    partitionStatus({ ...facts, oldest: { offset: 10, timestampMs }, ...over })
  const [soon, late] = [at(1_000), at(2_000)]
  const unknown = at(3_000, { ends: { cause: 'no leader' } })
  const overtaken = at(4_000, { ends: { logStart: 12, highWatermark: 20 } })
  assert.deepEqual(totalsOf([late, soon]).loss, { topic: 'orders', partition: 3, ...soon.loss })
  assert.equal(totalsOf([late, unknown, soon]).loss?.kind, 'unknown')
  assert.equal(totalsOf([late, unknown, overtaken]).loss?.kind, 'overtaken')
  const { lag, unhandled, unknown: blind, oldest } = totalsOf([late, unknown, soon])
  assert.deepEqual([lag, unhandled, blind, oldest?.timestampMs], [20, 14, 1, 1_000])
})
