import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumeContext, Handler } from '../../src/consume/consume-context.js'
import type { Work } from '../../src/consume/dispatcher.js'
import { Handling } from '../../src/consume/handling.js'
import type { ConsumeSettings } from '../../src/consume/options.js'
import { AssignedPartition } from '../../src/consume/partition.js'
import { jsonCodec } from '../../src/model/codec.js'
import type { WaybillError } from '../../src/model/errors.js'
import { ReceivedMessage } from '../../src/model/received-message.js'
import type { ProduceBatch, ProduceOutcome, RecordData, TopicView } from '../../src/ports/broker.js'
import type { WaybillEvent } from '../../src/ports/events.js'
import { systemClock } from '../../src/system/clock.js'
import { handlingContext } from './handling-context.js'
import { DeadTopic } from './simulation/dead-topic.js'

class BadOrder extends Error {}

/** Handling whose dead letters go to a topic that answers as the test says. */
class Bench {
  readonly events: WaybillEvent[] = []
  readonly topic: DeadTopic = new DeadTopic()
  readonly sent: ProduceBatch[] = []
  readonly handled: number[] = []
  readonly braked: WaybillError[] = []
  readonly failed: unknown[] = []
  readonly handling: Handling<undefined>
  /** Answers instead of the topic's, in turn; `before` the append or after it. */
  readonly answers: { readonly before: boolean; readonly outcome: ProduceOutcome }[] = []
  /** What describing the topic finds, in turn; then the topic. */
  readonly views: (TopicView | undefined)[] = []
  readonly partition: AssignedPartition = new AssignedPartition({ topic: 't', topicId: 'a'.repeat(32), partition: 1 })
  onAppend: () => void = () => {}
  readonly #ended = new AbortController()

  constructor(settings: Partial<ConsumeSettings> = {}, handle: Handler<undefined> = fail) {
    const context = handlingContext({
      handle,
      settings: { onFailure: 'dead-letter', maxAttempts: 2, ...settings },
      events: this.events,
      kafka: this.#writes(),
    })
    this.partition.phase = 'active'
    this.handling = new Handling(context, {
      handled: ({ message }) => this.handled.push(message.offset),
      failed: (_work, error) => this.failed.push(error),
      braked: (error) => this.braked.push(error),
      ended: this.#ended.signal,
    })
  }

  #writes(): Pick<ConsumeContext<undefined>['kafka'], 'describeTopic' | 'initProducerId' | 'produce'> {
    return {
      describeTopic: async (topic) => {
        assert.equal(topic, 't.g.dead')
        return this.views.length > 0 ? this.views.shift() : this.topic.view
      },
      initProducerId: async () => this.topic.newProducerId(),
      produce: async ({ batches }) =>
        batches.map((batch) => {
          this.sent.push(batch)
          const answer = this.answers.shift()
          if (answer?.before) return answer.outcome
          const outcome = this.topic.append(batch)
          this.onAppend()
          assert.ok(!this.handled.includes(this.#offsetIn(batch)), 'handled before the receipt')
          return answer?.outcome ?? outcome
        }),
    }
  }

  #offsetIn({ records }: ProduceBatch): number {
    const [, offset] = records[0]?.headers.find(([name]) => name === 'waybill-dead-offset') ?? []
    return Number(Buffer.from(offset ?? []).toString())
  }

  work(offset: number, record: Partial<RecordData> = {}): Work {
    const place = { topic: 't', partition: 1, offset, timestampMs: 1_234, leaderEpoch: 0 }
    const data = { key: Buffer.from('k'), value: Buffer.from(`m${offset}`), headers: [], ...record }
    return {
      partition: this.partition,
      message: new ReceivedMessage({ ...place, ...data }, jsonCodec),
      bytes: 1,
      attempts: 0,
    }
  }

  /** Runs until it is done. */
  async through(work: Work): Promise<void> {
    for (;;) {
      const end = await this.handling.run(work)
      if (end === 'done') return
      await end.againAfter
    }
  }

  /** Producer id and sequence of every letter sent. */
  identities(): readonly (readonly number[])[] {
    return this.sent.map(({ producerId, firstSequence }) => [producerId, firstSequence])
  }

  causes(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'dead-letter-failed' ? [event.cause] : []))
  }
}

function fail(): never {
  throw new BadOrder('no such customer')
}

const lost: ProduceOutcome = { kind: 'unknown', cause: 'the connection was cut' }

const rejected = (code: string): ProduceOutcome => ({ kind: 'rejected', code, appended: 'no', message: '' })

test('a dead letter is the message as it was, and behind its headers where it comes from and what went wrong', async () => {
  const bench = new Bench()
  const own = [
    ['trace', Buffer.from([0, 255])],
    ['trace', Buffer.from('again')],
  ] as const
  await bench.through(bench.work(7, { key: Buffer.from([1, 2]), value: Buffer.from([0xff, 0, 0xfe]), headers: own }))
  const record = bench.sent[0]?.records[0] ?? assert.fail()
  assert.deepEqual(record.key, Buffer.from([1, 2]))
  assert.deepEqual(record.value, Buffer.from([0xff, 0, 0xfe]))
  assert.deepEqual(record.headers.slice(0, 2), own)
  const added = record.headers.slice(2).map(([name, value]) => `${name}=${Buffer.from(value).toString()}`)
  assert.deepEqual(added, [
    'waybill-dead-topic=t',
    'waybill-dead-partition=1',
    'waybill-dead-offset=7',
    'waybill-dead-timestamp=1234',
    'waybill-dead-group=g',
    'waybill-dead-attempts=2',
    'waybill-dead-error=BadOrder',
    'waybill-dead-message=no such customer',
  ])
  assert.equal(bench.sent[0]?.partition, 1)
  assert.deepEqual(bench.handled, [7])
  const told = bench.events.find(({ kind }) => kind === 'dead-lettered')
  const receipt = { topic: 't.g.dead', partition: 1, offset: 0 }
  assert.deepEqual(told, { kind: 'dead-lettered', topic: 't', partition: 1, offset: 7, receipt })
})

test('a tombstone without a key stays one', async () => {
  const bench = new Bench()
  await bench.through(bench.work(1, { key: null, value: null }))
  const record = bench.sent[0]?.records[0] ?? assert.fail()
  assert.deepEqual([record.key, record.value], [null, null])
})

for (const [name, before] of [
  ['did not reach the topic', true],
  ['is in the topic, its answer lost', false],
] as const)
  test(`a dead letter of unknown outcome that ${name} is sent again under its sequence, and lies there once`, async () => {
    const bench = new Bench()
    bench.answers.push({ before, outcome: lost }, { before, outcome: lost })
    await bench.through(bench.work(1))
    assert.equal(bench.sent.length, 3)
    assert.equal(new Set(bench.sent.map(({ producerId, firstSequence }) => `${producerId} ${firstSequence}`)).size, 1)
    assert.equal(bench.topic.letters.length, 1)
    assert.deepEqual(bench.handled, [1])
    assert.equal(bench.causes().length, 2)
  })

test('dead letters that follow each other share a producer id, those at the same time share none', async () => {
  const bench = new Bench()
  await bench.through(bench.work(1))
  await bench.through(bench.work(2))
  assert.deepEqual(bench.identities(), [
    [0, 0],
    [0, 1],
  ])
  bench.answers.push({ before: true, outcome: lost })
  await Promise.all([bench.through(bench.work(3)), bench.through(bench.work(4))])
  assert.equal(bench.topic.letters.length, 4)
  assert.deepEqual(
    bench.handled.toSorted((a, b) => a - b),
    [1, 2, 3, 4],
  )
})

test('a producer id that the broker refuses is given up, the letter goes under another one', async () => {
  const bench = new Bench()
  bench.answers.push({ before: true, outcome: rejected('OUT_OF_ORDER_SEQUENCE_NUMBER') })
  await bench.through(bench.work(1))
  await bench.through(bench.work(2))
  assert.deepEqual(bench.identities(), [
    [0, 0],
    [1, 0],
    [1, 1],
  ])
})

test('a missing dead-letter topic holds the message, is told, and costs no further try of the handler', async () => {
  let tries = 0
  const bench = new Bench({}, () => {
    tries++
    fail()
  })
  bench.views.push(undefined, undefined)
  await bench.through(bench.work(1))
  assert.equal(tries, 2)
  assert.equal(bench.causes().length, 2)
  for (const cause of bench.causes()) assert.match(cause, /t\.g\.dead: the topic does not exist: create it/)
  assert.deepEqual(bench.handled, [1])
  assert.equal(bench.topic.letters.length, 1)
})

test('a dead-letter topic created anew gets the letter under a new producer id', async () => {
  const bench = new Bench()
  await bench.through(bench.work(1))
  bench.views.push({ ...bench.topic.view, topicId: 'e'.repeat(32) })
  await bench.through(bench.work(2))
  assert.deepEqual(
    bench.sent.map(({ topicId, producerId, firstSequence }) => [topicId[0], producerId, firstSequence]),
    [
      ['d', 0, 0],
      ['e', 1, 0],
    ],
  )
})

for (const [code, fix] of [
  ['MESSAGE_TOO_LARGE', /raise its max\.message\.bytes to at least (2[23]\d\d)$/],
  ['TOPIC_AUTHORIZATION_FAILED', /grant WRITE on it$/],
  ['NOT_ENOUGH_REPLICAS', /min\.insync\.replicas$/],
] as const)
  test(`a dead-letter topic that refuses with ${code} holds the message and tells the fix`, async () => {
    const bench = new Bench()
    bench.answers.push({ before: true, outcome: rejected(code) })
    await bench.through(bench.work(1, { value: Buffer.alloc(2_000) }))
    const [cause = ''] = bench.causes()
    assert.ok(cause.startsWith(`t.g.dead: ${code}: `), cause)
    assert.match(cause, fix)
    assert.deepEqual(bench.handled, [1])
    assert.equal(bench.topic.letters.length, 1)
  })

test('the receipt of a partition that is no longer ours moves nothing', async () => {
  const bench = new Bench()
  bench.onAppend = () => {
    bench.partition.phase = 'gone'
  }
  await bench.through(bench.work(1))
  assert.equal(bench.topic.letters.length, 1)
  assert.deepEqual(bench.handled, [])
})

test('more than one dead letter in ten stops the consumer before the message, which gets no letter', async () => {
  const bench = new Bench({ maxAttempts: 1 })
  for (let offset = 0; offset < 21; offset++) await bench.through(bench.work(offset))
  assert.equal(bench.topic.letters.length, 20)
  assert.deepEqual(bench.handled.length, 20)
  const [error] = bench.braked
  assert.equal(error?.code, 'WB_DEAD_LETTER_BRAKE')
  assert.equal(error.facts['offset'], 20)
  assert.match(error.message, /no such customer/)
  assert.ok(error.cause instanceof BadOrder)
})

test('a held message waits until its partition goes, and is told', async () => {
  const bench = new Bench({ onFailure: 'hold' })
  const through = bench.through(bench.work(3))
  const isHeld = (): boolean => bench.handling.held().length > 0
  for (let looks = 0; looks < 1_000 && !isHeld(); looks++) await systemClock.sleep(1)
  const held = { topic: 't', partition: 1, offset: 3, cause: 'no such customer' }
  assert.deepEqual(bench.handling.held(), [held])
  assert.deepEqual(
    bench.events.filter(({ kind }) => kind === 'held'),
    [{ kind: 'held', ...held }],
  )
  bench.partition.phase = 'gone'
  bench.partition.gone.abort()
  await through
  assert.deepEqual(bench.handling.held(), [])
  assert.deepEqual([bench.handled, bench.failed, bench.sent], [[], [], []])
})
