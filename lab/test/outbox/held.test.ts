// A message that Kafka refuses and takes later: its key waits, others flow, and the alert ends by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { Stage, topic } from './stage.js'

const deadlineMs = 20_000
const large = 'x'.repeat(3_000)
/** Whoever only enqueues may not know yet that the limit was lowered: the relay meets such a message all the same. */
const topics = { [topic]: { maxMessageBytes: 1_000_000, onReject: 'hold-key' } } as const

test('a held message that Kafka takes after all goes through with what waited behind it, and its alert ends and is delivered', async (t) => {
  const stage = await Stage.open(t)
  await stage.admin.alterTopic(topic, { 'max.message.bytes': '1000' })
  const first = await stage.start({ topics })
  await first.send({ key: 'held', value: large }, { key: 'held', value: 'behind' }, { key: 'other', value: 'flows' })
  const { detail } = await first.alerted('rejected')
  assert.match(detail, /\(orders, key held\) was refused: MESSAGE_TOO_LARGE.*policy hold-key/)
  const flows = async (): Promise<boolean> => (await stage.values()).includes('flows')
  await until(flows, { what: 'the other key', deadlineMs })
  const opened = async (): Promise<boolean> => first.alerts.includes('opened rejected')
  await until(opened, { what: 'the alert at the sink', deadlineMs })
  const { held, waiting } = await first.waybill.backlog()
  assert.deepEqual({ held, waiting }, { held: 2, waiting: 2 })
  assert.deepEqual(await stage.values(), ['flows'])

  await stage.admin.alterTopic(topic, { 'max.message.bytes': '100000' })
  await first.waybill.stop()
  const second = await stage.start({ topics })
  await second.drained()
  const resolved = async (): Promise<boolean> => second.alerts.includes('resolved rejected')
  await until(resolved, { what: 'the end of the alert at the sink', deadlineMs })
  assert.deepEqual(await second.waybill.openAlerts(), [])
  assert.deepEqual(await stage.values(), ['flows', large, 'behind'])
  assert.deepEqual([first.alerts, second.alerts], [['opened rejected'], ['resolved rejected']])
  assert.equal((await second.waybill.backlog()).held, 0)
})
