import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Waybill } from 'waybill'
import { until } from '../../src/cluster/until.js'
import type { Library, Open, Order } from './library.js'
import { type Delivered, hex, type Scene } from './stage.js'

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const mebibyte = Buffer.alloc(1_048_576, everyByte)

/** The promises of an adapter, kept on a real server and delivered to a broker. */
export function promises<Tx>(name: string, open: Open<Tx>, sceneOf: () => Promise<Scene>): void {
  describe(name, () => {
    let actors: Actors<Tx> | undefined
    const given = (): Actors<Tx> => {
      assert.ok(actors)
      return actors
    }
    before(async () => {
      const scene = await sceneOf()
      const library = await open(scene.url)
      actors = { scene, library, waybill: await scene.start(library.transactions) }
    })
    after(async () => {
      await actors?.waybill.stop()
      await actors?.library.close()
      await actors?.scene.close()
    })
    test('a committed transaction: the order is there, its messages arrive in order and byte for byte', () =>
      committed(given()))
    test('a rolled back transaction or savepoint: neither order nor message', () => rolledBack(given()))
    test('waybill.transaction commits with the library, and rolls back what its callback failed at', () =>
      owned(given()))
    test('a statement that failed and was caught: no success is reported', () => swallowed(given()))
    test('what is no open transaction is refused, with the fix, and nothing is written', () => refused(given()))
    test('a forgotten await on send never writes a message on its own', () => forgotten(given()))
    const skip =
      name.includes('postgres.js') && 'postgres.js 3.4.9 writes its ROLLBACK to the closed socket: uncaught TypeError'
    test('a connection that breaks in a transaction fails it, and the next one works', { skip }, () => breaks(given()))
    test('inbox: one effect for each message, in the transaction of the library', () => inbox(given()))
  })
}

interface Actors<Tx> {
  readonly scene: Scene
  readonly library: Library<Tx>
  readonly waybill: Waybill<Tx>
}

let orders = 0
const orderOf = (item: string): Order => ({ id: `order-${String(++orders).padStart(4, '0')}`, item, cents: 1900 })

async function isThere({ scene }: { readonly scene: Scene }, order: Order): Promise<boolean> {
  return (await scene.query('SELECT 1 FROM orders WHERE id = $1', [order.id])).length === 1
}

/** What arrived since; keys have no order between them. */
async function arrived<Tx>({ scene, waybill }: Actors<Tx>, from: number): Promise<readonly Delivered[]> {
  return (await scene.delivered(waybill, from)).toSorted((a, b) => String(a.key).localeCompare(String(b.key)))
}

async function committed<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const order = orderOf('lamp')
  await library.begin(async (tx) => {
    await library.order(tx, order)
    await waybill.send(tx, [
      { topic, key: everyByte, value: everyByte, headers: { bytes: everyByte, text: 'é' } },
      { topic, key: everyByte, value: mebibyte },
      { topic, key: everyByte, value: null },
    ])
    await waybill.send(tx, { topic, key: everyByte, value: new Uint8Array() })
  })
  assert.ok(await isThere(actors, order))
  const key = hex(everyByte)
  assert.deepEqual(await arrived(actors, deliveredCount), [
    { key, value: key, headers: { bytes: key, text: 'c3a9' } },
    { key, value: hex(mebibyte), headers: {} },
    { key, value: null, headers: {} },
    { key, value: '', headers: {} },
  ])
  await library.begin((tx) => waybill.send(tx, { topic, value: 'without a key' }))
  const value = hex(Buffer.from('without a key'))
  const [keyless] = await arrived(actors, deliveredCount + 4)
  assert.deepEqual(keyless, { key: null, value, headers: {} })
}

async function rolledBack<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const [gone, half, kept, inner] = [orderOf('gone'), orderOf('half'), orderOf('kept'), orderOf('inner')]
  const place = async (tx: Tx, order: Order): Promise<void> => {
    await library.order(tx, order)
    await waybill.send(tx, { topic, key: order.id, value: order.item })
  }
  const fails = async (tx: Tx, order: Order): Promise<void> => {
    await place(tx, order)
    throw new Error('business fails')
  }
  await assert.rejects(
    library.begin((tx) => fails(tx, gone)),
    /business fails/,
  )
  await library.begin(async (tx) => {
    await place(tx, kept)
    await assert.rejects(
      library.nested(tx, (savepoint) => fails(savepoint, half)),
      /business fails/,
    )
    await library.nested(tx, (savepoint) => place(savepoint, inner))
  })
  const there = await Promise.all([gone, half, kept, inner].map((order) => isThere(actors, order)))
  assert.deepEqual(there, [false, false, true, true])
  assert.deepEqual(
    await arrived(actors, deliveredCount),
    [kept, inner].map(({ id, item }) => ({ key: hex(Buffer.from(id)), value: hex(Buffer.from(item)), headers: {} })),
  )
}

async function owned<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const [kept, gone] = [orderOf('kept'), orderOf('gone')]
  const place = async (tx: Tx, order: Order): Promise<string> => {
    await library.order(tx, order)
    await waybill.send(tx, { topic, key: order.id, value: order.item })
    return order.id
  }
  assert.equal(await waybill.transaction((tx) => place(tx, kept)), kept.id)
  const failing = waybill.transaction(async (tx) => {
    await place(tx, gone)
    throw new Error('business fails')
  })
  await assert.rejects(failing, /business fails/)
  assert.deepEqual([await isThere(actors, kept), await isThere(actors, gone)], [true, false])
  assert.equal((await arrived(actors, deliveredCount)).length, 1)
}

async function swallowed<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const order = orderOf('lost')
  const said = waybill.transaction(async (tx) => {
    await library.order(tx, order)
    await waybill.send(tx, { topic, key: order.id, value: order.item })
    await assert.rejects(library.fail(tx))
    return 'placed'
  })
  await assert.rejects(said)
  assert.equal(await isThere(actors, order), false)
  assert.deepEqual(await arrived(actors, deliveredCount), [])
}

async function refused<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const finished = await waybill.transaction(async (tx) => tx)
  const wrong = [
    ...library.wrong,
    [finished, /this transaction is not open/],
    [{}, /an object of class Object is no /],
    [undefined, /undefined is no /],
  ] as const
  for (const [value, message] of wrong) {
    const sending = waybill.send(value as Tx, { topic, key: 'k', value: 'on its own' })
    await assert.rejects(sending, { code: 'WB_NOT_IN_TRANSACTION', message })
    await assert.rejects(sending, { message: /waybill\.transaction/ })
  }
  const own = await library.begin(async (tx) => tx)
  await assert.rejects(waybill.send(own, { topic, key: 'k', value: 'on its own' }), { code: 'WB_NOT_IN_TRANSACTION' })
  assert.deepEqual(await arrived(actors, deliveredCount), [])
}

/** The callback ends while the message is still under way to the database, after a varying number of turns. */
async function forgotten<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic, deliveredCount } = scene
  const outcomes: Promise<unknown>[] = []
  for (let turns = 0; turns < 8; turns++) {
    const fails = library.begin(async (tx) => {
      await library.order(tx, orderOf('forgotten'))
      const late = async (): Promise<void> => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve()
        await waybill.send(tx, { topic, key: 'k', value: 'on its own' })
      }
      outcomes.push(late().catch((error: unknown) => error))
      throw new Error('business fails')
    })
    await assert.rejects(fails, /business fails/)
  }
  assert.deepEqual(await arrived(actors, deliveredCount), [])
}

async function breaks<Tx>({ scene, library: { transactions } }: Actors<Tx>): Promise<void> {
  const broken = transactions.run(async (tx) => {
    const [row] = await transactions.execute(tx, 'SELECT pg_backend_pid()::text AS pid', [])
    await scene.query('SELECT pg_terminate_backend($1::int)', [row?.pid])
    await transactions.execute(tx, 'SELECT pg_sleep(20)::text AS slept', [])
  })
  await assert.rejects(broken)
  assert.deepEqual(await transactions.run((tx) => transactions.execute(tx, 'SELECT 1 AS one', [])), [{ one: 1 }])
}

async function inbox<Tx>(actors: Actors<Tx>): Promise<void> {
  const { scene, library, waybill } = actors
  const { topic } = scene
  const placed = [orderOf('a'), orderOf('b'), orderOf('c')]
  let tries = 0
  const ids = new Set(placed.map(({ id }) => id))
  const invoiced = (): Promise<readonly { orderId: string }[]> =>
    scene.query<{ orderId: string }>('SELECT "orderId" FROM invoices ORDER BY id')
  const consumer = await waybill.consume({
    group: `billing-${topic}`,
    topics: [topic],
    inbox: true,
    backoffMinMs: 5,
    handle: async (message, { tx }) => {
      if (message.key === null || !ids.has(Buffer.from(message.key).toString())) return
      await library.invoice(tx, message.json<Order>())
      if (++tries === 1) throw new Error('after the effect')
    },
  })
  await library.begin((tx) =>
    waybill.send(
      tx,
      placed.map((value) => ({ topic, key: value.id, value })),
    ),
  )
  const all = async (): Promise<boolean> => (await invoiced()).length === placed.length
  await until(all, { what: 'an invoice for each order', deadlineMs: 20_000, everyMs: 20 })
  await consumer.stop()
  assert.deepEqual((await invoiced()).map(({ orderId }) => orderId).sort(), [...ids].sort())
  assert.equal(tries, placed.length + 1)
  await again(actors)
}

/** The second delivery of a message, in a transaction of the library. */
async function again<Tx>({ scene, library: { transactions } }: Actors<Tx>): Promise<void> {
  const entry = { group: 'billing', source: 'shop', messageId: '0190a1b2c3d47890a1b2c3d4e5f60718', timeMs: Date.now() }
  const accept = (): Promise<boolean> => transactions.run((tx) => scene.store.inbox.accept(transactions, tx, entry))
  assert.deepEqual([await accept(), await accept()], [true, false])
  const unsafe = transactions.run(async (tx) => {
    await transactions.execute(tx, 'SET LOCAL synchronous_commit TO off', [])
    await scene.store.inbox.accept(transactions, tx, { ...entry, group: 'other' })
  })
  await assert.rejects(unsafe, { code: 'WB_STORE_UNSAFE' })
}
