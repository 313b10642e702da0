import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findingName, findingOf } from '../../src/model/finding.js'
import { nativeProducer, SequenceDetector, waybillProducer } from '../../src/model/sequence.js'
import type { Sequenced, Sighting } from '../../src/model/sequence.js'

const shop = waybillProducer({ source: 'shop', lane: 7 })
const first = { producerId: 12, producerEpoch: 0 }
const second = { producerId: 12, producerEpoch: 1 }

function record(offset: number, sequence: number, over: Partial<Sequenced> = {}): Sequenced {
  return { producer: shop, incarnation: first, sequence, offset, ...over }
}

/** A detector that has seen sequences `from` to `to` of the shop at offsets of the same numbers. */
function seen(to: number, options: { readonly base?: number } = {}): SequenceDetector {
  const { base = 100 } = options
  const detector = new SequenceDetector(base)
  for (let offset = base; offset <= to; offset++) detector.feed(record(offset, offset))
  return detector
}

const kindOf = (sighting: Sighting): string => sighting.kind

test('records in sequence are ok after the first sight, whatever lies between them', () => {
  const detector = new SequenceDetector(100)
  assert.deepEqual(detector.feed(record(100, 40)), { kind: 'first-sight' })
  assert.deepEqual(detector.feed(record(101, 41)), { kind: 'ok' })
  const other = waybillProducer({ source: 'shop', lane: 8 })
  assert.deepEqual(detector.feed(record(102, 900, { producer: other })), { kind: 'first-sight' })
  assert.deepEqual(detector.feed(record(103, 42)), { kind: 'ok' })
  assert.deepEqual(detector.position(shop), { incarnation: first, next: 43 })
  assert.equal(detector.horizon, 104)
})

test('lost: a jump without unread offsets is a gap, with range, count and evidence', () => {
  const detector = seen(109)
  const jumped = record(110, 113)
  const sighting = detector.feed(jumped)
  assert.deepEqual(sighting, {
    kind: 'gap',
    missing: { from: 110, count: 3 },
    lostAtLeast: 3,
    unread: { offsets: 0, reasons: [] },
  })
  const finding = findingOf(sighting, jumped, { topic: 'orders', partition: 3 })
  assert(finding)
  assert.deepEqual(
    [finding.kind, finding.unit, finding.from, finding.length, finding.count],
    ['gap', 'sequence', 110, 3, 3],
  )
  assert.equal(findingName(finding), 'gap orders-3 shop-7 12.0 sequence 110+3')
  assert.deepEqual(detector.missing(shop), [{ from: 110, count: 3 }])
  assert.equal(detector.feed(record(111, 114)).kind, 'ok')
})

test('lost: only in part explained by unread offsets is still a gap', () => {
  const detector = seen(109)
  detector.passed(112, 'aborted')
  const sighting = detector.feed(record(112, 115))
  assert.deepEqual(sighting, {
    kind: 'gap',
    missing: { from: 110, count: 5 },
    lostAtLeast: 3,
    unread: { offsets: 2, reasons: ['aborted'] },
  })
})

for (const reason of ['aborted', 'compacted', 'retention', 'skipped'] as const)
  test(`${reason}: what may lie in unread offsets is unknown, not lost`, () => {
    const detector = seen(109)
    detector.passed(113, reason)
    const sighting = detector.feed(record(113, 113))
    assert.deepEqual(sighting, {
      kind: 'unread',
      missing: { from: 110, count: 3 },
      unread: { offsets: 3, reasons: [reason] },
    })
    assert.equal(findingOf(sighting, record(113, 113), { topic: 'orders', partition: 3 }), undefined)
    // An older hole does not excuse a newer jump.
    assert.equal(detector.feed(record(114, 116)).kind, 'gap')
  })

test('only the reasons since the producer’s last record are given', () => {
  const detector = seen(109)
  detector.passed(112, 'retention')
  detector.feed(record(112, 112))
  detector.passed(114, 'aborted')
  const sighting = detector.feed(record(114, 114))
  assert.deepEqual(sighting.kind === 'unread' && sighting.unread, { offsets: 1, reasons: ['aborted'] })
})

test('any number of jumps takes bounded memory, and a late record of the oldest is still no duplicate', () => {
  const detector = seen(109)
  for (let offset = 110; offset < 310; offset++)
    assert.equal(detector.feed(record(offset, 110 + (offset - 109) * 2)).kind, 'gap')
  assert.equal(detector.missing(shop).length, 32)
  assert(detector.export('p').length < 300)
  assert.equal(detector.feed(record(310, 113)).kind, 'reordered')
})

test('a hole that nobody explained is unknown too, and says so', () => {
  const sighting = seen(109).feed(record(113, 113))
  assert.deepEqual(sighting.kind === 'unread' && sighting.unread, { offsets: 3, reasons: ['unexplained'] })
})

test('control records explain no missing sequence, and need none', () => {
  const detector = seen(109)
  detector.passed(112, 'control')
  assert.equal(detector.feed(record(112, 110)).kind, 'ok')
  detector.passed(115, 'control')
  assert.equal(detector.feed(record(115, 113)).kind, 'gap')
})

test('rejected by the broker and its numbers used again: no gap, because the numbers follow', () => {
  const detector = seen(109)
  assert.equal(detector.feed(record(110, 110)).kind, 'ok')
})

test('beyond the producer’s high water: nothing is said, the position is there for the ledger', () => {
  const detector = seen(109)
  detector.passed(120, 'control')
  assert.deepEqual(detector.position(shop), { incarnation: first, next: 110 })
  assert.deepEqual(detector.missing(shop), [])
})

test('partition count changed: a lane goes on in another partition from 0, and neither partition misses anything', () => {
  const old = seen(109)
  const added = new SequenceDetector(0)
  assert.deepEqual(
    [0, 1, 2].map((offset) => added.feed(record(offset, offset)).kind),
    ['first-sight', 'ok', 'ok'],
  )
  assert.deepEqual([old.missing(shop), added.missing(shop)], [[], []])
  assert.equal(old.feed(record(110, 110)).kind, 'ok', 'and back again')
})

test('a new incarnation begins at 0 and closes the one before with its position', () => {
  const detector = seen(109)
  assert.deepEqual(detector.feed(record(110, 0, { incarnation: second })), {
    kind: 'new-incarnation',
    closed: { incarnation: first, next: 110 },
  })
  assert.equal(detector.feed(record(111, 1, { incarnation: second })).kind, 'ok')
  const lost = seen(109).feed(record(110, 2, { incarnation: { producerId: 99, producerEpoch: 0 } }))
  assert.deepEqual(lost, {
    kind: 'gap',
    missing: { from: 0, count: 2 },
    lostAtLeast: 2,
    unread: { offsets: 0, reasons: [] },
    closed: { incarnation: first, next: 110 },
  })
})

test('a late record of a closed incarnation is reordered, its second copy a duplicate', () => {
  const detector = seen(109)
  detector.feed(record(110, 0, { incarnation: second }))
  assert.equal(detector.feed(record(111, 110)).kind, 'reordered')
  assert.equal(detector.feed(record(112, 110)).kind, 'duplicate')
  assert.equal(detector.feed(record(113, 105)).kind, 'duplicate')
  assert.equal(detector.feed(record(114, 1, { incarnation: second })).kind, 'ok')
})

test('a late record is known by its producer id too, and by its lower epoch when it was never seen', () => {
  const detector = seen(109)
  const taken = { producerId: 99, producerEpoch: 4 }
  detector.feed(record(110, 0, { incarnation: taken }))
  assert.equal(detector.feed(record(111, 110)).kind, 'reordered')
  const unseen = { producerId: 99, producerEpoch: 3 }
  assert.equal(detector.feed(record(112, 0, { incarnation: unseen })).kind, 'reordered')
  assert.equal(detector.feed(record(113, 1, { incarnation: taken })).kind, 'ok')
  assert.equal(detector.feed(record(112, 0, { incarnation: unseen })).kind, 're-read')
})

test('a re-read changes nothing and is no duplicate; a rising offset is', () => {
  const detector = seen(109)
  const before = detector.export('p')
  for (let offset = 100; offset < 110; offset++) assert.equal(detector.feed(record(offset, offset)).kind, 're-read')
  for (let offset = 50; offset < 60; offset++) assert.equal(detector.feed(record(offset, offset)).kind, 're-read')
  assert.equal(detector.export('p'), before)
  assert.equal(detector.feed(record(110, 109)).kind, 'duplicate')
  assert.equal(detector.feed(record(111, 110)).kind, 'ok')
})

test('a record that comes after a later one is reordered once, and closes its gap', () => {
  const detector = seen(109)
  assert.equal(detector.feed(record(110, 112)).kind, 'gap')
  assert.equal(detector.feed(record(111, 110)).kind, 'reordered')
  assert.deepEqual(detector.missing(shop), [{ from: 111, count: 1 }])
  assert.equal(detector.feed(record(112, 110)).kind, 'duplicate')
  assert.equal(detector.feed(record(113, 111)).kind, 'reordered')
  assert.deepEqual(detector.missing(shop), [])
})

test('a healed copy is late, never a duplicate, and fills the gap it left', () => {
  const detector = seen(109)
  detector.feed(record(110, 113))
  assert.equal(detector.feed(record(111, 111, { healed: true })).kind, 'healed')
  assert.deepEqual(detector.missing(shop), [
    { from: 110, count: 1 },
    { from: 112, count: 1 },
  ])
  assert.equal(detector.feed(record(112, 50, { healed: true })).kind, 'healed')
  assert.equal(detector.feed(record(113, 114, { healed: true })).kind, 'ok')
  detector.feed(record(114, 0, { incarnation: second }))
  assert.equal(detector.feed(record(115, 112, { healed: true })).kind, 'healed')
})

test('truncated and written again: a newer sequence at an offset that was read before', () => {
  const detector = seen(119)
  const again = record(115, 121)
  const sighting = detector.feed(again)
  assert.equal(sighting.kind, 'overwritten')
  assert.equal(findingOf(sighting, again, { topic: 'orders', partition: 3 })?.kind, 'overwritten')
  assert.equal(detector.feed(record(116, 122)).kind, 'ok')
  const fenced = seen(119)
  assert.equal(fenced.feed(record(115, 0, { incarnation: second })).kind, 'overwritten')
  assert.equal(fenced.feed(record(116, 1, { incarnation: second })).kind, 'ok')
})

test('going back into offsets that were skipped is a re-read, not a rewritten log', () => {
  const other = waybillProducer({ source: 'shop', lane: 8 })
  const detector = seen(109)
  detector.passed(113, 'skipped')
  detector.feed(record(113, 7, { producer: other }))
  assert.equal(detector.feed(record(110, 110)).kind, 're-read')
  assert.equal(
    detector.feed(record(111, 0, { producer: waybillProducer({ source: 'shop', lane: 9 }) })).kind,
    're-read',
  )
  assert.equal(detector.feed(record(112, 0, { incarnation: second })).kind, 're-read')
  assert.equal(detector.horizon, 114)
})

test('truncated, told by the reader: what was seen above is forgotten, the rest goes on', () => {
  const detector = seen(104)
  const other = waybillProducer({ source: 'shop', lane: 8 })
  detector.feed(record(105, 7, { producer: other }))
  detector.rewind(105)
  assert.equal(detector.feed(record(105, 105)).kind, 'ok')
  assert.equal(detector.feed(record(106, 8, { producer: other })).kind, 'first-sight')
})

test('expired: the first sight above the log start says nothing of what was before', () => {
  assert.equal(new SequenceDetector(500).feed(record(500, 480)).kind, 'first-sight')
})

test('read from the very beginning, a numbering of waybill must begin at 0; another producer’s need not', () => {
  assert.equal(new SequenceDetector(0).feed(record(0, 3)).kind, 'gap')
  const late = new SequenceDetector(0)
  late.passed(2, 'retention')
  assert.equal(late.feed(record(2, 3)).kind, 'first-sight')
  const detector = new SequenceDetector(0)
  detector.feed(record(0, 0))
  const other = waybillProducer({ source: 'shop', lane: 8 })
  assert.equal(detector.feed(record(1, 2, { producer: other })).kind, 'gap')
  const foreign = record(2, 5, { producer: nativeProducer(3), incarnation: { producerId: 3, producerEpoch: 0 } })
  assert.equal(detector.feed(foreign).kind, 'first-sight')
})

test('sequences wrap from 2147483647 to 0, with and without loss', () => {
  const detector = new SequenceDetector(100)
  const highest = 2_147_483_647
  const kinds = [
    [100, highest - 1],
    [101, highest],
    [102, 0],
    [103, highest],
    [104, 1],
  ].map(([offset = 0, sequence = 0]) => kindOf(detector.feed(record(offset, sequence))))
  assert.deepEqual(kinds, ['first-sight', 'ok', 'ok', 'duplicate', 'ok'])
  const lossy = new SequenceDetector(100)
  lossy.feed(record(100, highest - 2))
  const sighting = lossy.feed(record(101, 2))
  assert.deepEqual(sighting.kind === 'gap' && sighting.missing, { from: highest - 1, count: 4 })
  assert.equal(lossy.feed(record(102, 0)).kind, 'reordered')
  assert.deepEqual(lossy.missing(shop), [
    { from: highest - 1, count: 2 },
    { from: 1, count: 1 },
  ])
})

test('batches of foreign idempotent producers are checked by base sequence and record count', () => {
  const producer = nativeProducer(40)
  const incarnation = { producerId: 40, producerEpoch: 2 }
  const detector = new SequenceDetector(1000)
  const batch = (offset: number, sequence: number, count: number): string =>
    detector.feed({ producer, incarnation, sequence, count, offset }).kind
  assert.equal(batch(1000, 500, 10), 'first-sight')
  assert.equal(batch(1010, 510, 5), 'ok')
  assert.equal(batch(1015, 520, 5), 'gap')
  assert.deepEqual(detector.missing(producer), [{ from: 515, count: 5 }])
  assert.equal(batch(1020, 520, 5), 'duplicate')
  assert.equal(batch(1025, 513, 4), 'duplicate')
  assert.deepEqual(detector.missing(producer), [{ from: 517, count: 3 }])
  assert.equal(batch(1029, 525, 1), 'ok')
  assert.equal(batch(1028, 524, 4), 'ok', 'a batch is read again from its start; only its end is new')
  assert.equal(batch(1032, 526, 5), 'duplicate', 'its begin is doubled, its end is new')
  assert.equal(batch(1037, 531, 1), 'ok')
})

test('without a producer sequence nothing is said and no offset is blamed', () => {
  const detector = seen(109)
  for (const over of [{ sequence: -1 }, { incarnation: { producerId: -1, producerEpoch: -1 } }])
    assert.equal(detector.feed(record(detector.horizon, 5, over)).kind, 'unchecked')
  assert.equal(detector.feed(record(112, 110)).kind, 'ok')
  assert.equal(detector.feed(record(113, 112)).kind, 'gap')
})

test('producers silent for longest are forgotten beyond the bound, and come back as first sights', () => {
  const detector = new SequenceDetector(0, { producersMax: 100 })
  const producerOf = (number: number): string => waybillProducer({ source: 'shop', lane: number })
  for (let number = 0; number < 1000; number++) {
    detector.feed(record(number, 0, { producer: producerOf(number) }))
    assert(detector.producerCount <= 100)
  }
  assert.equal(detector.feed(record(1000, 9, { producer: producerOf(0) })).kind, 'first-sight')
  assert.equal(detector.feed(record(1001, 1, { producer: producerOf(999) })).kind, 'ok')
  // Re-reading what is forgotten must not look like a rewritten log.
  assert.equal(detector.feed(record(5, 0, { producer: producerOf(5) })).kind, 're-read')
})
