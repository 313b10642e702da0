import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withShop } from './shop.js'
import { waybill } from './waybill-process.js'

test('status tells the whole outbox on one screen', () =>
  withShop(async (shop) => {
    await shop.park()
    await shop.hold({ topic: 'refunds', key: Buffer.from('anna') }, 'INVALID_RECORD: no \u001b[31mschema')
    await shop.send({ topic: 'refunds', key: Buffer.from('anna') })
    await shop.send({ lane: 3 })
    await shop.store.take('relay-1', 3, 60_000)
    await shop.store.take('relay-2', 1, -1)
    shop.sql('UPDATE outbox SET created_at = created_at - 125000 WHERE id = (SELECT min(id) FROM outbox)')
    const { code, stdout } = await waybill(['status'], { WAYBILL_DATABASE: `sqlite:${shop.file}` })
    assert.equal(code, 0)
    assert(stdout.split('\n').length < 24)
    for (const line of [
      /^outbox +shop in sqlite:.*schema 2/,
      /^waiting +3, the oldest for 2 min$/,
      /^in flight +0$/,
      /^held +2 behind 1 refused/,
      /^parked +1 /,
      /^lanes +4, 1 without a relay with 1 waiting$/,
      /^ +relay relay-1: 3, lease 5\d s$/,
      /^alerts +1 open$/,
      /^last error +.*still open: message refused: MESSAGE_TOO_LARGE$/,
    ])
      assert(
        stdout.split('\n').some((text) => line.test(text)),
        `${line.source} in:\n${stdout}`,
      )
    const json = JSON.parse((await waybill(['status', ...shop.args, '-o', 'json'])).stdout) as Record<string, unknown>
    assert.deepEqual(
      [json.source, json.waiting, json.held, json.heldKeys, json.parked, (json.openAlerts as unknown[]).length],
      ['shop', 3, 2, 1, 1, 1],
    )
    const holds = await waybill(['holds', ...shop.args])
    assert.match(holds.stdout, /refunds +anna +2 +1 +.*INVALID_RECORD: no \\x1b\[31mschema/)
    const list = JSON.parse((await waybill(['holds', ...shop.args, '-o', 'json'])).stdout) as { size: number }[]
    assert.equal(list[0]?.size, 2)
  }))

test('alerts are listed newest first and resolved by hand, dry run first', () =>
  withShop(async (shop) => {
    for (const cause of ['one', 'two', 'three'])
      await shop.store.openAlert({ cause, kind: 'truncated', detail: `cause ${cause}` })
    await shop.store.resolveAlert('one')
    const list = await waybill(['alerts', ...shop.args])
    assert.deepEqual(
      [...list.stdout.matchAll(/^(\d+) +(open|resolved) /gm)].map(([, id, state]) => `${id} ${state}`),
      ['3 open', '2 open', '1 resolved'],
    )
    const dry = await waybill(['alerts', 'resolve', ...shop.args, '--id', '1', '--id', '2'])
    assert.match(dry.stdout, /alert 1 is not open\nwould resolve: 1/)
    assert.equal((await shop.store.openAlerts()).length, 2)
    assert.match((await waybill(['alerts', 'resolve', ...shop.args, '--id', '2', '--execute'])).stdout, /resolved: 1/)
    assert.match((await waybill(['alerts', 'resolve', ...shop.args, '--all', '--execute'])).stdout, /resolved: 1/)
    assert.deepEqual(await shop.store.openAlerts(), [])
    assert.equal((await waybill(['alerts', 'resolve', ...shop.args])).code, 2)
  }))
