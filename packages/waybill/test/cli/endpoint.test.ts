import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, isLoopback, listenOf } from '../../src/cli/endpoint.js'
import type { Answer } from '../../src/cli/endpoint.js'
import { systemClock } from '../../src/system/clock.js'

test('addresses are read as people write them, and loopback is the default', () => {
  assert.deepEqual(listenOf('9464'), { host: '127.0.0.1', port: 9464 })
  assert.deepEqual(listenOf('0.0.0.0:80'), { host: '0.0.0.0', port: 80 })
  assert.deepEqual(listenOf('[::1]:9464'), { host: '::1', port: 9464 })
  assert.equal(listenOf('none'), undefined)
  for (const bad of ['', 'x', ':1', '1.2.3.4:65536', '::1:80', 'a b:1'])
    assert.throws(() => listenOf(bad), /--listen/, bad)
  assert.deepEqual(
    ['127.0.0.1:1', '[::1]:1', 'localhost:1', '0.0.0.0:1', '10.0.0.1:1'].map((text) =>
      isLoopback(listenOf(text) ?? assert.fail(text)),
    ),
    [true, true, true, false, false],
  )
})

test('an answer that does not come in time is 503, one that fails is 500, and closing waits for nobody', async () => {
  const clock = { ...systemClock, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(50, signal) }
  const routes = new Map<string, () => Promise<Answer>>([
    ['/hangs', () => new Promise<Answer>(() => {})],
    ['/fails', () => Promise.reject(new Error('broken'))],
  ])
  const endpoint = new Endpoint(routes, clock)
  const port = await endpoint.listen({ host: '127.0.0.1', port: 0 })
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
  try {
    assert.equal((await get('/hangs?x=1')).status, 503)
    const failed = await get('/fails')
    assert.deepEqual([failed.status, await failed.text()], [500, 'broken\n'])
    const other = new Endpoint(routes, clock)
    await assert.rejects(other.listen({ host: '127.0.0.1', port }), { code: 'WB_OPTION_INVALID' })
    await other.close()
  } finally {
    const open = get('/hangs').catch(() => undefined)
    await endpoint.close()
    await open
  }
})
