import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inboxEntry, once, waybillHeader } from '../../../src/consume/pieces/foreign-record.js'
import { formatHeader } from '../../../src/model/header.js'
import { memoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'

const timeMs = 1_700_000_000_000
const messageId = `${timeMs.toString(16).padStart(12, '0')}7abc8def0123456789ab`
const text = formatHeader({
  source: 'shop',
  lane: 3,
  incarnation: { producerId: 7, producerEpoch: 0 },
  sequence: 1,
  messageId,
})
const record = { topic: 'orders', partition: 1, offset: '17', timestamp: '1690000000000' }
const bytes = Buffer.from(text)

describe('a record of another client in the inbox', () => {
  it('is known by waybill header, however the client gives headers', () => {
    for (const headers of [
      { waybill: bytes, other: 'x' },
      { waybill: text },
      { waybill: ['older', bytes] },
      new Map([[Buffer.from('waybill'), bytes]]),
      new Map([['waybill', text]]),
      [['waybill', bytes] as const],
    ]) {
      assert.equal(waybillHeader({ headers })?.messageId, messageId)
      assert.deepEqual(inboxEntry('billing', { ...record, headers }), {
        group: 'billing',
        source: 'shop',
        messageId,
        timeMs,
      })
    }
  })

  it('else by its place, told from the same place of another topic or log', () => {
    const plain = { ...record, headers: {} }
    const others = [
      plain,
      { ...plain, partition: 2 },
      { ...plain, offset: 18n },
      { ...plain, timestamp: 5 },
      { ...plain, topic: 'returns' },
      { ...plain, topicId: 'aa', leaderEpoch: 2 },
      { ...plain, topicId: 'bb', leaderEpoch: 2 },
      { ...plain, topicId: 'aa', leaderEpoch: 3 },
    ].map((one) => inboxEntry('billing', one).messageId)
    assert.equal(new Set(others).size, others.length)
    assert.equal(inboxEntry('billing', { ...plain, topicId: 'aa', leaderEpoch: 2 }).messageId, 'aa-1-17-2')
    assert.equal(inboxEntry('billing', plain).timeMs, 1_690_000_000_000)
    assert.deepEqual(inboxEntry('billing', { ...record, headers: { waybill: 'not ours' } }).source, '')
  })

  it('has its effects once, and again when they failed', async () => {
    const store = memoryStore({ nowMs: () => timeMs })
    const remembered = { group: 'billing', inbox: store.inbox, transactions: memoryTransactions(store) }
    await store.inbox.migrate()
    let effects = 0
    const failing = once(remembered, record, async () => {
      throw new Error('no disk')
    })
    await assert.rejects(failing, /no disk/)
    const handle = (): Promise<boolean> =>
      once(remembered, record, async () => {
        effects++
      })
    assert.deepEqual([await handle(), await handle(), effects], [true, false, 1])
  })
})
