import assert from 'node:assert/strict'
import type { StorePromise } from './harness.js'
import { longMs } from './scene.js'

const late = { cause: 'late orders', kind: 'late', detail: 'oldest row waits for 31 s' }
const hold = { cause: 'hold orders 17', kind: 'hold', detail: 'RECORD_TOO_BIG' }
/** Longer than two calls take on a slow machine. */
const shortMs = 300

/** What alerts promise. */
export const alertCases: readonly StorePromise[] = [
  {
    name: 'an alert is opened once per cause, by two relays at once too, and again after it was resolved',
    async keep({ store, peer }) {
      await Promise.all([
        store.openAlert(late),
        peer.store.openAlert(late),
        store.openAlert({ ...late, detail: 'again' }),
      ])
      await store.openAlert(hold)
      const open = await peer.store.openAlerts()
      assert.deepEqual(
        open.map((alert) => alert.cause),
        [late.cause, hold.cause],
      )
      assert.deepEqual([open[1]?.kind, open[1]?.detail, open[1]?.resolvedAtMs], [hold.kind, hold.detail, null])
      await store.resolveAlert(late.cause)
      await store.resolveAlert('no such cause')
      assert.deepEqual(
        (await store.openAlerts()).map((alert) => alert.cause),
        [hold.cause],
      )
      await store.openAlert(late)
      const again = await store.openAlerts()
      assert.deepEqual(
        again.map((alert) => alert.cause),
        [hold.cause, late.cause],
      )
      assert(!open.some((alert) => alert.id === again[1]?.id), 'a new alert, not the old one')
    },
  },
  {
    name: 'an alert is delivered to each sink until that sink confirmed it',
    async keep({ store, peer, passTime }) {
      await store.openAlert(late)
      const [first] = await store.dueAlerts('webhook', shortMs, 10)
      assert.deepEqual([first?.alert.cause, first?.state, first?.tries], [late.cause, 'opened', 1])
      assert.deepEqual(await peer.store.dueAlerts('webhook', shortMs, 10), [], 'reserved')
      assert.equal((await peer.store.dueAlerts('log', longMs, 10)).length, 1, 'another sink has its own delivery')
      await passTime(shortMs + 1)
      const [second] = await peer.store.dueAlerts('webhook', shortMs, 10)
      assert.deepEqual([second?.alert.id, second?.tries], [first?.alert.id, 2], 'the reservation lapsed')
      await peer.store.alertDelivered('webhook', second?.alert.id ?? -1, 'opened')
      await passTime(shortMs + 1)
      assert.deepEqual(await store.dueAlerts('webhook', shortMs, 10), [])
    },
  },
  {
    name: 'an alert resolved before its opening was delivered is delivered as both, in order',
    async keep({ store }) {
      await store.openAlert(late)
      await store.resolveAlert(late.cause)
      const states: string[] = []
      for (
        let due = await store.dueAlerts('log', longMs, 10);
        due.length > 0;
        due = await store.dueAlerts('log', longMs, 10)
      )
        for (const { alert, state } of due) {
          assert.equal(typeof alert.resolvedAtMs, 'number')
          states.push(state)
          await store.alertDelivered('log', alert.id, state)
        }
      assert.deepEqual(states, ['opened', 'resolved'])
    },
  },
  {
    name: 'a resolution is not delivered while its opening is under way elsewhere',
    async keep({ store, peer }) {
      await store.openAlert(late)
      assert.equal((await store.dueAlerts('log', longMs, 10)).length, 1)
      await store.resolveAlert(late.cause)
      assert.deepEqual(await peer.store.dueAlerts('log', longMs, 10), [])
    },
  },
  {
    name: 'deliveries asked for by two relays at once go to one each, at most the limit',
    async keep({ store, peer }) {
      for (let i = 0; i < 6; i++) await store.openAlert({ ...hold, cause: `hold ${i}` })
      const due = await Promise.all([store.dueAlerts('log', longMs, 4), peer.store.dueAlerts('log', longMs, 4)])
      assert(due.every((some) => some.length <= 4))
      assert.deepEqual(
        due
          .flat()
          .map(({ alert }) => alert.cause)
          .toSorted(),
        Array.from({ length: 6 }, (_, i) => `hold ${i}`),
      )
    },
  },
]
