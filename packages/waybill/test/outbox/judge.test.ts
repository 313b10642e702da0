import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeProduceError } from '../../src/kafka/error-codes.js'
import type { Flight } from '../../src/model/flight.js'
import { judge } from '../../src/outbox/judge.js'
import type { ProduceOutcome, TopicView } from '../../src/ports/broker.js'

const flight: Flight = {
  lane: 3,
  topic: 'orders',
  partition: 1,
  incarnation: { producerId: 4005, producerEpoch: 2 },
  firstSequence: 10,
  rowIds: [7, 8],
  stampMs: 5_000,
  claimedFence: 1,
}
const acked = (baseOffset: number, appendTimeMs: number): ProduceOutcome => ({
  kind: 'acked',
  baseOffset,
  appendTimeMs,
})
const rejected = (code: string, appended: 'no' | 'maybe' | 'yes' = 'no'): ProduceOutcome => ({
  kind: 'rejected',
  code,
  appended,
  message: '',
})
const verdictOf = (
  outcome: ProduceOutcome,
  uncertain = false,
  type: TopicView['timestampType'] = 'CreateTime',
  ageMs = 0,
) => judge(flight, 41, uncertain, outcome, type, flight.stampMs + ageMs)

test('a fresh acknowledgement above the last offset is believed', () => {
  assert.deepEqual(verdictOf(acked(42, -1)), { kind: 'mark', baseOffset: 42 })
})

test('a duplicate is believed only when it carries this flight’s stamp', () => {
  assert.deepEqual(verdictOf(acked(42, 5_000), true), { kind: 'mark', baseOffset: 42 })
  const foreign = verdictOf(acked(42, 4_999), true)
  assert.deepEqual([foreign.kind, 'newProducer' in foreign && foreign.newProducer], ['resolve', true])
})

test('an acknowledgement at or below the last offset is never believed, fresh or repeated', () => {
  assert.equal(verdictOf(acked(41, -1)).kind, 'resolve')
  assert.equal(verdictOf(acked(41, 5_000), true).kind, 'resolve')
})

test('on a LogAppendTime topic the place is read back, because the stamp tells nothing', () => {
  assert.deepEqual(verdictOf(acked(42, 9_999), false, 'LogAppendTime'), { kind: 'verify', baseOffset: 42 })
})

test('where the topic’s settings may not be read, only what cannot be a topic’s own time is believed without reading it back', () => {
  assert.deepEqual(verdictOf(acked(42, -1), false, 'unknown'), { kind: 'mark', baseOffset: 42 })
  for (const appendTimeMs of [4_999, 5_000, 9_999])
    assert.deepEqual(verdictOf(acked(42, appendTimeMs), true, 'unknown'), { kind: 'verify', baseOffset: 42 })
  assert.equal(verdictOf(acked(41, 9_999), false, 'unknown').kind, 'resolve', 'not rising is not rising')
  assert.equal(verdictOf(acked(42, -1), false, 'LogAppendTime').kind, 'verify')
})

test('no answer makes the flight uncertain for good; not sent leaves it as it was', () => {
  assert.deepEqual(verdictOf({ kind: 'unknown', cause: 'cut' }), { kind: 'repeat', uncertain: true, cause: 'cut' })
  assert.deepEqual(verdictOf({ kind: 'unsent', cause: 'refused' }), {
    kind: 'repeat',
    uncertain: false,
    cause: 'refused',
  })
  assert.deepEqual(verdictOf({ kind: 'unsent', cause: 'refused' }, true), {
    kind: 'repeat',
    uncertain: true,
    cause: 'refused',
  })
})

for (const code of ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])
  test(`${code} condemns a message on a first attempt and never after an unanswered one`, () => {
    assert.equal(verdictOf(rejected(code)).kind, 'reject')
    assert.equal(verdictOf(rejected(code), true).kind, 'resolve')
  })

test('INVALID_TIMESTAMP condemns no message, because the stamp is ours: repeated, and after a minute put under another stamp', () => {
  const refused = rejected('INVALID_TIMESTAMP')
  for (const ageMs of [-7_200_000, 0, 59_999])
    assert.deepEqual(verdictOf(refused, false, 'CreateTime', ageMs), {
      kind: 'repeat',
      uncertain: false,
      cause: 'INVALID_TIMESTAMP ',
    })
  for (const before of [false, true]) {
    const verdict = verdictOf(refused, before, 'CreateTime', 60_000)
    assert.deepEqual([verdict.kind, 'uncertain' in verdict && verdict.uncertain], ['resolve', before])
  }
})

for (const code of ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'])
  test(`${code} is a suspicion and is resolved by reading, even on a first attempt`, () => {
    assert.deepEqual([verdictOf(rejected(code)).kind, verdictOf(rejected(code), true).kind], ['resolve', 'resolve'])
  })

test('a flight that is to be resolved is uncertain when an attempt may be in the topic, and only then', () => {
  const uncertain = (outcome: ProduceOutcome, before = false): boolean | undefined => {
    const verdict = verdictOf(outcome, before)
    return verdict.kind === 'resolve' ? verdict.uncertain : undefined
  }
  assert.equal(uncertain(acked(41, -1)), true, 'not rising')
  assert.equal(uncertain(acked(42, 4_999)), true, 'a foreign stamp')
  for (const [number, code, expected] of [
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', false],
    [46, 'DUPLICATE_SEQUENCE_NUMBER', true],
    [47, 'INVALID_PRODUCER_EPOCH', false],
    [49, 'INVALID_PRODUCER_ID_MAPPING', false],
    [59, 'UNKNOWN_PRODUCER_ID', false],
    [90, 'PRODUCER_FENCED', false],
  ] as const) {
    const { name, appended } = judgeProduceError(number, -1)
    assert.equal(name, code)
    assert.equal(uncertain(rejected(code, appended)), expected, code)
    assert.equal(uncertain(rejected(code, appended), true), true, `${code} on a repeat`)
    const late = judgeProduceError(number, 42)
    assert.equal(uncertain(rejected(code, late.appended)), true, `${code} after the append`)
  }
})

test('a refusal that came after the append condemns no message: its place is read', () => {
  const { name, appended } = judgeProduceError(10, 42)
  const verdict = verdictOf(rejected(name, appended))
  assert.deepEqual(
    [name, verdict.kind, 'uncertain' in verdict && verdict.uncertain],
    ['MESSAGE_TOO_LARGE', 'resolve', true],
  )
})

test('a fenced identity gets the lane a new producer id', () => {
  const verdict = verdictOf(rejected('INVALID_PRODUCER_EPOCH'))
  assert.equal(verdict.kind === 'resolve' && verdict.newProducer, true)
})

test('an outage spends no attempt: every other code is repeated, uncertain when the record may be in the log', () => {
  for (const code of ['NOT_LEADER_OR_FOLLOWER', 'NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED', 'SOMETHING_NEW'])
    assert.deepEqual(verdictOf(rejected(code)).kind, 'repeat', code)
  const after = verdictOf(rejected('NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'yes'))
  assert.equal(after.kind === 'repeat' && after.uncertain, true)
  const definite = verdictOf(rejected('NOT_LEADER_OR_FOLLOWER', 'no'), true)
  assert.equal(definite.kind === 'repeat' && definite.uncertain, true)
})
