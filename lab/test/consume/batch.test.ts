// `handleBatch` on the embedded broker, with the inbox: effects once, and one bad message condemns no other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchError } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { Stage, deadTopic, topic } from './stage.js'

const deadlineMs = 20_000
const values = Array.from({ length: 30 }, (_, at) => JSON.stringify({ order: 10 + at }))
const bad = values[4] ?? ''
const keyOf = (value: string): string => String((JSON.parse(value) as { order: number }).order % 7)

async function positionIs(stage: Stage, position: number): Promise<void> {
  await until(async () => (await stage.position()) === position, { what: `position ${position}`, deadlineMs })
}

/** First effects of each key in the order of the log. */
function assertOrder(stage: Stage): void {
  for (const key of new Set(values.map(keyOf))) {
    const ofKey = (value: string): boolean => keyOf(value) === key && value !== bad
    assert.deepEqual(stage.effects().filter(ofKey), values.filter(ofKey))
  }
}

test('a batch commits its effects in one transaction with its messages in the inbox, and knows them when they come again', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values, keyOf)
  const sizes: number[] = []
  const working = await stage.consume({
    handleBatchMax: 8,
    handleBatch: (messages) => {
      sizes.push(messages.length)
      const offsets = messages.map(({ offset }) => offset)
      assert.deepEqual(
        offsets,
        offsets.toSorted((a, b) => a - b),
      )
      for (const message of messages) stage.effect(message)
    },
  })
  await positionIs(stage, values.length)
  assert.ok(Math.max(...sizes) > 1 && Math.max(...sizes) <= 8, sizes.join())
  const tries = sizes.length
  await working.running.seek(topic, 0, 'beginning')
  const already = (): number => working.events.filter((event) => event.kind === 'handled' && event.already).length
  await until(async () => already() === values.length, { what: 'all known', deadlineMs, everyMs: 10 })
  assert.equal(sizes.length, tries, 'no handler ran for what the inbox knows')
  assert.deepEqual(stage.effects().toSorted(), values)
  assertOrder(stage)
})

for (const [name, fails] of [
  ['an error that names nobody', () => new Error('poison')],
  ['a BatchError', (message) => new BatchError([{ message, error: new Error('poison') }])],
] as const satisfies readonly (readonly [string, (message: never) => Error])[])
  test(`${name}: only the message at fault becomes a dead letter, effects happen once, keys keep their order`, async (t) => {
    const stage = await Stage.open(t)
    await stage.createDeadTopic()
    await stage.send(values, keyOf)
    await stage.consume({
      handleBatchMax: 10,
      maxAttempts: 2,
      onFailure: 'dead-letter',
      handleBatch: (messages) => {
        for (const message of messages) {
          stage.effect(message)
          if (message.text() === bad) throw fails(message as never)
        }
      },
    })
    await positionIs(stage, values.length)
    const letters = (await stage.deadLetters()).map(({ value }) => Buffer.from(value ?? []).toString())
    assert.deepEqual(letters, [bad])
    assert.deepEqual(
      stage.effects().toSorted(),
      values.filter((value) => value !== bad),
    )
    assertOrder(stage)
  })

test('without the inbox what a BatchError names as handled does not come again', async (t) => {
  const stage = await Stage.open(t)
  await stage.createDeadTopic()
  await stage.send(values)
  const seen: string[] = []
  const { running } = await stage.consume({
    inbox: false,
    maxAttempts: 2,
    onFailure: 'dead-letter',
    handleBatch: (messages) => {
      seen.push(...messages.map((message) => message.text()))
      const failures = messages.filter((message) => message.text() === bad).map((message) => ({ message, error: 'no' }))
      if (failures.length > 0) throw new BatchError(failures, { handled: messages })
    },
  })
  await positionIs(stage, values.length)
  await running.stop()
  assert.deepEqual(seen.toSorted(), [...values, bad].toSorted())
  assert.equal((await stage.deadLetters()).length, 1, deadTopic)
})

test('a consumer takes one of handle and handleBatch, and refuses the rest with the fix', async (t) => {
  const stage = await Stage.open(t)
  const handle = (): void => undefined
  const one = { code: 'WB_OPTION_INVALID', message: /one of the options handle and handleBatch/ }
  await assert.rejects(stage.consume({ handle, handleBatch: handle } as never), one)
  await assert.rejects(stage.consume({} as never), one)
  const type = { code: 'WB_OPTION_INVALID', message: /must be a function/ }
  await assert.rejects(stage.consume({ handleBatch: 'all' } as never), type)
  const max = { code: 'WB_OPTION_INVALID', message: /handleBatchMax needs handleBatch/ }
  await assert.rejects(stage.consume({ handle, handleBatchMax: 5 }), max)
})
