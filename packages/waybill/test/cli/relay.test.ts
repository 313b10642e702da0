import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { parseExposition } from '../telemetry/exposition-parser.js'
import { isGenuine, receiver, status } from '../alerts/webhook-receiver.js'
import type { Arrival } from '../alerts/webhook-receiver.js'
import { withShop } from './shop.js'
import type { Shop } from './shop.js'
import { ended, start, until, waybill } from './waybill-process.js'

// No Kafka is needed here: nothing listens on port 1. The daemon with a broker is tested in lab/test/cli.
const brokers = ['--brokers', '127.0.0.1:1']
const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('the daemon lives without Kafka, says that it waits, is not ready, and ends at once on SIGTERM', () =>
  withShop(async (shop) => {
    await shop.send()
    const port = await freePort()
    const child = start(['relay', ...shop.args, ...brokers, '--listen', `127.0.0.1:${port}`])
    const end = ended(child)
    const get = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${path}`, init)
    try {
      await until('live', async () => (await get('/live').catch(() => undefined))?.ok || undefined)
      const ready = await until('a reason', async () => {
        const answer = await get('/ready')
        const body = (await answer.json()) as { ready: boolean; reasons: string[]; kafka: string; lanesHeld: number }
        return body.kafka === 'unreachable' ? { status: answer.status, ...body } : undefined
      })
      assert.deepEqual([ready.status, ready.ready, ready.lanesHeld], [503, false, 0])
      assert.match(ready.reasons.join(), /no lane is leased yet, 4 of 4 are free \(Kafka: unreachable\)/)
      const metrics = await get('/metrics')
      assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
      const all = parseExposition(await metrics.text())
      const value = (name: string): number | undefined => all.get(name)?.samples[0]?.value
      assert.deepEqual(
        ['waybill_store_up', 'waybill_kafka_reachable', 'waybill_outbox_waiting', 'waybill_lanes_unowned'].map(value),
        [1, 0, 1, 4],
      )
      assert.equal((await get('/metrics', { method: 'HEAD' })).status, 200)
      assert.deepEqual([(await get('/')).status, (await get('/live', { method: 'POST' })).status], [404, 405])
    } finally {
      child.kill('SIGTERM')
    }
    const { code, stderr } = await end
    assert.equal(code, 0, stderr)
    assert.match(stderr, /waiting for Kafka/)
    assert.match(stderr, /relay stopped/)
  }))

test('the daemon refuses what waiting does not mend: no tables, an unknown setting, a port that is taken', () =>
  withShop(async (shop) => {
    const args = ['relay', ...shop.args, ...brokers]
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const [tables, setting, listen] = await Promise.all([
      waybill([...args, '--prefix', 'other', '--listen', 'none']),
      waybill([...args, '--set', 'leaseMS=5000', '--listen', 'none']),
      waybill([...args, '--listen', String(port)]),
    ])
    await new Promise((resolve) => taken.close(resolve))
    assert.deepEqual([tables.code, setting.code, listen.code], [1, 2, 2])
    assert.match(tables.stderr, /WB_SCHEMA_MISSING.*waybill migrate/)
    assert.match(setting.stderr, /WB_OPTION_INVALID.*unknown relay option "leaseMS"/)
    assert.match(listen.stderr, /WB_OPTION_INVALID.*EADDRINUSE.*--listen/)
  }))

/** A daemon that opens an alert for every message that waits and delivers it to the webhook. */
function alerting(shop: Shop, url: string): ReturnType<typeof start> {
  const settings = ['--listen', 'none', '--alert-webhook', url, '--set', 'alertAfterMs=1']
  return start(['relay', ...shop.args, ...brokers, ...settings], { WAYBILL_ALERT_SECRET: secret })
}

/** Time passes for reservations: a try is due again 30 s after the last one, by the database clock. */
function letReservationsLapse(shop: Shop): void {
  shop.sql('UPDATE outbox_alert_delivery SET reserved_until = 0')
}

const stateOf = ({ body }: Arrival): string => (JSON.parse(body) as { data: { state: string } }).data.state

async function genuine(arrivals: readonly Arrival[]): Promise<void> {
  assert((await Promise.all(arrivals.map((arrival) => isGenuine(arrival, secret)))).every(Boolean))
}

test(
  'a webhook that fails three times, then works, gets every alert, opened before resolved',
  { timeout: 120_000 },
  () =>
    withShop(async (shop) => {
      await shop.send()
      const hook = await receiver((index, response) => status(response, index < 3 ? 500 : 200))
      const child = alerting(shop, hook.url)
      const end = ended(child)
      try {
        for (const tries of [1, 2, 3, 4]) {
          await until(`try ${tries}`, () => hook.arrivals.length >= tries || undefined)
          letReservationsLapse(shop)
        }
        // What a sent message leaves: the cause is gone.
        shop.sql('DELETE FROM outbox')
        await until('resolved', () => hook.arrivals.some((arrival) => stateOf(arrival) === 'resolved') || undefined)
        await genuine(hook.arrivals)
        const states = hook.arrivals.map(stateOf)
        assert.deepEqual(states.slice(0, 4), ['opened', 'opened', 'opened', 'opened'])
        assert.equal(states.lastIndexOf('opened'), states.indexOf('resolved') - 1)
        const ids = hook.arrivals.map(({ headers }) => headers['webhook-id'])
        assert.equal(new Set(ids).size, 2, 'one id for each state')
        await until('both are confirmed', () => {
          const rows = shop.rows("SELECT state FROM outbox_alert_delivery WHERE delivered = 1 AND sink = 'webhook'")
          return rows.length === 2 || undefined
        })
      } finally {
        child.kill('SIGTERM')
        await hook.close()
      }
      const { code, stderr } = await end
      assert.equal(code, 0)
      for (const state of ['opened', 'resolved'])
        assert.match(stderr, new RegExp(`"message":"alert ${state}"`), "the daemon's log tells it, too")
    }),
)

test(
  'an alert whose relay is killed between opening and delivery is delivered by the next one',
  { timeout: 120_000 },
  () =>
    withShop(async (shop) => {
      await shop.send()
      let isAnswering = false
      const hook = await receiver((_, response) => {
        if (isAnswering) status(response, 200)
      })
      const first = alerting(shop, hook.url)
      const killed = ended(first)
      let second: ReturnType<typeof start> | undefined
      try {
        await until('the request that is never answered', () => hook.arrivals.length > 0 || undefined)
        first.kill('SIGKILL')
        await killed
        assert.equal((await shop.store.openAlerts()).length, 1)
        assert.deepEqual(shop.rows("SELECT delivered FROM outbox_alert_delivery WHERE sink = 'webhook'"), [
          { delivered: 0 },
        ])
        // The cause ends while nobody runs: both states are still owed, in order.
        shop.sql('DELETE FROM outbox')
        await shop.store.resolveAlert('outbox delayed')
        letReservationsLapse(shop)
        isAnswering = true
        const before = hook.arrivals.length
        second = alerting(shop, hook.url)
        const end = ended(second)
        await until('both states', () => hook.arrivals.length >= before + 2 || undefined)
        second.kill('SIGTERM')
        assert.equal((await end).code, 0)
        assert.deepEqual(hook.arrivals.slice(before).map(stateOf), ['opened', 'resolved'])
        await genuine(hook.arrivals)
      } finally {
        first.kill('SIGKILL')
        second?.kill('SIGKILL')
        await hook.close()
      }
    }),
)
