import assert from 'node:assert/strict'
import { test } from 'node:test'
import { because, Obstacles } from '../../src/outbox/obstacles.js'

function setUp() {
  let nowMs = 0
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0, sleep: async () => undefined, turn: async () => undefined }
  return { obstacles: new Obstacles(clock), at: (ms: number) => (nowMs = ms) }
}

test('the obstacle heard last is told, until its place is free', () => {
  const { obstacles, at } = setUp()
  assert.equal(obstacles.latest(1_000), undefined)
  obstacles.met('a', 'first')
  at(10)
  obstacles.met('b', 'second')
  assert.equal(obstacles.latest(1_000), 'second')
  at(20)
  obstacles.met('a', 'first again')
  assert.equal(obstacles.latest(1_000), 'first again')
  obstacles.passed('a')
  assert.equal(obstacles.latest(1_000), 'second')
  obstacles.passed('b')
  assert.equal(obstacles.latest(1_000), undefined)
})

test('what was heard before the oldest message began to wait is not the cause of its delay', () => {
  const { obstacles, at } = setUp()
  obstacles.met('a', 'long ago')
  at(5_000)
  assert.equal(obstacles.latest(5_000), 'long ago')
  assert.equal(obstacles.latest(4_999), undefined)
})

for (const [cause, expected] of [
  ['TOPIC_AUTHORIZATION_FAILED ', 'o/0: TOPIC_AUTHORIZATION_FAILED; grant the relay WRITE on the topic'],
  [
    'InitProducerId was refused: X: grant WRITE on a topic',
    'o/0: InitProducerId was refused: X: grant WRITE on a topic',
  ],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', /in sync$/],
  ['NOT_LEADER_OR_FOLLOWER', /start the brokers of its replicas$/],
  ['KAFKA_STORAGE_ERROR', /look at the disk of its leader$/],
  ['POLICY_VIOLATION the policy said so', /look at the log of its leader$/],
  ['connect ECONNREFUSED 127.0.0.1:9092', /see whether the brokers run and can be reached from here$/],
] as const)
  test(`a cause comes with its fix: ${cause.trim()}`, () => {
    const clause = because('o/0', cause)
    if (typeof expected === 'string') assert.equal(clause, expected)
    else assert.match(clause, expected)
  })
