// Bad input to a consumer, and a world that is out of order: a clear error or state each, and no message is ever skipped.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WaybillError } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage, group, sessionTimeoutMs, topic } from './stage.js'

const values = Array.from({ length: 10 }, (_, at) => JSON.stringify({ order: at }))
/** The message that goes wrong, and its offset. */
const badAt = 4
const bad = values[badAt]
const deadlineMs = 20_000

/** The error with which it stopped by itself. */
async function failure({ running }: Working): Promise<WaybillError> {
  const error: unknown = await running.closed.then(
    () => assert.fail('the consumer ended without an error'),
    (cause: unknown) => cause,
  )
  assert.ok(error instanceof WaybillError)
  return error
}

/** The messages are there, each once, the bad one among them. */
function assertAll(stage: Stage, expected: readonly string[] = values): void {
  assert.deepEqual([...stage.effects()].sort(), [...expected].sort())
}

for (const [name, throwing, cause] of [
  ['throws', () => Promise.reject(new Error('no such customer')), /no such customer/],
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is the bad input
  ['rejects with undefined', () => Promise.reject<void>(undefined), /undefined/],
] as const)
  test(`a handler that ${name} is tried again, then the consumer stops before its message, and nothing is skipped`, async (t) => {
    const stage = await Stage.open(t)
    await stage.send(values)
    const attempts: number[] = []
    const working = await stage.consume({
      maxAttempts: 3,
      handle: async (message, { attempt }) => {
        stage.effect(message)
        if (message.text() !== bad) return
        attempts.push(attempt)
        await throwing()
      },
    })
    const error = await failure(working)
    assert.equal(error.code, 'WB_HANDLER_FAILED')
    assert.match(error.message, cause)
    assert.match(error.message, new RegExp(`${topic}/0 offset ${badAt}`))
    assert.deepEqual(attempts, [1, 2, 3])
    assert.ok(!stage.effects().includes(bad ?? ''), 'what the failed handler wrote is rolled back')
    assert.equal(await stage.position(), badAt)
    await stage.consume({ handle: (message) => stage.effect(message) })
    await stage.handled(values.length)
    assertAll(stage)
  })

test('a handler that never settles is reported, never taken for done, and stop() returns within its deadline', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values)
  const { running, events } = await stage.consume({
    stuckAfterMs: 100,
    drainMs: 500,
    handle: async (message) => {
      if (message.text() === bad) await new Promise<never>(() => undefined)
    },
    inbox: false,
  })
  const isStuck = async (): Promise<boolean> => events.some(({ kind }) => kind === 'handler-stuck')
  await until(isStuck, { what: 'a report of the stuck handler', deadlineMs, everyMs: 20 })
  const stuck = events.flatMap((event) => (event.kind === 'handler-stuck' ? [event.offset] : []))
  assert.deepEqual(stuck, [badAt])
  const beforeMs = performance.now()
  await running.stop()
  await running.closed
  assert.ok(performance.now() - beforeMs < 5_000)
  assert.equal(await stage.position(), badAt)
  const again: number[] = []
  const next = await stage.consume({ inbox: false, handle: ({ offset }) => again.push(offset) })
  await until(async () => again.length > 0, { what: 'the message again', deadlineMs, everyMs: 20 })
  await next.running.stop()
  assert.deepEqual(again, [badAt], 'the others were handled before and are known by the metadata')
})

test('a value that cannot be decoded stops the consumer with its place, and the offset does not move past it', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values.map((value, at) => (at === badAt ? '{"order":' : value)))
  const working = await stage.consume({
    maxAttempts: 2,
    handle: (message) => {
      message.json<{ order: number }>()
      stage.effect(message)
    },
  })
  const error = await failure(working)
  assert.equal(error.code, 'WB_HANDLER_FAILED')
  assert.ok(error.cause instanceof WaybillError && error.cause.code === 'WB_CODEC_FAILED')
  assert.equal(error.facts['offset'], badAt)
  assert.equal(await stage.position(), badAt)
  await stage.consume({ handle: (message) => stage.effect(message) })
  await stage.handled(values.length)
})

test('a group id that is in use by another protocol is refused with the fix', async (t) => {
  const stage = await Stage.open(t)
  await stage.occupyGroup()
  await assert.rejects(stage.consume({ handle: () => undefined }), (error: unknown) => {
    assert.ok(error instanceof WaybillError)
    assert.equal(error.code, 'WB_KAFKA_REFUSED')
    assert.match(error.message, new RegExp(`${group} is in use by a group of another protocol`))
    return true
  })
})

for (const metadata of ['page 7', 'x'.repeat(4_096), '1', '{"version":1,"done":[[3,10]]}', '\u0000\u{1F69A}'])
  test(`commit metadata of another tool (${JSON.stringify(metadata.slice(0, 30))}) takes nothing for done`, async (t) => {
    const stage = await Stage.open(t)
    await stage.send(values)
    await stage.commitByAnotherTool(3, metadata)
    await stage.consume({ handle: (message) => stage.effect(message) })
    await stage.handled(values.length - 3)
    assertAll(stage, values.slice(3))
  })

test('a board that is locked for 10 s: all messages wait, none is lost or doubled, no attempt is spent', async (t) => {
  const stage = await Stage.open(t)
  const attempts = new Set<number>()
  const { events } = await stage.consume({
    maxAttempts: 2,
    handle: (message, { attempt }) => {
      attempts.add(attempt)
      stage.effect(message)
    },
  })
  const unlock = stage.lockBoard()
  await stage.send(values)
  await sleep(10_000)
  assert.deepEqual(stage.effects(), [])
  unlock()
  await stage.handled(values.length)
  assertAll(stage)
  assert.deepEqual([...attempts], [1])
  const causes = events.flatMap((event) => (event.kind === 'handler-failed' ? [event.cause] : []))
  assert.ok(causes.length > 0 && causes.every((cause) => cause.startsWith('WB_STORE_BUSY')), causes.join('\n'))
})

test('handlers that never let go of the event loop do not cost the membership', async (t) => {
  const stage = await Stage.open(t)
  const many = Array.from({ length: 400 }, (_, at) => JSON.stringify({ order: at }))
  await stage.send(many)
  const { events } = await stage.consume({
    handle: (message) => {
      const endMs = performance.now() + (3 * sessionTimeoutMs) / many.length
      while (performance.now() < endMs);
      stage.effect(message)
    },
  })
  await stage.handled(many.length, 60_000)
  assertAll(stage, many)
  assert.ok(!events.some(({ kind }) => kind === 'lost'), 'the membership was lost')
})
