// The `for await` form on the embedded broker: what counts as handled, and how a loop ends.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { MessageLoop, WaybillEvent } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { Stage, group, quick, topic } from './stage.js'

const values = Array.from({ length: 6 }, (_, at) => `m${at}`)

interface Scene {
  readonly stage: Stage
  readonly loop: MessageLoop
  readonly events: readonly WaybillEvent[]
  readonly stopInstance: () => Promise<void>
}

/** A topic with these values, and a loop on it in an instance of its own. */
async function scene(t: TestContext, on?: Stage): Promise<Scene> {
  const stage = on ?? (await Stage.open(t))
  if (!on) await stage.send(values, () => 'one key')
  const { waybill, events } = await stage.start()
  const loop = waybill.messages({ group, topics: [topic], ...quick })
  return { stage, loop, events, stopInstance: () => waybill.stop() }
}

/** What the next loop of this group gets, up to the end of the topic. */
async function rest(t: TestContext, stage: Stage): Promise<readonly string[]> {
  const { loop } = await scene(t, stage)
  const seen: string[] = []
  for await (const message of loop) {
    seen.push(message.text())
    if (message.offset === values.length - 1) loop.stop()
  }
  return seen
}

test('the messages come in order, one at a time; stop() in the body lets its message count, and the loop ends committed', async (t) => {
  const { stage, loop, events } = await scene(t)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(events, [], 'nothing is joined before the first turn')
  const seen: string[] = []
  for await (const message of loop) {
    seen.push(message.text())
    if (seen.length === 4) loop.stop()
  }
  assert.deepEqual(seen, values.slice(0, 4))
  assert.equal(await stage.position(), 4)
  assert.deepEqual(await loop.next(), { done: true, value: undefined })
  assert.deepEqual(await rest(t, stage), values.slice(4))
})

test('a message is not committed before the next one is asked for', async (t) => {
  const { stage, loop } = await scene(t)
  const first = await loop.next()
  assert.ok(!first.done)
  assert.equal(first.value.text(), values[0])
  await loop.next()
  await until(async () => (await stage.position()) === 1, { what: 'the first committed', deadlineMs: 20_000 })
  // Longer than several commit intervals: the second is in hand.
  await new Promise((resolve) => setTimeout(resolve, 5 * quick.commitMs))
  assert.equal(await stage.position(), 1)
  await loop.next()
  await until(async () => (await stage.position()) === 2, { what: 'the second committed', deadlineMs: 20_000 })
})

for (const [name, leave] of [
  ['break', () => true],
  [
    'an error in the body',
    () => {
      throw new RangeError('no')
    },
  ],
] as const)
  test(`${name} ends the loop: the message in hand comes again, those before it do not`, async (t) => {
    const { stage, loop } = await scene(t)
    const seen: string[] = []
    const run = async (): Promise<void> => {
      for await (const message of loop) {
        seen.push(message.text())
        if (seen.length === 3 && leave()) break
      }
    }
    await run().catch((error: unknown) => assert.ok(error instanceof RangeError))
    assert.equal(await stage.position(), 2)
    assert.deepEqual(seen, values.slice(0, 3))
    assert.deepEqual(await rest(t, stage), values.slice(2))
  })

test('a loop that waits ends when it is stopped, or its instance is', async (t) => {
  const first = await scene(t)
  assert.deepEqual(await rest(t, first.stage), values)
  for (const end of [(one: Scene): unknown => one.loop.stop(), (one: Scene): unknown => one.stopInstance()]) {
    const one = await scene(t, first.stage)
    const turn = one.loop.next()
    await until(async () => one.events.some(({ kind }) => kind === 'assigned'), { what: 'joined', deadlineMs: 20_000 })
    await end(one)
    assert.deepEqual(await turn, { done: true, value: undefined })
  }
})

test('a loop that is stopped or left before its first turn joins nothing', async (t) => {
  const { loop, events, stage } = await scene(t)
  loop.stop()
  assert.equal((await loop.next()).done, true)
  const other = await scene(t, stage)
  await other.loop[Symbol.asyncDispose]()
  assert.equal((await other.loop.next()).done, true)
  assert.deepEqual([...events, ...other.events], [])
})

test('the reason for which the consumer stops by itself comes out of the loop, once', async (t) => {
  const { stage, loop } = await scene(t)
  await stage.commitByAnotherTool(1_000, '')
  await assert.rejects(loop.next(), { code: 'WB_LOSS_FOUND' })
  assert.deepEqual(await loop.next(), { done: true, value: undefined })
})

test('a group that cannot be joined rejects the first turn', async (t) => {
  const { stage, loop } = await scene(t)
  await stage.occupyGroup()
  await assert.rejects(loop.next(), { code: 'WB_KAFKA_REFUSED' })
  assert.equal((await loop.next()).done, true)
})

test('what does not fit a loop is refused at once', async (t) => {
  const stage = await Stage.open(t)
  const { waybill } = await stage.start()
  const place = { group, topics: [topic] }
  for (const option of [{ inbox: true }, { workers: 4 }, { handle: () => undefined }, { onFailure: 'hold' }])
    assert.throws(() => waybill.messages({ ...place, ...(option as object) }), {
      code: 'WB_OPTION_INVALID',
      message: new RegExp(`no option ${Object.keys(option)[0]}`),
    })
  assert.throws(() => waybill.messages({ group, topics: [] }), { code: 'WB_OPTION_INVALID' })
  const loop = waybill.messages({ ...place, ...quick })
  const turn = loop.next()
  await assert.rejects(loop.next(), { code: 'WB_OPTION_INVALID', message: /one next\(\) at a time/ })
  loop.stop()
  assert.equal((await turn).done, true)
})
