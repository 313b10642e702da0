// `seek` on the embedded broker.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage, topic } from './stage.js'

const deadlineMs = 20_000
const values = Array.from({ length: 10 }, (_, at) => `m${at}`)

/** Waits until so many values were seen. */
async function count(seen: readonly string[], least: number): Promise<void> {
  await until(async () => seen.length >= least, { what: `${least} handled`, deadlineMs, everyMs: 10 })
}

async function positionIs(stage: Stage, offset: number): Promise<void> {
  await until(async () => (await stage.position()) === offset, { what: `position ${offset}`, deadlineMs, everyMs: 20 })
}

const sets = ({ events }: Working): (readonly [number, number])[] =>
  events.flatMap((event) => (event.kind === 'position-set' ? [[event.from, event.to] as const] : []))

test('seek goes back, forward, to both ends and to a time; each is told with from and to, and committed', async (t) => {
  const stage = await Stage.open(t)
  const seen: string[] = []
  const times: number[] = []
  const working = await stage.consume({
    inbox: false,
    order: 'partition',
    handle: (message) => {
      times[message.offset] = message.timestampMs
      seen.push(message.text())
    },
  })
  await stage.send(values.slice(0, 5))
  await count(seen, 5)
  // Another millisecond, so that the time divides them.
  await until(async () => Date.now() > (times[4] ?? 0) + 1, { what: 'another millisecond', deadlineMs, everyMs: 2 })
  await stage.send(values.slice(5))
  await count(seen, 10)
  const { running } = working
  await running.seek(topic, 0, 7)
  await count(seen, 13)
  await running.seek(topic, 0, 'beginning')
  await count(seen, 23)
  await running.seek(topic, 0, { timestampMs: times[5] ?? 0 })
  await count(seen, 28)
  assert.deepEqual(seen, [...values, ...values.slice(7), ...values, ...values.slice(5)])
  await positionIs(stage, 10)
  running.pause()
  await stage.send(['passed over'])
  await running.seek(topic, 0, 'end')
  assert.equal(await stage.position(), 11)
  running.resume()
  await stage.send(['last'])
  await count(seen, 29)
  assert.equal(seen[28], 'last')
  assert.deepEqual(sets(working), [
    [10, 7],
    [10, 0],
    [10, 5],
    [10, 11],
  ])
})

test('a handler that outlasts the drain of a seek is told, and its late result never counts', async (t) => {
  const stage = await Stage.open(t)
  const [begun, aborted]: [string[], string[]] = [[], []]
  const gates: (() => void)[] = []
  const working = await stage.consume({
    inbox: false,
    drainMs: 300,
    order: 'none',
    handle: async (message, { signal }) => {
      begun.push(message.text())
      if (message.text() !== 'm0' && message.text() !== 'm2') return
      signal.addEventListener('abort', () => aborted.push(message.text()))
      await new Promise<void>((resolve) => gates.push(resolve))
    },
  })
  await stage.send(values.slice(0, 3))
  await until(async () => gates.length === 2, { what: 'two handlers that hang', deadlineMs, everyMs: 10 })
  await working.running.seek(topic, 0, 'beginning')
  assert.deepEqual(aborted.toSorted(), ['m0', 'm2'])
  const often = (value: string): number => begun.filter((each) => each === value).length
  await until(async () => often('m1') === 2, { what: 'm1 again', deadlineMs, everyMs: 10 })
  for (const open of gates.slice(0, 2)) open()
  // The fresh ones begin when the stale ones have ended, and hang, too: only stale results could move the position.
  await until(async () => gates.length === 4, { what: 'the fresh ones', deadlineMs, everyMs: 10 })
  const commits = (): readonly number[] =>
    working.events.flatMap((event) => (event.kind === 'committed' ? [event.offset] : []))
  const before = commits().length
  await stage.send(['m3'])
  await until(async () => often('m3') === 1 && commits().length > before, { what: 'm3', deadlineMs, everyMs: 10 })
  assert.deepEqual([...new Set(commits())], [0])
  assert.equal(await stage.position(), 0)
  for (const open of gates.slice(2)) open()
  await positionIs(stage, 4)
  assert.deepEqual(begun.slice(3).toSorted(), ['m0', 'm1', 'm2', 'm3'])
})

test('with the inbox a seek back doubles no effect', async (t) => {
  const stage = await Stage.open(t)
  let tries = 0
  const working = await stage.consume({
    handle: (message) => {
      tries++
      stage.effect(message)
    },
  })
  await stage.send(values)
  await stage.handled(values.length)
  await working.running.seek(topic, 0, 'beginning')
  const already = (): number => working.events.filter((event) => event.kind === 'handled' && event.already).length
  await until(async () => already() === values.length, { what: 'all known', deadlineMs, everyMs: 10 })
  await positionIs(stage, values.length)
  assert.deepEqual([tries, [...stage.effects()].toSorted()], [values.length, values])
})

test('a seek to where nothing is, or in a partition that is not ours, is refused and moves nothing', async (t) => {
  const stage = await Stage.open(t, 2)
  const seen: string[] = []
  const first = await stage.consume({ inbox: false, handle: (message) => seen.push(message.text()) })
  await stage.send(values, undefined, 0)
  await count(seen, values.length)
  await positionIs(stage, values.length)
  const { running } = first
  for (const position of [11, -1, 1.5, Number.NaN])
    await assert.rejects(running.seek(topic, 0, position), {
      code: 'WB_OPTION_INVALID',
      message: /orders\/0 holds 0 to 10/,
    })
  await assert.rejects(running.seek(topic, 0, { timestampMs: -1 }), { code: 'WB_OPTION_INVALID' })
  await assert.rejects(running.seek('order', 0, 0), { code: 'WB_OPTION_INVALID', message: /no topic order/ })
  await assert.rejects(running.seek(topic, 7, 0), { code: 'WB_NOT_ASSIGNED' })
  const second = await stage.consume({ inbox: false, handle: () => undefined })
  const moved = await until(
    async () => second.events.flatMap((event) => (event.kind === 'assigned' ? event.partitions : []))[0],
    { what: 'a partition for the second', deadlineMs, everyMs: 10 },
  )
  await assert.rejects(running.seek(topic, moved.partition, 0), {
    code: 'WB_NOT_ASSIGNED',
    message: /member that owns it/,
  })
  await assert.rejects(second.running.seek(topic, 1 - moved.partition, 0), { code: 'WB_NOT_ASSIGNED' })
  assert.equal(await stage.position(0), values.length)
  assert.deepEqual([sets(first), sets(second)], [[], []])
  await running.stop()
  await assert.rejects(running.seek(topic, 0, 0), { code: 'WB_STOPPED' })
})
