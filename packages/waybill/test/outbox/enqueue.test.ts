import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonCodec } from '../../src/model/codec.js'
import { Sealer } from '../../src/outbox/enqueue.js'
import { systemClock } from '../../src/system/clock.js'
import { systemRandom } from '../../src/system/random.js'

const ports = { clock: systemClock, random: systemRandom }
const settings = { lanes: 32, codecOf: () => jsonCodec, maxMessageBytesOf: () => 1_048_588 }

test('only messages of a topic with `ordered: false` do without the lock of their key', () => {
  const sealer = new Sealer({ ...settings, isOrdered: (topic) => topic !== 'clicks' }, ports)
  const sealed = sealer.seal([
    { topic: 'clicks', key: 'k', value: 1 },
    { topic: 'orders', key: 'k', value: 1 },
  ])
  assert.deepEqual(
    sealed.map(({ topic, unordered }) => [topic, unordered]),
    [
      ['clicks', true],
      ['orders', undefined],
    ],
  )
  assert.equal(sealed[0]?.lane, sealed[1]?.lane, 'the key decides about the lane all the same')
})

test('without a word about order every topic keeps it', () => {
  const [sealed] = new Sealer(settings, ports).seal([{ topic: 'clicks', key: 'k', value: 1 }])
  assert.equal(sealed?.unordered, undefined)
})
