import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { webhookSink } from '../../src/alerts.js'
import { signature } from '../../src/alerts/signature.js'
import type { Alert } from '../../src/ports/outbox-store.js'
import { isGenuine, receiver, status } from './webhook-receiver.js'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const alert: Alert = {
  ...{ id: 7, cause: 'outbox delayed', kind: 'delayed', detail: '3 messages wait — "the oldest" for 31 s' },
  ...{ openedAtMs: 1_700_000_000_000, resolvedAtMs: 1_700_000_060_000 },
}
const never = new AbortController().signal

test("the signature is that of the specification's own example", () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  assert.equal(
    signature(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}'),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('an alert arrives as signed JSON, each state under an id of its own that a repeat keeps', async () => {
  const hook = await receiver((_, response) => status(response, 204))
  try {
    const sink = webhookSink({ url: hook.url, secret, headers: { Authorization: 'Bearer x' } })
    for (const state of ['opened', 'opened', 'resolved'] as const) await sink.deliver(alert, state, never)
    const [first, again, resolved] = hook.arrivals
    assert(first && again && resolved)
    for (const arrival of hook.arrivals) assert(await isGenuine(arrival, secret))
    assert(!(await isGenuine({ ...first, body: first.body.replace('31', '30') }, secret)), 'a changed body is noticed')
    assert(!(await isGenuine(first, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')))
    const stamped = Math.abs(Number(first.headers['webhook-timestamp']) * 1000 - Date.now())
    assert(stamped < 60_000, 'receivers refuse old timestamps')
    assert.equal(first.headers['webhook-id'], again.headers['webhook-id'])
    assert.notEqual(first.headers['webhook-id'], resolved.headers['webhook-id'])
    assert.equal(first.headers.authorization, 'Bearer x')
    const data = { id: 7, kind: 'delayed', cause: 'outbox delayed', detail: alert.detail }
    const openedAt = '2023-11-14T22:13:20.000Z'
    assert.deepEqual(JSON.parse(first.body), {
      type: 'waybill.alert.opened',
      timestamp: openedAt,
      data: { ...data, state: 'opened', openedAt, resolvedAt: null },
    })
    const resolvedAt = '2023-11-14T22:14:20.000Z'
    assert.deepEqual(JSON.parse(resolved.body), {
      type: 'waybill.alert.resolved',
      timestamp: resolvedAt,
      data: { ...data, state: 'resolved', openedAt, resolvedAt },
    })
  } finally {
    await hook.close()
  }
})

test('only a 2xx answer means delivered: errors and redirects are failed tries, and no redirect is followed', async () => {
  const codes = [500, 404, 302, 307, 429, 304]
  const elsewhere = await receiver((_, response) => status(response, 200))
  const hook = await receiver((index, response) => status(response, codes[index] ?? 200, { location: elsewhere.url }))
  try {
    const sink = webhookSink({ url: hook.url, secret })
    for (const code of codes)
      await assert.rejects(sink.deliver(alert, 'opened', never), (error: Error) => {
        assert(error.message.includes(String(code)), error.message)
        assert(!/token-1|whsec/.test(error.message), 'neither path nor secret in the log')
        return true
      })
    await sink.deliver(alert, 'opened', never)
    assert.equal(elsewhere.arrivals.length, 0)
  } finally {
    await hook.close()
    await elsewhere.close()
  }
})

test('a receiver that does not answer, hangs up or is not there is a failed try in time', {
  timeout: 20_000,
}, async () => {
  const silent = await receiver(() => {})
  const rude = await receiver((_, response) => response.destroy())
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  try {
    await assert.rejects(
      webhookSink({ url: silent.url, secret, timeoutMs: 50 }).deliver(alert, 'opened', never),
      /did not answer within 50 ms/,
    )
    await assert.rejects(webhookSink({ url: rude.url, secret }).deliver(alert, 'opened', never), /was not reached/)
    await assert.rejects(
      webhookSink({ url: `http://127.0.0.1:${port}/token-1`, secret }).deliver(alert, 'opened', never),
      (error: Error) => /ECONNREFUSED/.test(error.message) && !/token-1/.test(error.message),
    )
    const stop = new AbortController()
    const ended = webhookSink({ url: silent.url, secret }).deliver(alert, 'opened', stop.signal)
    stop.abort()
    await assert.rejects(ended)
  } finally {
    await silent.close()
    await rude.close()
  }
})

test('a webhook that could not work or would leak is refused when it is made', () => {
  const good = { url: 'https://pager.example/hook', secret }
  webhookSink(good)
  webhookSink({ ...good, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` })
  for (const over of [
    { url: 'pager.example/hook' },
    { url: 'ftp://pager.example' },
    { url: 'https://user:word@pager.example' },
    { secret: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    { secret: 'whsec_short' },
    { secret: `whsec_${Buffer.alloc(65).toString('base64')}` },
    { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZ!o2LaLaSw' },
    { headers: { 'Webhook-Id': 'x' } },
  ])
    assert.throws(
      () => webhookSink({ ...good, ...over }),
      (error: Error) => error.message.startsWith('WB_OPTION_INVALID') && !/user:word|MfKQ/.test(error.message),
      JSON.stringify(over),
    )
})
