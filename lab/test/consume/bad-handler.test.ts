// Handlers and codecs that misbehave, and topics that are not there: told, never skipped, never taken for done.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, type WaybillEvent, silentLog } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage, deadTopic, sessionTimeoutMs, topic } from './stage.js'

const deadlineMs = 20_000
const values = Array.from({ length: 10 }, (_, at) => JSON.stringify({ order: at }))
const [head] = values
const badAt = 4

async function positionIs(stage: Stage, position: number): Promise<void> {
  await until(async () => (await stage.position()) === position, { what: `position ${position}`, deadlineMs })
}

/** What the events of this kind say. */
function told<K extends WaybillEvent['kind']>({ events }: Pick<Working, 'events'>, kind: K): readonly WaybillEvent[] {
  return events.filter((event) => event.kind === kind)
}

function isCommitBeyond(event: WaybillEvent, offset: number): boolean {
  return event.kind === 'committed' && event.offset > offset
}

for (const inbox of [true, false])
  test(`a handler that blocks the event loop past the session, ${inbox ? 'with' : 'without'} the inbox: found afterwards, taken for lost, handled again`, async (t) => {
    const stage = await Stage.open(t)
    await stage.send(values, () => 'one key')
    const seen: number[] = []
    const working = await stage.consume({
      inbox,
      handle: (message) => {
        if (inbox) stage.effect(message)
        seen.push(message.offset)
        if (seen.length !== badAt + 1) return
        const untilMs = performance.now() + 2 * sessionTimeoutMs
        while (performance.now() < untilMs);
      },
    })
    await positionIs(stage, values.length)
    const { events } = working
    const lostAt = events.findIndex(({ kind }) => kind === 'lost')
    assert.ok(lostAt >= 0, 'nobody noticed')
    const beyondAt = events.findIndex((event) => isCommitBeyond(event, badAt))
    assert.ok(lostAt < beyondAt, 'the blocked message was committed by a member that was out')
    assert.deepEqual([...new Set(seen)], [...values.keys()])
    if (inbox) assert.deepEqual(stage.effects(), values)
    else
      assert.ok(seen.filter((offset) => offset === badAt).length > 1, 'it counts as handled only when it still is ours')
  })

for (const [how, end] of [
  ['throws', () => Promise.reject(new Error('after the commit'))],
  ['returns', () => undefined],
] as const)
  test(`a handler that commits waybill's transaction by itself and ${how}: tried again, known to the inbox, one effect`, async (t) => {
    const stage = await Stage.open(t)
    await stage.send(values)
    const tries: string[] = []
    const working = await stage.consume({
      handle: (message, { tx }) => {
        tries.push(message.text())
        stage.effect(message)
        if (message.offset !== badAt) return undefined
        tx.exec('COMMIT')
        return end()
      },
    })
    await positionIs(stage, values.length)
    assert.deepEqual(stage.effects().toSorted(), values)
    assert.equal(tries.length, values.length, 'the second try finds it in the inbox and runs no handler')
    assert.equal(told(working, 'handler-failed').length, 1)
  })

test('a poison message at the head: the others flow up to the bounds, the position stays before it, and nothing is skipped', async (t) => {
  const stage = await Stage.open(t)
  const many = [...values, ...Array.from({ length: 600 }, (_, at) => JSON.stringify({ order: 10 + at }))]
  await stage.send(many)
  const working = await stage.consume({
    onFailure: 'hold',
    maxAttempts: 1,
    batch: 50,
    handle: (message) => {
      if (message.text() === head) throw new Error('poison')
      stage.effect(message)
    },
  })
  await stage.handled(many.length - 1)
  assert.equal(working.running.held().length, 1)
  await working.running.stop()
  assert.equal(await stage.position(), 0)
  const again: string[] = []
  await stage.consume({
    handle: (message) => {
      again.push(message.text())
      stage.effect(message)
    },
  })
  await positionIs(stage, many.length)
  assert.deepEqual(again, [head], 'what was handled behind it is known by the commit metadata')
  assert.deepEqual(stage.effects().toSorted(), many.toSorted())
})

test('when the commit metadata fills up the partition pauses, and a restart handles exactly what was not handled', async (t) => {
  const stage = await Stage.open(t)
  const many = Array.from({ length: 26_000 }, (_, at) => `m${at}`)
  // In batches of some size: one that holds all would come whole.
  for (let from = 0; from < many.length; from += 1_000) await stage.send(many.slice(from, from + 1_000))
  const first = new Set<number>()
  const working = await stage.consume({
    inbox: false,
    order: 'none',
    onFailure: 'hold',
    maxAttempts: 1,
    batch: 20_000,
    fetchBytesMax: 30_000,
    workers: 100,
    handle: ({ offset }) => {
      // Every second one is a gap: the dearest progress there is.
      if (offset % 2 === 0) throw new Error('not yet')
      first.add(offset)
    },
  })
  let before = -1
  const isStill = async (): Promise<boolean> => {
    const now = first.size + working.running.held().length
    const still = now === before && now > 0
    before = now
    return still
  }
  await until(isStill, { what: 'a pause', deadlineMs, everyMs: 1_000 })
  const read = first.size + working.running.held().length
  assert.ok(read > 15_000 && read < 25_000, `${read} were read`)
  await working.running.stop()
  assert.equal(await stage.position(), 0)
  const second = new Set<number>()
  await stage.consume({ inbox: false, workers: 100, order: 'none', handle: ({ offset }) => second.add(offset) })
  await positionIs(stage, many.length)
  assert.equal(first.size + second.size, many.length)
  assert.ok([...first].every((offset) => !second.has(offset)))
})

test('a codec that throws anything fails its message only, which goes to the dead letters with its raw bytes', async (t) => {
  const stage = await Stage.open(t)
  await stage.createDeadTopic()
  await stage.send(values)
  const decode = (bytes: Uint8Array): unknown => {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    // oxlint-disable-next-line typescript/only-throw-error -- that is the bad input
    if (Buffer.from(bytes).toString() === values[badAt]) throw null
    return value
  }
  const codec = { encode: () => new Uint8Array(), decode }
  await stage.consume(
    {
      maxAttempts: 2,
      onFailure: 'dead-letter',
      handle: (message) => {
        message.decoded()
        stage.effect(message)
      },
    },
    { topics: { [topic]: { codec } } },
  )
  await positionIs(stage, values.length)
  const letters = await stage.deadLetters()
  assert.deepEqual(
    letters.map(({ value }) => Buffer.from(value ?? []).toString()),
    [values[badAt]],
  )
  assert.equal(stage.effects().length, values.length - 1)
})

test('a dead-letter topic that may not be written holds the message and names the right; it goes on once it is granted', async (t) => {
  const topicAuthorizationFailed = 29
  const stage = await Stage.open(t)
  await stage.createDeadTopic()
  stage.faults.errorNext({ api: 'Produce', count: 3, errorCode: topicAuthorizationFailed, topic: deadTopic })
  await stage.send(values)
  const working = await stage.consume({
    maxAttempts: 1,
    onFailure: 'dead-letter',
    handle: (message) => {
      if (message.text() === head) throw new Error('poison')
      stage.effect(message)
    },
  })
  await positionIs(stage, values.length)
  const causes = working.events.flatMap((event) => (event.kind === 'dead-letter-failed' ? [event.cause] : []))
  assert.equal(causes.length, 3)
  for (const cause of causes) assert.match(cause, /TOPIC_AUTHORIZATION_FAILED.*grant WRITE on it/)
  assert.equal((await stage.deadLetters()).length, 1)
})

test('a topic that does not exist is told, and is read from its beginning once it is there', async (t) => {
  const stage = await Stage.open(t)
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (text) => warnings.push(text) }
  const seen: string[] = []
  await stage.consume(
    { inbox: false, topics: ['arders', topic], handle: (message) => seen.push(`${message.topic} ${message.text()}`) },
    { log },
  )
  await until(async () => warnings.length > 0, { what: 'a warning', deadlineMs, everyMs: 20 })
  assert.match(warnings.join('\n'), /^topic arders does not exist: create it, or correct the name/)
  await stage.send(['flows'])
  await until(async () => seen.length > 0, { what: 'the other topic', deadlineMs, everyMs: 20 })
  await stage.createTopic('arders')
  await stage.send(['late'], undefined, 0, 'arders')
  await until(async () => seen.length > 1, { what: 'the late topic', deadlineMs: 60_000, everyMs: 50 })
  assert.deepEqual(seen, [`${topic} flows`, 'arders late'])
})
