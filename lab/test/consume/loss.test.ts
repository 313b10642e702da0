import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { Stage } from './stage.js'

const deadlineMs = 20_000
const count = 60
const logStart = 50

// Found by `npm run prove -- consume`, case 'retention overtakes a slow group': what was in memory was dropped, and told by nobody.
test("retention overtakes a reader with onLoss 'continue': what was fetched before is handled, the rest is told", async (t) => {
  const stage = await Stage.open(t)
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let begun = 0
  const numbers = Array.from({ length: count }, (_, number) => String(number))
  // One batch each, so that the fetcher reads some and not all.
  for (const number of numbers) await stage.send([number], () => 'one key')
  const { running, events } = await stage.consume({
    onLoss: 'continue',
    batch: 3,
    fetchBytesMax: 200,
    handle: async (message) => {
      begun++
      await gate
      stage.effect(message)
    },
  })
  await until(async () => begun > 0, { what: 'a handler', deadlineMs })
  await stage.deleteRecords(logStart)
  open()
  await until(async () => stage.effects().at(-1) === String(count - 1), { what: 'the last effect', deadlineMs })
  const told = events.flatMap((event) => {
    const range = event.kind === 'finding' ? /offsets (\d+) to (\d+) were deleted/.exec(event.detail) : null
    return range ? [[Number(range[1]), Number(range[2])] as const] : []
  })
  assert.equal(told.length, 1)
  const [[from, to] = [0, 0]] = told
  assert.ok(from > 0 && to === logStart - 1, `told ${from} to ${to}`)
  const expected = numbers.filter((number) => Number(number) < from || Number(number) > to)
  assert.deepEqual(stage.effects(), expected)
  await running.stop()
  assert.equal(await stage.position(), count)
})
