// Whole consumers by the classic group protocol, on the embedded broker.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../src/cluster/until.js'
import { type Working, Stage } from './stage.js'

const deadlineMs = 40_000
const classic = { groupProtocol: 'classic', sessionTimeoutMs: 3_000, inbox: false, workers: 4 } as const

/** What was handled, and what overlapped with something of its own key. */
class Handled {
  readonly #done = new Map<string, number[]>()
  readonly #running = new Set<string>()
  readonly overlaps: string[] = []

  /** Handles `key:number` for a moment. */
  async handle(text: string): Promise<void> {
    const [key = '', number = ''] = text.split(':')
    if (this.#running.has(key)) this.overlaps.push(text)
    this.#running.add(key)
    await sleep(Number(number) % 4)
    this.#running.delete(key)
    this.#done.set(key, [...(this.#done.get(key) ?? []), Number(number)])
  }

  get count(): number {
    return [...this.#done.values()].reduce((sum, each) => sum + each.length, 0)
  }

  ofKey(key: string): readonly number[] {
    return this.#done.get(key) ?? []
  }
}

const assigned = ({ events }: Working): number =>
  events.reduce((count, event) => {
    if (event.kind === 'assigned') return count + event.partitions.length
    return event.kind === 'revoked' ? count - event.partitions.length : count
  }, 0)

const lostOf = ({ events }: Working): number => events.filter(({ kind }) => kind === 'lost').length

async function shares(counts: readonly [Working, number][]): Promise<void> {
  const what = `shares of ${counts.map(([, count]) => count).join(', ')}`
  const isShared = async (): Promise<boolean> => counts.every(([member, count]) => assigned(member) === count)
  await until(isShared, { what, deadlineMs, everyMs: 10 })
}

test('while members of a classic group come and go every message is handled once, and each key in order', async (t) => {
  const stage = await Stage.open(t, 6)
  const handled = new Handled()
  const keys = Array.from({ length: 24 }, (_, index) => `k${index}`)
  const perKey = 120
  const member = (): Promise<Working> =>
    stage.consume({ ...classic, handle: (message) => handled.handle(message.text()) })
  const sending = (async () => {
    for (let from = 0; from < perKey; from += 10) {
      const values = keys.flatMap((key) => Array.from({ length: 10 }, (_, index) => `${key}:${from + index}`))
      await stage.send(values, (value) => value.split(':')[0] ?? '')
      await sleep(150)
    }
  })()
  const a = await member()
  await shares([[a, 6]])
  const b = await member()
  await shares([
    [a, 3],
    [b, 3],
  ])
  const c = await member()
  await shares([
    [a, 2],
    [b, 2],
    [c, 2],
  ])
  await b.running.stop()
  await shares([
    [a, 3],
    [c, 3],
  ])
  await a.running.stop() // the leader
  await shares([[c, 6]])
  const d = await member()
  await shares([
    [c, 3],
    [d, 3],
  ])
  await sending
  const total = keys.length * perKey
  await until(async () => handled.count >= total, { what: `${total} messages`, deadlineMs, everyMs: 20 })
  const expected = Array.from({ length: perKey }, (_, index) => index)
  for (const key of keys) assert.deepEqual(handled.ofKey(key), expected, key)
  assert.deepEqual(handled.overlaps, [])
  assert.deepEqual([a, b, c, d].map(lostOf), [0, 0, 0, 0])
})

test('a consumer whose instance id another one takes ends with an error that names the fix, and its result does not count', async (t) => {
  const stage = await Stage.open(t, 1)
  await stage.send(['m'])
  const starts: string[] = []
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = await stage.consume({
    ...classic,
    instanceId: 'billing-0',
    handle: async () => {
      starts.push('first')
      await held
    },
  })
  await until(async () => starts.length === 1, { what: 'the first handler', deadlineMs })
  const closed = assert.rejects(first.running.closed, {
    code: 'WB_INSTANCE_FENCED',
    message: /instance id billing-0.*give each process an instance id of its own/,
  })
  const second = await stage.consume({ ...classic, instanceId: 'billing-0', handle: () => starts.push('second') })
  await until(async () => starts.length === 2, { what: 'the second handler', deadlineMs })
  await until(async () => (await stage.position()) === 1, { what: 'its commit', deadlineMs })
  release()
  await closed
  assert.equal(await stage.position(), 1)
  assert.deepEqual([lostOf(first), lostOf(second), starts], [1, 0, ['first', 'second']])
})

test('a consumer with an instance id that restarts within its session has its partitions back, and nobody else notices', async (t) => {
  const stage = await Stage.open(t, 4)
  const handle = (): void => {}
  const first = await stage.consume({ ...classic, sessionTimeoutMs: 20_000, instanceId: 'one', handle })
  const other = await stage.consume({ ...classic, sessionTimeoutMs: 20_000, instanceId: 'two', handle })
  await shares([
    [first, 2],
    [other, 2],
  ])
  const told = other.events.length
  await first.running.stop()
  const again = await stage.consume({ ...classic, sessionTimeoutMs: 20_000, instanceId: 'one', handle })
  await shares([[again, 2]])
  assert.deepEqual(
    other.events.slice(told).filter(({ kind }) => kind === 'assigned' || kind === 'revoked' || kind === 'lost'),
    [],
  )
  await Promise.all([again, other].map(({ running }) => running.stop()))
})
