import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assignmentBytes,
  parseAssignment,
  parseSubscription,
  subscriptionBytes,
} from '../../../src/kafka/group/consumer-protocol.js'

const owned = [
  { topic: 'b', partition: 2 },
  { topic: 'a', partition: 1 },
  { topic: 'a', partition: 0 },
]

describe('the bytes of the consumer protocol', () => {
  it('are those of ConsumerProtocolSubscription version 2, with the generation in the user data of cooperative-sticky', () => {
    const bytes = subscriptionBytes({ topics: ['b', 'a'], owned: [{ topic: 'a', partition: 3 }], generation: 7 })
    const expected = ['0002', '00000002', '0001', '61', '0001', '62', '00000004', '00000007']
    expected.push('00000001', '0001', '61', '00000001', '00000003', '00000007')
    assert.equal(bytes.toString('hex'), expected.join(''))
  })

  it('are read back as they were written', () => {
    const subscription = parseSubscription(subscriptionBytes({ topics: ['ä', 'a'], owned, generation: -1 }))
    assert.deepEqual(subscription.topics, ['a', 'ä'])
    assert.deepEqual(subscription.owned, owned.toReversed())
    assert.equal(subscription.generation, -1)
    assert.deepEqual(parseAssignment(assignmentBytes(owned)), owned.toReversed())
    assert.deepEqual(parseAssignment(assignmentBytes([])), [])
  })

  it('of a version 1 client have the generation in the user data, of version 0 nothing is owned, of version 3 the rack is passed over', () => {
    const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const one = '0001 00000001 0001 61 00000004 00000005 00000001 0001 61 00000001 00000009'
    const held = [{ topic: 'a', partition: 9 }]
    assert.deepEqual(parseSubscription(bytes(one)), { topics: ['a'], owned: held, generation: 5 })
    const zero = '0000 00000001 0001 61 ffffffff'
    assert.deepEqual(parseSubscription(bytes(zero)), { topics: ['a'], owned: [], generation: -1 })
    const three = '0003 00000001 0001 61 ffffffff 00000000 00000006 0001 72'
    assert.deepEqual(parseSubscription(bytes(three)), { topics: ['a'], owned: [], generation: 6 })
  })

  it('that end too early are an error, no guess; no bytes at all are no partitions', () => {
    assert.throws(() => parseSubscription(Buffer.from('0001000000020001', 'hex')), RangeError)
    assert.throws(() => parseAssignment(assignmentBytes(owned).subarray(0, 9)), RangeError)
    assert.deepEqual(parseAssignment(Buffer.alloc(0)), [])
  })
})
