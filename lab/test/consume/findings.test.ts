// Logs that lose their beginning, their end, or their identity: findings on every path, never a silent jump.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaybillError } from 'waybill'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage, topic } from './stage.js'

const deadlineMs = 30_000
const values = Array.from({ length: 10 }, (_, at) => `m${at}`)

/** The findings of this consumer, by kind. */
const found = ({ events }: Pick<Working, 'events'>): readonly string[] =>
  events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []))

async function positionIs(stage: Stage, position: number): Promise<void> {
  await until(async () => (await stage.position()) === position, { what: `position ${position}`, deadlineMs })
}

async function stopsFor(working: Working, finding: string, detail: RegExp): Promise<void> {
  const error: unknown = await working.running.closed.then(
    () => assert.fail('it ended without an error'),
    (cause: unknown) => cause,
  )
  assert.ok(error instanceof WaybillError)
  assert.deepEqual([error.code, error.facts['finding']], ['WB_LOSS_FOUND', finding])
  assert.match(error.message, detail)
  assert.deepEqual(found(working), [finding])
}

/** Collects what is handled. */
function reader(): { readonly seen: string[]; readonly handle: (message: { text(): string }) => void } {
  const seen: string[] = []
  return { seen, handle: (message) => void seen.push(message.text()) }
}

async function seenAll(seen: readonly string[], expected: readonly string[]): Promise<void> {
  await until(async () => seen.length >= expected.length, {
    what: `${expected.length} messages`,
    deadlineMs,
    everyMs: 10,
  })
  assert.deepEqual(seen, expected)
}

test('the log start moves while a partition is paused: found at resume, and by onLoss the consumer stops or goes on', async (t) => {
  for (const onLoss of ['stop', 'continue'] as const) {
    const stage = await Stage.open(t)
    const first = await stage.consume({ inbox: false, handle: reader().handle })
    await stage.send(values.slice(0, 2), () => 'key')
    await positionIs(stage, 2)
    await first.running.stop()
    const { seen, handle } = reader()
    const working = await stage.consume({ inbox: false, onLoss, handle })
    // Before it has the partition: a fetch under way would still bring what is deleted next.
    working.running.pause()
    await stage.send(values.slice(2), () => 'key')
    const isAssigned = async (): Promise<boolean> => working.events.some(({ kind }) => kind === 'assigned')
    await until(isAssigned, { what: 'the partition', deadlineMs, everyMs: 10 })
    await stage.deleteRecords(5)
    working.running.resume()
    if (onLoss === 'stop')
      await stopsFor(working, 'retention', /offsets 2 to 4 were deleted before this group read them/)
    else await seenAll(seen, values.slice(5))
    assert.deepEqual(found(working), ['retention'])
    await positionIs(stage, onLoss === 'stop' ? 2 : values.length)
  }
})

test('the log start moves while nobody consumes: found before anything is handled', async (t) => {
  const stage = await Stage.open(t)
  const first = await stage.consume({ inbox: false, handle: reader().handle })
  await stage.send(values.slice(0, 2), () => 'key')
  await positionIs(stage, 2)
  await first.running.stop()
  await stage.send(values.slice(2), () => 'key')
  await stage.deleteRecords(5)
  const { seen, handle } = reader()
  const working = await stage.consume({ inbox: false, handle })
  await stopsFor(working, 'retention', /offsets 2 to 4/)
  assert.deepEqual(seen, [])
})

test('a group has a position from its first assignment on: what is deleted before its first message is through is found', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values, () => 'key')
  const never = new Promise<never>(() => undefined)
  const first = await stage.consume({ inbox: false, handle: () => never, commitMs: 60_000, drainMs: 100 })
  await positionIs(stage, 0)
  await first.running.stop()
  await stage.deleteRecords(3)
  const working = await stage.consume({ inbox: false, handle: reader().handle })
  await stopsFor(working, 'retention', /offsets 0 to 2 were deleted/)
})

test('a new group on a log that has lost its beginning long ago starts at what there is, which is no loss to it', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values, () => 'key')
  await stage.deleteRecords(3)
  const { seen, handle } = reader()
  const working = await stage.consume({ inbox: false, handle })
  await seenAll(seen, values.slice(3))
  assert.deepEqual(found(working), [])
})

test('a power loss cuts what was read: found, and with continue the records that take its place are handled', async (t) => {
  const stage = await Stage.open(t)
  const { seen, handle } = reader()
  const working = await stage.consume({ inbox: false, onLoss: 'continue', handle })
  await stage.send(values, () => 'key')
  await seenAll(seen, values)
  await positionIs(stage, values.length)
  await stage.faults.powerLoss()
  await until(async () => found(working).includes('truncated'), { what: 'the truncation', deadlineMs, everyMs: 20 })
  await stage.send(['after'], () => 'key')
  await until(async () => seen.includes('after'), { what: 'what came after', deadlineMs, everyMs: 20 })
})

test('a position beyond the end is found at the start, nothing is handled, and with continue the end is next', async (t) => {
  const stage = await Stage.open(t)
  await stage.send(values, () => 'key')
  await stage.commitByAnotherTool(1_000, '')
  const working = await stage.consume({ inbox: false, handle: reader().handle })
  await stopsFor(working, 'truncated', /the log ends at 10, below the position 1000/)
  const { seen, handle } = reader()
  const second = await stage.consume({ inbox: false, onLoss: 'continue', handle })
  await until(async () => found(second).includes('truncated'), { what: 'the finding', deadlineMs, everyMs: 20 })
  await stage.send(['next'], () => 'key')
  await seenAll(seen, ['next'])
})

for (const running of [true, false])
  test(`a topic created anew ${running ? 'under a running consumer is told, and' : 'while nobody consumes'} is read from its beginning`, async (t) => {
    const stage = await Stage.open(t)
    const first = reader()
    let working = await stage.consume({ inbox: false, handle: first.handle })
    await stage.send(values, () => 'key')
    await positionIs(stage, values.length)
    if (!running) await working.running.stop()
    await stage.recreateTopic()
    const second = running ? first : reader()
    if (!running) working = await stage.consume({ inbox: false, handle: second.handle })
    const fresh = values.slice(0, 4).map((value) => `new ${value}`)
    await stage.send(fresh, () => 'key')
    await seenAll(second.seen, running ? [...values, ...fresh] : fresh)
    assert.deepEqual(found(working), running ? ['topic-recreated'] : [])
    await positionIs(stage, fresh.length)
  })

for (const count of [4, 30])
  test(`a late commit of the deleted topic on its namesake of ${count} records is known by its place: told, and read from the beginning`, async (t) => {
    const stage = await Stage.open(t)
    const first = await stage.consume({ inbox: false, handle: reader().handle })
    await stage.send(values, () => 'key')
    await positionIs(stage, values.length)
    await first.running.stop()
    const metadata = await stage.metadata()
    await stage.recreateTopic()
    // By name, as brokers before Kafka 4.1 keep positions.
    await stage.commitByAnotherTool(values.length, metadata)
    const fresh = Array.from({ length: count }, (_, at) => `new ${at}`)
    await stage.send(fresh, () => 'key')
    const { seen, handle } = reader()
    const working = await stage.consume({ inbox: false, handle })
    await seenAll(seen, fresh)
    assert.deepEqual(found(working), ['topic-recreated'])
    await positionIs(stage, count)
  })

test('a gap across a restart is found, by the state of the detector that the commit carries', async (t) => {
  const stage = await Stage.open(t)
  const header = (sequence: number): readonly (readonly [Buffer, Buffer])[] => [
    [Buffer.from('waybill'), Buffer.from(`01-shop-3-9.0-${sequence}-${String(sequence).padStart(32, '0')}`)],
  ]
  const send = (sequence: number): Promise<void> =>
    stage.sendBytes([{ key: Buffer.from('key'), value: Buffer.from(`${sequence}`), headers: header(sequence) }])
  const first = await stage.consume({ inbox: false, handle: reader().handle })
  for (const sequence of [0, 1, 2]) await send(sequence)
  await positionIs(stage, 3)
  await first.running.stop()
  for (const sequence of [6, 7]) await send(sequence)
  const working = await stage.consume({ inbox: false, handle: reader().handle })
  await positionIs(stage, 5)
  assert.deepEqual(found(working), ['gap'])
  const details = working.events.flatMap((event) => (event.kind === 'finding' ? [event.detail] : []))
  assert.match(details[0] ?? '', new RegExp(`gap ${topic}-0 shop-3 9.0 sequence 3\\+3: 3 messages`))
})
