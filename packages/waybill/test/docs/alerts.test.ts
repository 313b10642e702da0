import assert from 'node:assert/strict'
import { test } from 'node:test'
import { webhookSink } from '../../src/alerts.js'
import { isGenuine, receiver, status } from '../alerts/webhook-receiver.js'
import { page } from './markdown.js'

test('the request in docs/alerts.md is what a webhook gets, and its signature is right', async () => {
  const { text } = page('docs/alerts.md')
  const [, secret = ''] = /`(whsec_[^` ]+)`:/.exec(text) ?? []
  const [, block = ''] = /```text\nPOST [^\n]+\n(.*?)```/s.exec(text) ?? []
  const [head = '', body = ''] = block.trimEnd().split('\n\n')
  const headers = Object.fromEntries(head.split('\n').map((line) => line.split(': ') as [string, string]))
  assert(await isGenuine({ headers, body }, secret))
  const { data } = JSON.parse(body) as {
    data: { id: number; kind: string; cause: string; detail: string; openedAt: string }
  }
  const { id, kind, cause, detail } = data
  const hook = await receiver((_, response) => status(response, 200))
  try {
    const alert = { id, kind, cause, detail, openedAtMs: Date.parse(data.openedAt), resolvedAtMs: null }
    const clock = {
      monotonicMs: () => 0,
      wallMs: () => Number(headers['webhook-timestamp']) * 1000,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve())),
    }
    await webhookSink({ url: hook.url, secret, clock }).deliver(alert, 'opened', new AbortController().signal)
    const [arrival] = hook.arrivals
    assert.equal(arrival?.body, body)
    for (const [name, value] of Object.entries(headers)) assert.equal(arrival.headers[name], value, name)
  } finally {
    await hook.close()
  }
})
