import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { withShop } from './shop.js'
import { waybill } from './waybill-process.js'

interface Listed {
  readonly parked: readonly { readonly id: number; readonly messageId: string; readonly topic: string }[]
  readonly next: number | null
}

const nasty = '\u001b]0;owned\u0007\u001b[2J\u202egnp.exe\r\nnext'

test('parked messages are listed page by page, and nothing in them reaches the terminal raw', () =>
  withShop(async (shop) => {
    const ids: number[] = []
    for (let i = 0; i < 25; i++) ids.push((await shop.park({ topic: i % 2 === 0 ? 'orders' : 'refunds' })).rowId)
    const evil = await shop.park(
      { key: Buffer.from(nasty), headers: [[nasty, Buffer.from(nasty)]], value: Buffer.from(nasty) },
      nasty,
    )
    const list = async (...args: string[]): Promise<Listed> =>
      JSON.parse((await waybill(['parked', 'list', ...shop.args, '-o', 'json', ...args])).stdout) as Listed
    const first = await list('--limit', '22')
    assert.deepEqual([first.parked.map(({ id }) => id), first.next], [ids.slice(0, 22), ids[21]])
    const rest = await list('--after', String(first.next))
    assert.deepEqual([rest.parked.map(({ id }) => id), rest.next], [[...ids.slice(22), evil.rowId], null])
    const refunds = await list('--topic', 'refunds')
    assert.equal(refunds.parked.length, 12)
    const id = ['--id', String(evil.rowId)]
    const outputs = await Promise.all([
      waybill(['parked', ...shop.args]),
      waybill(['parked', 'show', ...shop.args, ...id]),
      waybill(['parked', 'show', ...shop.args, ...id, '-o', 'json']),
      waybill(['parked', 'discard', ...shop.args, ...id, '--why', 'x']),
    ])
    for (const { code, stdout } of outputs) {
      assert.equal(code, 0)
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
    }
    assert.match(outputs[1].stdout, /^key +\\x1b\]0;owned\\x07.*\\u\{202e\}gnp\.exe\\x0d\\x0anext$/m)
    const shown = JSON.parse(outputs[2].stdout) as { key: { text: string; base64: string } }
    assert.deepEqual(
      [shown.key.text, Buffer.from(shown.key.base64, 'base64').toString()],
      [nasty, nasty],
      'the same for programs',
    )
  }))

test('a message is shown with headers and value, bytes that are no text as hex', () =>
  withShop(async (shop) => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    const { rowId, messageId } = await shop.park({ key: bytes, headers: [['trace', Buffer.from('abc')]] })
    const { stdout } = await waybill(['parked', 'show', ...shop.args, '--id', String(rowId)])
    assert.match(stdout, new RegExp(`^message id +${messageId}$`, 'm'))
    assert.match(stdout, /^key +0xff00fe$/m)
    assert.match(stdout, /^header trace +abc$/m)
    assert.match(stdout, /^value +7 bytes\n\n\{"a":1\}$/m)
    const none = await waybill(['parked', 'show', ...shop.args, '--id', '999'])
    assert.deepEqual([none.code, none.stdout], [1, 'message 999 is not parked\n'])
  }))

test('requeue shows what it would do, and with --execute the message waits again and its alert ends', () =>
  withShop(async (shop) => {
    const one = await shop.park()
    const two = await shop.park({ topic: 'refunds' })
    const dry = await waybill(['parked', 'requeue', ...shop.args, '--id', `${one.rowId},777`])
    assert.equal(dry.code, 0)
    assert.match(dry.stdout, /message 777 is not parked\nwould requeue: 1\. Nothing was changed/)
    assert.equal((await shop.store.backlog()).parked, 2)
    const done = await waybill(['parked', 'requeue', ...shop.args, '--id', String(one.rowId), '--execute'])
    assert.match(done.stdout, /requeued: 1/)
    const { parked, waiting } = await shop.store.backlog()
    assert.deepEqual([parked, waiting], [1, 1])
    assert.deepEqual(
      (await shop.store.openAlerts()).map(({ cause }) => cause),
      [`rejected ${two.messageId}`],
    )
    const all = await waybill(['parked', 'requeue', ...shop.args, '--topic', 'refunds', '--execute', '-o', 'json'])
    assert.deepEqual((JSON.parse(all.stdout) as { done: number[] }).done, [two.rowId])
  }))

test('discard asks why and notes who, and a second time there is nothing to do', () =>
  withShop(async (shop) => {
    const { rowId, messageId } = await shop.park()
    const args = ['parked', 'discard', ...shop.args, '--all']
    const without = await waybill([...args, '--execute'])
    assert.deepEqual([without.code, /--why is missing/.test(without.stderr)], [2, true])
    assert.match((await waybill([...args, '--why', 'test data'])).stdout, /would discard: 1/)
    assert.equal((await shop.store.backlog()).parked, 1)
    assert.match((await waybill([...args, '--why', 'test data', '--execute'])).stdout, /discarded: 1/)
    assert.match((await waybill([...args, '--why', 'test data', '--execute'])).stdout, /discarded: 0/)
    const [note] = shop.rows('SELECT id, hex(message_id) AS message, who, why FROM outbox_discarded')
    const who = `${userInfo().username}@${hostname()}`
    assert.deepEqual({ ...note }, { id: rowId, message: messageId.toUpperCase(), who, why: 'test data' })
    assert.deepEqual(await shop.store.openAlerts(), [])
  }))

test('messages are chosen one way only', () =>
  withShop(async (shop) => {
    for (const more of [[], ['--all', '--id', '1'], ['--topic', 't', '--all']])
      assert.equal((await waybill(['parked', 'requeue', ...shop.args, ...more])).code, 2)
  }))
