// Messages that cannot be handled, against a real broker's rules: none is skipped, none is lost, each policy does what it says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaybillError } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { Stage, type Working, deadTopic } from './stage.js'

const deadlineMs = 20_000
const values = Array.from({ length: 10 }, (_, at) => JSON.stringify({ order: at }))
const letter = { onFailure: 'dead-letter', maxAttempts: 2 } as const

/** What the events of this kind say. */
function causes({ events }: Working, kind: 'dead-letter-failed' | 'held'): readonly string[] {
  return events.flatMap((event) => (event.kind === kind && 'cause' in event ? [event.cause] : []))
}

async function committed(stage: Stage, position: number): Promise<void> {
  const isThere = async (): Promise<boolean> => (await stage.position()) === position
  await until(isThere, { what: `position ${position}`, deadlineMs, everyMs: 50 })
}

test('a value that cannot be decoded arrives in the dead-letter topic byte by byte, once though answers are lost, the rest is handled', async (t) => {
  const stage = await Stage.open(t)
  await stage.createDeadTopic()
  const key = Buffer.from([0, 1, 0xff])
  const value = Buffer.from([0xff, 0xfe, 0, 0x7b])
  const headers = [[Buffer.from('trace'), Buffer.from([0x80, 0])]] as const
  await stage.send(values.slice(0, 5))
  await stage.sendBytes([{ key, value, headers }])
  await stage.send(values.slice(5))
  stage.faults.dropResponses({ api: 'Produce', count: 2 })
  const working = await stage.consume({
    ...letter,
    handle: (message) => {
      message.json()
      stage.effect(message)
    },
  })
  await stage.handled(values.length)
  await committed(stage, values.length + 1)
  const [record, ...more] = await stage.deadLetters()
  assert.ok(record)
  assert.deepEqual(more, [])
  assert.deepEqual([Buffer.from(record.key ?? []), Buffer.from(record.value ?? [])], [key, value])
  const texts = record.headers.map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')])
  const { 'waybill-dead-timestamp': timestamp, ...told } = Object.fromEntries(texts) as Record<string, string>
  assert.ok(Number(timestamp) > 0)
  assert.deepEqual(told, {
    trace: '\u0080\u0000',
    'waybill-dead-topic': 'orders',
    'waybill-dead-partition': '0',
    'waybill-dead-offset': '5',
    'waybill-dead-group': 'billing',
    'waybill-dead-attempts': '2',
    'waybill-dead-error': 'WaybillError',
    'waybill-dead-message': 'WB_CODEC_FAILED: the value at orders/0 offset 5 cannot be decoded',
  })
  assert.equal(causes(working, 'dead-letter-failed').length, 2, 'two answers were lost')
  assert.deepEqual([...stage.effects()].sort(), values)
})

test('without the dead-letter topic the message is held and told, others flow, and it goes on when the topic is there', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values)
  const handle = (message: { text(): string }): void => {
    if (message.text() === values[0]) throw new Error('poison')
  }
  const working = await stage.consume({ ...letter, inbox: false, handle })
  const handled = (): number => working.events.filter(({ kind }) => kind === 'handled').length
  await until(async () => handled() === values.length - 1, { what: 'the others', deadlineMs, everyMs: 20 })
  const isTold = async (): Promise<boolean> => causes(working, 'dead-letter-failed').length >= 3
  await until(isTold, { what: 'news of the missing topic', deadlineMs, everyMs: 20 })
  assert.match(
    causes(working, 'dead-letter-failed')[0] ?? '',
    /^orders\.billing\.dead: the topic does not exist: create it/,
  )
  assert.ok((await stage.position()) <= 0)
  await stage.createDeadTopic()
  await committed(stage, values.length)
  assert.equal((await stage.deadLetters()).length, 1)
})

test('a dead-letter topic that is too small holds the message, and a restart with a mended handler loses nothing', async (t) => {
  const stage = await Stage.open(t)
  await stage.createDeadTopic({ 'max.message.bytes': '200' })
  await stage.send(values)
  const working = await stage.consume({
    ...letter,
    handle: (message) => {
      if (message.text() === values[3]) throw new Error('poison')
      stage.effect(message)
    },
  })
  const isTold = async (): Promise<boolean> => causes(working, 'dead-letter-failed').length > 0
  await until(isTold, { what: 'news of the small topic', deadlineMs, everyMs: 20 })
  await stage.handled(values.length - 1)
  assert.match(
    causes(working, 'dead-letter-failed')[0] ?? '',
    /MESSAGE_TOO_LARGE: .*raise its max\.message\.bytes to at least \d{3}$/,
  )
  await working.running.stop()
  assert.equal(await stage.position(), 3)
  await stage.consume({ handle: (message) => stage.effect(message) })
  await stage.handled(values.length)
  assert.deepEqual([...stage.effects()].sort(), values)
  assert.deepEqual(await stage.deadLetters(), [])
})

test('a handler that fails for everything stops the consumer after 20 dead letters, and nothing is skipped', async (t) => {
  const stage = await Stage.open(t)
  await stage.createDeadTopic()
  const many = Array.from({ length: 60 }, (_, at) => JSON.stringify({ order: 100 + at }))
  await stage.send(many)
  const { running } = await stage.consume({
    ...letter,
    inbox: false,
    handle: () => Promise.reject(new Error('no database')),
  })
  await assert.rejects(running.closed, (error: unknown) => {
    assert.ok(error instanceof WaybillError)
    assert.equal(error.code, 'WB_DEAD_LETTER_BRAKE')
    assert.match(error.message, /more than 10 % .*no database/)
    return true
  })
  const dead = (await stage.deadLetters()).map(({ value }) => Buffer.from(value ?? []).toString())
  assert.equal(dead.length, 20)
  await stage.consume({ handle: (message) => stage.effect(message) })
  await stage.handled(many.length - dead.length)
  await committed(stage, many.length)
  assert.deepEqual([...stage.effects(), ...dead].sort(), many)
})

test('with onFailure hold the key waits, others flow, and the next consumer handles all in order', async (t) => {
  const stage = await Stage.open(t)
  const keyOf = (value: string): string => String((JSON.parse(value) as { order: number }).order % 2)
  await stage.send(values, keyOf)
  const working = await stage.consume({
    onFailure: 'hold',
    maxAttempts: 1,
    handle: (message) => {
      if (message.text() === values[2]) throw new Error('poison')
      stage.effect(message)
    },
  })
  await stage.handled(6)
  await until(async () => working.running.held().length > 0, { what: 'a held message', deadlineMs, everyMs: 20 })
  const held = { topic: 'orders', partition: 0, offset: 2, cause: 'poison' }
  assert.deepEqual(working.running.held(), [held])
  assert.deepEqual(causes(working, 'held'), ['poison'])
  await working.running.stop()
  assert.deepEqual(working.running.held(), [])
  assert.equal(await stage.position(), 2)
  await stage.consume({ handle: (message) => stage.effect(message) })
  await stage.handled(values.length)
  for (const key of ['0', '1'])
    assert.deepEqual(
      stage.effects().filter((value) => keyOf(value) === key),
      values.filter((value) => keyOf(value) === key),
    )
})

test('a dead-letter topic that is read by the same consumer, or is no name, is refused with the fix', async (t) => {
  const stage = await Stage.open(t)
  const refused = { code: 'WB_OPTION_INVALID', message: /give another deadLetterTopic/ }
  const handle = (): void => undefined
  await assert.rejects(stage.consume({ ...letter, handle, topics: ['orders', deadTopic] }), refused)
  await assert.rejects(stage.consume({ ...letter, handle, deadLetterTopic: () => 'no name' }), refused)
  const alone = { code: 'WB_OPTION_INVALID', message: /needs onFailure: 'dead-letter'/ }
  await assert.rejects(stage.consume({ handle, deadLetterTopic: () => deadTopic }), alone)
})
