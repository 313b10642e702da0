import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignedPartitions, subscribedTopics } from '../../../src/kafka/group-admin/describe-groups-api.js'

// What kafka-clients 4.3 writes: version 3, topics [orders: 0 and 2], no user data.
const assignment = Buffer.from('00030000000100066f7264657273000000020000000000000002ffffffff', 'hex')
// Version 3, topics [a, bc], no user data, nothing owned, generation -1, no rack.
const subscription = Buffer.from('00030000000200016100026263ffffffff00000000ffffffffffff', 'hex')

test('assignment and subscription of a classic member are read as its client wrote them', () => {
  assert.deepEqual(assignedPartitions(assignment), [{ topic: 'orders', partitions: [0, 2] }])
  assert.deepEqual(subscribedTopics(subscription), ['a', 'bc'])
})

test('bytes that are no assignment are none: members write them themselves', () => {
  for (let length = 0; length < assignment.length - 4; length++)
    assert.deepEqual(assignedPartitions(assignment.subarray(0, length)), [], `${length} bytes`)
  assert.deepEqual(assignedPartitions(Buffer.alloc(64, 0xff)), [])
  assert.deepEqual(subscribedTopics(Buffer.from('00007fffffff0001', 'hex')), [])
})
