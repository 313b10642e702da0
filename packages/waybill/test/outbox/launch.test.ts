import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flight, Stream } from '../../src/model/flight.js'
import { claimIdentity, nextIncarnation, trustMs } from '../../src/outbox/claim.js'
import { OwnedLane } from '../../src/outbox/lane-state.js'
import { decideLaunch, oldestFirst } from '../../src/outbox/launch.js'
import type { TopicView } from '../../src/ports/broker.js'

const hour = 3_600_000
const stream: Stream = {
  lane: 0,
  topic: 'orders',
  partition: 0,
  topicId: 'a'.repeat(32),
  incarnation: { producerId: 7, producerEpoch: 3 },
  nextSequence: 12,
  lastOffset: 99,
  lastLeaderEpoch: 0,
  lastStampMs: 100 * hour,
}
const flight: Flight = { ...stream, firstSequence: 12, rowIds: [1], stampMs: 100 * hour, claimedFence: 1 }
const row = {
  id: 1,
  lane: 0,
  messageId: 'b'.repeat(32),
  topic: 'orders',
  key: null,
  value: null,
  headers: [],
  createdAtMs: 0,
}
const view: TopicView = {
  topic: 'orders',
  topicId: 'a'.repeat(32),
  partitions: [{ partition: 0, leader: 1, leaderEpoch: 0 }],
  replicationFactor: 3,
  maxMessageBytes: 1_048_588,
  retentionMs: -1,
  timestampType: 'CreateTime',
  producerIdExpirationMs: 24 * hour,
}

function taken(producerId: number | null) {
  const lease = { lane: 0, fence: 2, expiresAtMs: 0, producerId }
  const lane = new OwnedLane({ lease, streams: [stream], flights: [flight], flightRows: [row], holds: [] }, 0, 1_000)
  const state = lane.streamOf('orders', 0)
  assert.ok(state.open, 'a flight in the store is open for its new owner')
  return { lane, state, open: state.open }
}

test('a flight found at take-over is uncertain: the former owner may have sent it', () => {
  const { open } = taken(7)
  assert.equal(open.uncertain, true)
})

test('a flight is repeated only while the broker surely remembers its producer', () => {
  const { lane, state, open } = taken(7)
  assert.equal(decideLaunch(lane, state, open, view, 121.5 * hour).kind, 'send')
  assert.equal(decideLaunch(lane, state, open, view, 121.7 * hour).kind, 'resolve')
})

test('a short retention shortens the trust: the records that carry the producer state may be deleted', () => {
  assert.equal(trustMs({ retentionMs: hour, producerIdExpirationMs: 24 * hour }), 0.9 * hour)
  assert.equal(trustMs({ retentionMs: -1, producerIdExpirationMs: 24 * hour }), 21.6 * hour)
})

test('a flight under a former producer id of the lane, or for a re-created topic, is never sent again', () => {
  const renewed = taken(8)
  assert.equal(decideLaunch(renewed.lane, renewed.state, renewed.open, view, 100 * hour).kind, 'resolve')
  const same = taken(7)
  const recreated = { ...view, topicId: 'c'.repeat(32) }
  assert.equal(decideLaunch(same.lane, same.state, same.open, recreated, 100 * hour).kind, 'resolve')
})

test('a partition without a leader waits', () => {
  const { lane, state, open } = taken(7)
  const leaderless = { ...view, partitions: [{ partition: 0, leader: -1, leaderEpoch: 1 }] }
  assert.equal(decideLaunch(lane, state, open, leaderless, 100 * hour).kind, 'wait')
})

test('an idle stream opens a new incarnation before the broker may have forgotten the old one', () => {
  assert.deepEqual(claimIdentity(stream, 7, view, 101 * hour), {
    kind: 'ready',
    incarnation: stream.incarnation,
    firstSequence: 12,
  })
  assert.deepEqual(claimIdentity(stream, 7, view, 122 * hour), {
    kind: 'ready',
    incarnation: { producerId: 7, producerEpoch: 4 },
    firstSequence: 0,
  })
})

test('used-up epochs ask for a new producer id', () => {
  const last = { ...stream, incarnation: { producerId: 7, producerEpoch: 32_767 } }
  assert.equal(claimIdentity(last, 7, view, 122 * hour).kind, 'need-producer-id')
  assert.equal(nextIncarnation(last.incarnation, 7), undefined)
  assert.deepEqual(nextIncarnation(last.incarnation, 8), { producerId: 8, producerEpoch: 0 })
})

test('lanes that share a partition take turns by age, so that a busy lane does not starve its neighbours', () => {
  const { lane, state, open } = taken(7)
  const at = (rowId: number) => ({ lane, state, open: { ...open, flight: { ...open.flight, rowIds: [rowId] } } })
  assert.deepEqual(
    oldestFirst([at(9), at(2), at(5)]).map((place) => place.open.flight.rowIds[0]),
    [2, 5, 9],
  )
})
