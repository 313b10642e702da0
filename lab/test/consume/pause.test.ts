// `pause` and `resume` on the embedded broker.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage, topic } from './stage.js'

const deadlineMs = 20_000

/** Waits until a handler has recorded this value. */
async function handled(values: readonly string[], value: string): Promise<void> {
  await until(async () => values.includes(value), { what: `${value} handled`, deadlineMs, everyMs: 10 })
}

/** Partitions in events of this kind, in order. */
const told = ({ events }: Working, kind: 'assigned' | 'revoked'): number[] =>
  events.flatMap((event) => (event.kind === kind ? event.partitions.map(({ partition }) => partition) : []))

/** Waits until the member was told so of so many partitions in all. */
async function toldOf(working: Working, kind: 'assigned' | 'revoked', count: number): Promise<void> {
  const what = `${count} partitions ${kind}`
  await until(async () => told(working, kind).length >= count, { what, deadlineMs, everyMs: 10 })
}

test('a paused partition: what runs ends and is committed, nothing new starts, others go on, and resume takes it up', async (t) => {
  const stage = await Stage.open(t, 2)
  const seen: string[] = []
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let started = false
  const working = await stage.consume({
    inbox: false,
    handle: async (message) => {
      if (message.text() === 'slow') {
        started = true
        await gate
      }
      seen.push(message.text())
    },
  })
  await stage.send(['slow', 'next'], () => 'one key', 1)
  await until(async () => started, { what: 'the slow handler', deadlineMs, everyMs: 10 })
  working.running.pause(topic, 1)
  working.running.pause(topic, 1)
  open()
  await until(async () => (await stage.position(1)) === 1, { what: 'the commit of what ran', deadlineMs })
  await stage.send(['not read'], undefined, 1)
  await stage.send(['flows'], undefined, 0)
  await handled(seen, 'flows')
  assert.deepEqual(seen, ['slow', 'flows'])
  working.running.resume(topic, 1)
  await handled(seen, 'not read')
  await handled(seen, 'next')
  await until(async () => (await stage.position(1)) === 3, { what: 'the commit of all', deadlineMs })
  assert.deepEqual(seen.toSorted(), ['flows', 'next', 'not read', 'slow'])
})

test('a partition that went to another member while it was paused, and came back, is still paused; heartbeats went on', async (t) => {
  const stage = await Stage.open(t, 2)
  const [seen, seenByOther]: [string[], string[]] = [[], []]
  const working = await stage.consume({ inbox: false, handle: (message) => seen.push(message.text()) })
  await toldOf(working, 'assigned', 2)
  working.running.pause()
  const other = await stage.consume({ inbox: false, handle: (message) => seenByOther.push(message.text()) })
  await toldOf(other, 'assigned', 1)
  const moved = told(other, 'assigned')[0] ?? assert.fail()
  await stage.send(['for the other'], undefined, moved)
  await handled(seenByOther, 'for the other')
  await other.running.stop()
  await toldOf(working, 'assigned', 3)
  assert.equal(told(working, 'assigned')[2], moved)
  await stage.send(['held back'], undefined, moved)
  await stage.send(['flows'], undefined, 1 - moved)
  working.running.resume(topic, 1 - moved)
  await handled(seen, 'flows')
  assert.deepEqual(seen, ['flows'])
  working.running.resume()
  await handled(seen, 'held back')
  assert.ok(!working.events.some(({ kind }) => kind === 'lost'))
})

test('pause of a topic or a partition that the consumer does not have is refused and names the fix', async (t) => {
  const stage = await Stage.open(t)
  const working = await stage.consume({ inbox: false, handle: () => undefined })
  await toldOf(working, 'assigned', 1)
  const { running } = working
  for (const call of [running.pause, running.resume]) {
    assert.throws(() => call('order'), { code: 'WB_OPTION_INVALID', message: /no topic order; it has orders/ })
    assert.throws(() => call(undefined, 0), { code: 'WB_OPTION_INVALID', message: /name the topic of partition 0/ })
    assert.throws(() => call(topic, 7), { code: 'WB_NOT_ASSIGNED', message: /call the member that owns it/ })
  }
  await running.stop()
  assert.throws(() => running.pause(), { code: 'WB_STOPPED' })
})
