// `waybill group dead list` and `dead redrive` against the embedded broker: letters go back as the messages that they were, each
// once, whatever happens to the command.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import type { Broker } from '@waybill/broker'
import { type WaybillEvent, createWaybill, silentLog } from 'waybill'
import type { FetchedRecord } from 'waybill/kafka'
import { memoryStore, memoryTransactions } from 'waybill/memory'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import { offsetCommitV9 } from '@platformatic/kafka'
import { deadTopic, group, GroupStage, topic } from './group-stage.js'

const deadlineMs = 30_000
const ofGroup = ['--group', group, '--topic', topic] as const
const list = ['dead', 'list', ...ofGroup] as const
const redrive = ['dead', 'redrive', ...ofGroup] as const

interface Letter {
  readonly at: { readonly partition: number; readonly offset: number }
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number }
  readonly key: { readonly text: string } | null
  readonly error: string
  readonly redriven: boolean | null
  readonly cameBack: boolean
}

interface Listed {
  readonly letters: readonly Letter[]
  readonly more: number
  readonly others: number
  readonly foreign: number
}

interface Redriven {
  readonly chosen: readonly Letter[]
  readonly already: number
  readonly alsoReadBy: readonly string[] | null
  readonly ends: readonly {
    readonly kind: string
    readonly at: { readonly offset: number }
    readonly to?: { readonly partition: number; readonly offset: number }
    readonly byEarlierRun?: boolean
    readonly cause?: string
  }[]
  readonly stopped: string | null
}

async function stageWithLetters(
  t: TestContext,
  count: number,
  partitions = 2,
): Promise<{ readonly stage: GroupStage; readonly broker: Broker }> {
  const { stage, broker } = await GroupStage.open(t, partitions)
  await stage.createTopic(deadTopic)
  if (count > 0) await stage.bury(count)
  return { stage, broker }
}

/** Copies of letters in the topic, by their mark. */
function marks(records: readonly FetchedRecord[]): string[] {
  return records.map((record) => textsOf(record)['waybill-redrive'] ?? 'none')
}

function textsOf({ headers }: FetchedRecord): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value).toString()]))
}

const places = (count: number): string[] => Array.from({ length: count }, (_, at) => `${deadTopic}/0/${at}/${group}`)

test('dead letters are listed with where they come from and why; others and foreign records are counted', async (t) => {
  const { stage } = await stageWithLetters(t, 0)
  await stage.bury(6, (at) => ({
    group: at === 2 ? 'shipping' : group,
    error: at === 3 ? 'TypeError' : 'Error',
    key: at === 4 ? '\u001b[31mred' : `key-${at}`,
    partition: at % 2,
  }))
  await stage.send([{ topic: deadTopic, value: 'no letter' }])
  const all = await stage.json<Listed>(list)
  assert.deepEqual(
    all.letters.map(({ at }) => at.offset),
    [0, 1, 3, 4, 5],
  )
  assert.deepEqual([all.others, all.foreign, all.more], [1, 1, 0])
  const [, second] = all.letters
  assert.deepEqual([second?.origin.topic, second?.origin.partition, second?.origin.offset], [topic, 1, 1])
  const fit = async (...args: string[]): Promise<number[]> =>
    (await stage.json<Listed>([...list, ...args])).letters.map(({ at }) => at.offset)
  assert.deepEqual(await fit('--error', 'TypeError'), [3])
  assert.deepEqual(await fit('--error', 'pois', '--key', 'key-5'), [5])
  assert.deepEqual(await fit('--offset', '0:1,5', '--offset', '2'), [1, 5])
  assert.deepEqual(await fit('--since', '1h'), [0, 1, 3, 4, 5])
  assert.deepEqual(await fit('--since', '2099-01-01'), [])
  assert.deepEqual(await fit('--limit', '2'), [0, 1])
  const { stdout } = await stage.run(...list)
  assert.match(stdout, /^0:1 +orders\/1:1 +key-1 +.* ago +5 +no +Error: poison$/m)
  assert.match(
    stdout,
    /left out: 1 letters of other groups\nleft out: 1 records that are no dead letters of waybill\n$/,
  )
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
})

test('a redrive shows its plan first; executed it sends key, value and headers back as they were, and no letter twice', async (t) => {
  const { stage } = await stageWithLetters(t, 0)
  const message = `01-shop-3-7.0-12-${'ab'.repeat(16)}`
  const headers = [
    ['trace', 'abc'],
    ['waybill', message],
    ['waybill-redrive', 'orders.billing.dead/0/99/billing'],
  ] as const
  await stage.bury(3, (at) => ({ partition: 1, headers: at === 0 ? headers : [] }))
  const dry = await stage.run(...redrive, '--all')
  assert.equal(dry.code, 0)
  assert.match(dry.stdout, /^0:0 +orders\/1:0 +key-0 .* orders\/1 +Error$/m)
  assert.match(dry.stdout, /would send back: 3\. Nothing was changed; add --execute to act\.\n$/)
  assert.deepEqual(await stage.records(topic), [])
  const first = await stage.json<Redriven>([...redrive, '--offset', '0:0', '--execute'])
  assert.deepEqual(
    first.ends.map(({ kind, to }) => [kind, to]),
    [['sent', { topic, partition: 1, offset: 0 }]],
  )
  const [copy] = await stage.records(topic)
  assert.ok(copy)
  assert.deepEqual([Buffer.from(copy.key ?? []).toString(), Buffer.from(copy.value ?? []).toString()], ['key-0', 'v0'])
  assert.deepEqual(textsOf(copy), { trace: 'abc', waybill: message, 'waybill-redrive': `${deadTopic}/0/0/${group}` })
  assert.ok(
    Math.abs(copy.timestampMs - Date.now()) < deadlineMs,
    'a new timestamp: the old one would be deleted at once',
  )
  const rest = await stage.run(...redrive, '--all', '--execute')
  assert.equal(rest.code, 0, rest.stderr)
  assert.match(rest.stdout, /left out: 1 that were sent back before\n(?:.*\n)*sent back: 2\n$/)
  const again = await stage.run(...redrive, '--all', '--execute')
  assert.match(again.stdout, /sent back: 0, nothing fits\n$/)
  assert.deepEqual(marks(await stage.records(topic)), places(3))
  const { letters } = await stage.json<Listed>(list)
  assert.deepEqual(
    letters.map(({ redriven, cameBack }) => [redriven, cameBack]),
    [
      [true, true],
      [true, false],
      [true, false],
    ],
  )
})

test('what is sent back alarms nobody and has no second effect where the inbox knows it', async (t) => {
  const { stage } = await stageWithLetters(t, 0, 1)
  const header = (sequence: number): readonly [string, string] => [
    'waybill',
    `01-shop-0-7.0-${sequence}-${sequence.toString(16).padStart(32, '0')}`,
  ]
  // Handled after all: the consumer died between the letter's receipt and its commit, and the next one could.
  await stage.bury(1, () => ({ key: 'k', value: 'v1', offset: 1, headers: [header(1)] }))
  const send = (sequences: readonly number[]): Promise<void> =>
    stage.send(sequences.map((each) => ({ key: 'k', value: `v${each}`, headers: [header(each)] })))
  await send([0, 1, 2])
  const events: WaybillEvent[] = []
  const effects: string[] = []
  const store = memoryStore({ nowMs: () => Date.now() })
  const own = createWaybill({
    ...{ brokers: [stage.bootstrap], log: silentLog, store, transactions: memoryTransactions(store) },
    onEvent: (event) => events.push(event),
  })
  stage.atEnd(() => own.stop())
  await own.start()
  await own.consume({
    ...{ group, topics: [topic], inbox: true, commitMs: 50, drainMs: 500 },
    handle: (message) => void effects.push(message.text()),
  })
  await until(async () => effects.length === 3, { what: 'three effects', deadlineMs, everyMs: 20 })
  const { ends } = await stage.json<Redriven>([...redrive, '--all', '--execute'])
  assert.deepEqual(ends[0]?.to, { topic, partition: 0, offset: 3 })
  await send([3])
  await until(async () => effects.length === 4, { what: 'the message behind the copy', deadlineMs, everyMs: 20 })
  assert.deepEqual(effects, ['v0', 'v1', 'v2', 'v3'])
  const known = events.filter((event) => event.kind === 'handled' && event.already)
  assert.equal(known.length, 1, 'the inbox knew the copy')
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'finding'),
    [],
  )
})

test('killed after the broker took the copy and before its receipt: the next run finds it in the topic', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 3)
  broker.faults.delayResponses({ api: 'Produce', count: 1, delayMs: 60_000 })
  const first = stage.start(...redrive, '--all', '--execute')
  await until(async () => (await stage.records(topic)).length === 1, {
    what: 'the first copy',
    deadlineMs,
    everyMs: 20,
  })
  first.kill()
  await first.ended
  const plan = await stage.run(...redrive, '--all')
  assert.match(plan.stdout, /an earlier run was cut off at 0:0: what became of it is found out first/)
  const { ends } = await stage.json<Redriven>([...redrive, '--all', '--execute'])
  assert.deepEqual(
    ends.map(({ kind, at, byEarlierRun }) => [kind, at.offset, byEarlierRun]),
    [
      ['sent', 0, true],
      ['sent', 1, false],
      ['sent', 2, false],
    ],
  )
  assert.deepEqual(marks(await stage.records(topic)), places(3))
})

/** A run that stands behind its first durable intent, before it sends; what follows is up to the test. */
async function intended(stage: GroupStage, broker: Broker, delayMs: number): Promise<ReturnType<GroupStage['start']>> {
  broker.faults.delayResponses({ api: 'OffsetCommit', count: 1, delayMs })
  const run = stage.start(...redrive, '--all', '--execute')
  const isThere = async (): Promise<boolean> => (await stage.port.groupPositions(`${group}.redrive`)).length > 0
  await until(isThere, { what: 'the first intent', deadlineMs, everyMs: 20 })
  return run
}

test('killed before the copy was sent: the next run looks, does not find it, and sends it', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 2)
  const first = await intended(stage, broker, 60_000)
  first.kill()
  await first.ended
  assert.deepEqual(await stage.records(topic), [])
  const { ends } = await stage.json<Redriven>([...redrive, '--all', '--execute'])
  assert.deepEqual(
    ends.map(({ kind, at }) => [kind, at.offset]),
    [
      ['sent', 0],
      ['sent', 1],
    ],
  )
  assert.deepEqual(marks(await stage.records(topic)), places(2))
})

test('a run that was stopped past its session and comes back has no effect beside the one that took over', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 3)
  const first = await intended(stage, broker, 1_000)
  first.kill('SIGSTOP')
  const { ends } = await stage.json<Redriven>([...redrive, '--all', '--execute'])
  assert.equal(ends.filter(({ kind }) => kind === 'sent').length, 3)
  first.kill('SIGCONT')
  const { code, stdout } = await first.ended
  assert.equal(code, 1, stdout)
  assert.match(stdout, /another run took over|stopped early/)
  assert.deepEqual(marks(await stage.records(topic)), places(3))
})

test('killed with kill -9 at any moment, again and again: each letter comes back exactly once, in order', async (t) => {
  const count = 40
  const { stage } = await stageWithLetters(t, count)
  const seed = Math.floor(Math.random() * 1_000)
  let kills = 0
  for (let round = 0; round < 5; round++) {
    const before = (await stage.records(topic)).length
    const run = stage.start(...redrive, '--all', '--execute')
    // From its first copies on, at a moment that the seed says.
    const isOver = Symbol('over')
    const over = run.ended.then(() => isOver)
    const begun = until(async () => (await stage.records(topic)).length > before + 1, {
      ...{ what: 'copies', deadlineMs, everyMs: 5 },
    })
    if ((await Promise.race([over, begun])) === isOver) break
    await sleep((seed * (round + 1)) % 17)
    run.kill()
    const { code } = await run.ended
    if (code === null) kills++
  }
  assert.ok(kills > 0, 'at least one was killed while it worked')
  const last = await stage.run(...redrive, '--all', '--execute')
  assert.equal(last.code, 0, `${last.stderr}${last.stdout}`)
  assert.deepEqual(marks(await stage.records(topic)), places(count), `seed ${seed}, ${kills} kills`)
})

test('two at the same time: the second waits for the first, and no letter comes back twice', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 20)
  broker.faults.delayResponses({ api: 'Produce', count: 1, delayMs: 1_000 })
  const runs = await Promise.all([
    stage.run(...redrive, '--all', '--execute'),
    stage.run(...redrive, '--all', '--execute'),
  ])
  for (const { code, stderr } of runs) assert.equal(code, 0, stderr)
  assert.deepEqual(marks(await stage.records(topic)), places(20))
})

test('a letter that its topic refuses stays and is told with the fix; the others go back', async (t) => {
  const { stage } = await GroupStage.open(t)
  await stage.createTopic(deadTopic)
  await stage.createTopic('small', 1, { 'max.message.bytes': '600' })
  await stage.bury(4, (at) => ({
    from: at === 3 ? 'nowhere' : 'small',
    value: at === 1 ? 'x'.repeat(1_000) : `v${at}`,
  }))
  const args = ['dead', 'redrive', '--group', group, '--dead-topic', deadTopic, '--all', '--execute'] as const
  const { code, stdout } = await stage.run(...args)
  assert.equal(code, 1)
  assert.match(
    stdout,
    /^0:1 refused, it stays: MESSAGE_TOO_LARGE: .*raise max\.message\.bytes of the topic to at least 1\d{3}/m,
  )
  assert.match(stdout, /^0:3 refused, it stays: topic nowhere is not there/m)
  assert.match(stdout, /^sent back: 2, refused: 2$/m)
  await stage.createTopic('nowhere')
  const { ends } = await stage.json<Redriven>(args, [1])
  assert.deepEqual(
    ends.map(({ kind, at }) => [kind, at.offset]),
    [
      ['refused', 1],
      ['sent', 3],
    ],
  )
  assert.deepEqual(marks(await stage.records('small')), [`${deadTopic}/0/0/${group}`, `${deadTopic}/0/2/${group}`])
})

test('of two letters of one record only one goes back', async (t) => {
  const { stage } = await stageWithLetters(t, 2)
  await stage.bury(3, (at) => ({ offset: at, ...(at === 1 && { key: 'of a topic that was made anew' }) }))
  const first = await stage.json<Redriven>([...redrive, '--offset', '0:2', '--execute'])
  assert.equal(first.ends.length, 1)
  const { stdout } = await stage.run(...redrive, '--all', '--execute')
  assert.match(stdout, /^left out: 1 second letters of the same records\n/m)
  const texts = (await stage.records(topic)).map(({ key }) => Buffer.from(key ?? []).toString())
  assert.deepEqual(texts.sort(), ['key-0', 'key-1', 'key-2', 'of a topic that was made anew'])
})

test('the other readers of the topic are named before they get the messages once more', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 1)
  await commit(broker, 'shipping', topic, 0, '')
  const { alsoReadBy } = await stage.json<Redriven>([...redrive, '--all'])
  assert.deepEqual(alsoReadBy, ['shipping'])
  assert.match(
    (await stage.run(...redrive, '--all')).stdout,
    /these groups get the messages once more, too: shipping\n/,
  )
})

test('what cannot be meant is refused with what to do, and nothing is sent', async (t) => {
  const { stage, broker } = await stageWithLetters(t, 1)
  for (const [args, code, message] of [
    [[...redrive], 2, /choose letters by --offset/],
    [[...redrive, '--all', '--key', 'k'], 2, /choose letters by --offset/],
    [[...redrive, '--offset', 'x'], 2, /must be partition:offset/],
    [[...redrive, '--since', 'yesterday'], 2, /must be like 30min/],
    [[...redrive, '--all', '--unclear', 'maybe'], 2, /must be one of stop, sent, again/],
    [['dead', 'redrive', '--group', group, '--all'], 2, /--topic \(or --dead-topic\) is missing/],
    [['dead', 'bury'], 2, /dead list or dead redrive/],
    [
      ['dead', 'list', '--group', group, '--topic', 'unknown'],
      1,
      /WB_TOPIC_UNKNOWN.*unknown\.billing\.dead.*--dead-topic/,
    ],
  ] as const) {
    const ended = await stage.run(...args)
    assert.equal(ended.code, code, args.join(' '))
    assert.match(ended.stderr, message)
  }
  await commit(broker, `${group}.redrive`, deadTopic, 1, 'mark of another tool')
  const strange = await stage.run(...redrive, '--all', '--execute')
  assert.equal(strange.code, 1)
  assert.match(strange.stderr, /group billing\.redrive has a position .* that no redrive wrote/)
  assert.deepEqual(await stage.records(topic), [])
})

/** Commits as a tool without a membership does. */
async function commit(
  broker: Broker,
  name: string,
  of: string,
  offset: number,
  committedMetadata: string,
): Promise<void> {
  const place = { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata }
  await withConnection(broker.port, (connection) =>
    offsetCommitV9.api.async(connection, name, -1, '', null, [{ name: of, partitions: [place] }]),
  )
}
