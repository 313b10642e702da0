import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore, memoryTransactions } from '../src/memory.js'
import type { Message, WaybillOptions } from '../src/waybill.js'
import { createWaybill, silentLog, WaybillError } from '../src/waybill.js'

type Tx = Parameters<ReturnType<typeof memoryTransactions>['run']>[0] extends (tx: infer T) => unknown ? T : never

function setUp(over: Partial<WaybillOptions<Tx>> = {}) {
  const store = memoryStore({ nowMs: () => 1 })
  const options: WaybillOptions<Tx> = {
    source: 'shop',
    brokers: ['127.0.0.1:1'],
    store,
    transactions: memoryTransactions(store),
    relay: false,
    log: silentLog,
    ...over,
  }
  return { store, waybill: createWaybill(options), options }
}

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof WaybillError, String(error))
  assert.equal(error.code, expected)
  return true
}

async function sending(message: Message, over: Partial<WaybillOptions<Tx>> = {}) {
  const { waybill, store } = setUp(over)
  await waybill.start()
  await waybill.transaction((tx) => waybill.send(tx, message))
  await waybill.stop()
  return store.waiting()
}

test('G1: a message exists if and only if its transaction committed', async () => {
  const { waybill, store } = setUp()
  await waybill.start()
  await waybill.transaction((tx) => waybill.send(tx, { topic: 'orders', key: 'k', value: { a: 1 } }))
  await assert.rejects(
    waybill.transaction(async (tx) => {
      await waybill.send(tx, { topic: 'orders', key: 'k', value: 'lost with its business' })
      throw new Error('business fails')
    }),
    /business fails/,
  )
  assert.deepEqual(
    store.waiting().map((row) => Buffer.from(row.value ?? []).toString()),
    ['{"a":1}'],
  )
  await waybill.stop()
})

test('bytes, text, null and JSON values arrive as what they are', async () => {
  const [bytes] = await sending({ topic: 't', value: Uint8Array.of(0, 255) })
  assert.deepEqual([...(bytes?.value ?? [])], [0, 255])
  const [tombstone] = await sending({ topic: 't', key: 'k', value: null })
  assert.equal(tombstone?.value, null)
  const [coded] = await sending(
    { topic: 't', value: 5 },
    { topics: { t: { codec: { encode: () => Buffer.from('five'), decode: () => 5 } } } },
  )
  assert.equal(Buffer.from(coded?.value ?? []).toString(), 'five')
})

for (const [what, message, expected] of [
  ['a topic name that Kafka refuses', { topic: 'a b', value: 1 }, 'WB_MESSAGE_INVALID'],
  ['an undefined value', { topic: 't', value: undefined }, 'WB_MESSAGE_INVALID'],
  ['a numeric key', { topic: 't', key: 5 as unknown as string, value: 1 }, 'WB_MESSAGE_INVALID'],
  ['an unknown field', { topic: 't', value: 1, partition: 3 } as Message, 'WB_MESSAGE_INVALID'],
  ['a reserved header', { topic: 't', value: 1, headers: { Waybill: 'x' } }, 'WB_HEADER_RESERVED'],
  ['a value without JSON form', { topic: 't', value: () => 1 }, 'WB_CODEC_FAILED'],
  ['more bytes than the topic allows', { topic: 't', value: 'x'.repeat(1_048_588) }, 'WB_MESSAGE_TOO_LARGE'],
] as const)
  test(`a bad message fails the business transaction, not the relay: ${what}`, async () => {
    const { waybill, store } = setUp()
    await waybill.start()
    await assert.rejects(
      waybill.transaction((tx) => waybill.send(tx, [{ topic: 't', value: 'good' }, message])),
      code(expected),
    )
    assert.equal(store.waiting().length, 0)
    await waybill.stop()
  })

test('a finished transaction, a store or a foreign object instead of a transaction is refused', async () => {
  const { waybill, store } = setUp()
  await waybill.start()
  let kept: Tx | undefined
  await waybill.transaction(async (tx) => {
    kept = tx
  })
  for (const handle of [kept, store, {}, undefined, null])
    await assert.rejects(waybill.send(handle as Tx, { topic: 't', value: 1 }), code('WB_NOT_IN_TRANSACTION'))
  assert.equal(store.waiting().length, 0)
  await waybill.stop()
})

test('a source that would break the header, unknown options and contradictions are refused with the fix', () => {
  assert.throws(() => setUp({ source: 'my-shop' }), code('WB_SOURCE_INVALID'))
  assert.throws(() => setUp({ source: 'my-shop' }), /"my_shop"/)
  assert.throws(() => setUp({ lane: 4 } as Partial<WaybillOptions<Tx>>), code('WB_OPTION_INVALID'))
  assert.throws(() => setUp({ lanes: 0 }), code('WB_OPTION_INVALID'))
  assert.throws(() => setUp({ relay: { leaseMs: 1_000, leaseMarginMs: 900 } }), code('WB_OPTION_INVALID'))
  assert.throws(() => setUp({ relay: { pollMS: 5 } as object }), code('WB_OPTION_INVALID'))
})

test('a second process with another lane count is refused', async () => {
  const { waybill, options } = setUp()
  await waybill.start()
  const second = createWaybill({ ...options, lanes: 8 })
  await assert.rejects(second.start(), code('WB_LANES_MISMATCH'))
  await waybill.stop()
})

test('start and stop may come in any order and any number of times', async () => {
  const { waybill } = setUp()
  await assert.rejects(
    waybill.transaction(async () => undefined),
    code('WB_STOPPED'),
  )
  await Promise.all([waybill.start(), waybill.start()])
  await Promise.all([waybill.stop(), waybill.stop()])
  await waybill.stop()
  await assert.rejects(waybill.start(), code('WB_STOPPED'))
  const never = setUp()
  await never.waybill.stop()
})

test('an instance that only consumes needs no outbox: an inbox and the transactions of its database', async () => {
  const store = memoryStore({ nowMs: () => 1 })
  const only = { brokers: ['127.0.0.1:1'], inbox: store.inbox, transactions: memoryTransactions(store), log: silentLog }
  const waybill = createWaybill<Tx>(only)
  await waybill.start()
  await assert.rejects(
    waybill.transaction((tx) => waybill.send(tx, { topic: 't', value: 1 })),
    code('WB_OPTION_INVALID'),
  )
  await waybill.stop()
  assert.throws(() => createWaybill({ brokers: ['127.0.0.1:1'], inbox: store.inbox }), code('WB_OPTION_INVALID'))
  await createWaybill({ brokers: ['127.0.0.1:1'] }).stop()
})
