// The alert `delayed` says why messages wait, as far as the relay knows, and what to do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { type Sender, Stage, topic } from './stage.js'

const deadlineMs = 20_000
const relay = { alertAfterMs: 300 }

/** The alert is open with this text, and ends when the messages go through. */
async function told(sender: Sender, text: RegExp, mend: () => unknown): Promise<void> {
  const { detail } = await sender.alerted('delayed')
  assert.match(detail, /^\d messages wait, the oldest for \d+ s; last cause: /)
  assert.match(detail, text)
  await mend()
  await sender.drained()
  const isOver = async (): Promise<boolean> => sender.alerts.includes('resolved delayed')
  await until(isOver, { what: 'the end of the alert', deadlineMs })
}

for (const [errorCode, text] of [
  [29, /cause: orders\/0: TOPIC_AUTHORIZATION_FAILED.*; grant the relay WRITE on the topic$/],
  [19, /cause: orders\/0: NOT_ENOUGH_REPLICAS.*; start the brokers of its replicas/],
] as const)
  test(`messages that the broker refuses with ${errorCode}`, async (t) => {
    const stage = await Stage.open(t)
    stage.broker.faults.errorNext({ api: 'Produce', count: 10_000, errorCode })
    const sender = await stage.start({ relay })
    await sender.send({ key: 'a', value: 'one' })
    await told(sender, text, () => stage.broker.faults.clear())
  })

test('no broker', async (t) => {
  const stage = await Stage.open(t)
  await stage.broker.stop()
  const sender = await stage.start({ relay })
  await sender.send({ key: 'a', value: 'one' })
  await told(sender, /ECONNREFUSED.*; see whether the brokers run and can be reached from here$/, () =>
    stage.broker.start(),
  )
})

test('a partition without a leader', async (t) => {
  const stage = await Stage.open(t)
  let isElected = false
  const broker = stage.port(({ describeTopic }) => ({
    describeTopic: async (name) => {
      const view = await describeTopic(name, { fresh: true })
      const leaderless = view?.partitions.map((partition) => ({ ...partition, leader: -1 })) ?? []
      return view && !isElected ? { ...view, partitions: leaderless } : view
    },
  }))
  const sender = await stage.start({ relay, brokers: broker })
  await sender.send({ key: 'a', value: 'one' })
  await told(sender, /cause: orders\/0 has no leader; start the brokers of its replicas$/, () => (isElected = true))
})

test('a topic that does not exist', async (t) => {
  const stage = await Stage.open(t)
  const sender = await stage.start({ relay })
  const { waybill } = sender
  await waybill.transaction((tx) => waybill.send(tx, { topic: 'odrers', key: 'a', value: 1 }))
  const { detail } = await sender.alerted('delayed')
  assert.match(detail, /cause: topic odrers does not exist; create it, or correct its name$/)
})

test('held keys', async (t) => {
  const stage = await Stage.open(t)
  await stage.admin.alterTopic(topic, { 'max.message.bytes': '1000' })
  const sender = await stage.start({ relay: { alertAfterMs: 1_000 }, topics: { [topic]: { maxMessageBytes: 10_000 } } })
  await sender.send({ key: 'a', value: 'x'.repeat(3_000) }, { key: 'a', value: 'behind' })
  const { detail } = await sender.alerted('delayed')
  assert.match(detail, /2 of them are held behind a refused one; see the alert rejected$/)
})
