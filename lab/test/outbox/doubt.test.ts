// What the relay does when an answer leaves it open whether a message is in the topic.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Stage, topic } from './stage.js'

const outOfOrderSequenceNumber = 45
const duplicateSequenceNumber = 46

/**
 * A sender whose first message is sent. Somebody's records follow, and retention takes everything: the place where the next
 * message would lie cannot be read.
 */
async function beforeDeletedPlace(
  t: TestContext,
): Promise<{ stage: Stage; sender: Awaited<ReturnType<Stage['start']>> }> {
  const stage = await Stage.open(t)
  const sender = await stage.start()
  await sender.send({ key: 'a', value: 'one' })
  await sender.drained()
  await stage.sendByAnotherProducer(['x', 'y', 'z'])
  await stage.admin.deleteRecords(topic, 0, 4)
  return { stage, sender }
}

test('an error that says "appended already" is never taken for "not sent", not even when nothing can be read back', async (t) => {
  const { stage, sender } = await beforeDeletedPlace(t)
  stage.broker.faults.errorNext({ api: 'Produce', count: 1, errorCode: duplicateSequenceNumber })
  await sender.send({ key: 'a', value: 'two' })
  const { detail } = await sender.alerted('unresolved')
  assert.match(detail, /DUPLICATE_SEQUENCE_NUMBER.*records 1 to 3 were deleted/)
  assert.equal((await sender.waybill.backlog()).waiting, 1)
  assert.deepEqual(await stage.values(), [], 'it was not sent again')
})

test('an error that says "nothing was appended" lets the message go on when nothing can be read back', async (t) => {
  const { stage, sender } = await beforeDeletedPlace(t)
  stage.broker.faults.errorNext({ api: 'Produce', count: 1, errorCode: outOfOrderSequenceNumber })
  await sender.send({ key: 'a', value: 'two' })
  await sender.drained()
  assert.deepEqual(await stage.values(), ['two'])
  assert.deepEqual(await sender.waybill.openAlerts(), [])
})

test('an acknowledgement whose place was deleted before it could be verified is not believed, and is told', async (t) => {
  const configs = { 'message.timestamp.type': 'LogAppendTime' }
  const stage = await Stage.open(t, { topics: [{ name: topic, configs }] })
  const deleting = stage.port(({ produce }) => ({
    produce: async (request) => {
      const outcomes = await produce(request)
      const [first] = outcomes
      if (first?.kind === 'acked') await stage.admin.deleteRecords(topic, 0, first.baseOffset + 1)
      return outcomes
    },
  }))
  const sender = await stage.start({ brokers: deleting })
  await sender.send({ key: 'a', value: 'one' })
  const { detail } = await sender.alerted('unresolved')
  assert.match(detail, /not found at 0 although acknowledged; records 0 to 0 were deleted/)
})
