import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import type { Handler } from '../../src/consume/consume-context.js'
import type { Work } from '../../src/consume/dispatcher.js'
import { Handling } from '../../src/consume/handling.js'
import { AssignedPartition } from '../../src/consume/partition.js'
import { jsonCodec } from '../../src/model/codec.js'
import { WaybillError } from '../../src/model/errors.js'
import { ReceivedMessage } from '../../src/model/received-message.js'
import type { WaybillEvent } from '../../src/ports/events.js'
import { handlingContext } from './handling-context.js'

/** Handling with this handler; `failed` are the messages given up. */
class Bench {
  readonly failed: unknown[] = []
  readonly events: WaybillEvent[] = []
  readonly handling: Handling<undefined>
  readonly #ended = new AbortController()
  #handled = 0

  constructor(handle: Handler<undefined>, retryable: (error: unknown) => boolean = () => true) {
    const settings = { maxAttempts: 3 }
    const context = handlingContext({ handle, settings, events: this.events, retryable })
    const nowhere = (): never => assert.fail('no policy of dead letters')
    const host = {
      handled: () => this.#handled++,
      failed: (_work: Work, error: unknown) => this.failed.push(error),
      braked: nowhere,
      ended: this.#ended.signal,
    }
    this.handling = new Handling(context, host)
  }

  get handled(): number {
    return this.#handled
  }

  /** Tries one message until it is handled or given up; returns how often it was tried. */
  async through(): Promise<number> {
    const work = workAt(0)
    for (let tries = 1; ; tries++) {
      const end = await this.handling.run(work)
      if (end === 'done') return tries
      await end.againAfter
    }
  }
}

function workAt(offset: number): Work {
  const partition = new AssignedPartition({ topic: 't', topicId: 'a'.repeat(32), partition: 0 })
  partition.phase = 'active'
  const place = { topic: 't', partition: 0, offset, timestampMs: 0, leaderEpoch: 0 }
  const message = new ReceivedMessage({ ...place, key: null, value: null, headers: [] }, jsonCodec)
  return { partition, message, bytes: 1, attempts: 0 }
}

const locked = (): WaybillError => new WaybillError('WB_STORE_BUSY', 'the database is locked')

test('a handler that throws is tried maxAttempts times, then its message is given up', async () => {
  const bench = new Bench(() => {
    throw new Error('bad')
  })
  assert.equal(await bench.through(), 3)
  assert.equal(bench.failed.length, 1)
})

test('an outage spends no attempt: the message is tried until the world is back', async () => {
  const attempts: number[] = []
  const bench = new Bench((_message, { attempt }) => {
    attempts.push(attempt)
    if (attempts.length <= 20) throw locked()
  })
  assert.equal(await bench.through(), 21)
  assert.deepEqual(bench.failed, [])
  assert.equal(bench.handled, 1)
  assert.deepEqual([...new Set(attempts)], [1])
  assert.equal(bench.events.filter(({ kind }) => kind === 'handler-failed').length, 20, 'each is reported')
})

test('after an outage the attempts of the message itself count on', async () => {
  let tries = 0
  const bench = new Bench(() => {
    tries++
    throw tries % 2 === 0 ? locked() : new Error('bad')
  })
  assert.equal(await bench.through(), 5)
  assert.equal(bench.failed.length, 1)
})

test('an outage that the application calls final is final', async () => {
  const bench = new Bench(
    () => {
      throw locked()
    },
    () => false,
  )
  assert.equal(await bench.through(), 1)
  assert.equal(bench.failed.length, 1)
})

test('handlers that never wait leave turns to the event loop, so that heartbeats go out', async () => {
  const bench = new Bench(() => {
    const until = performance.now() + 2
    while (performance.now() < until);
  })
  let turns = 0
  // A server that talks to itself: timers alone would also run when the loop never looks at its sockets.
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connect(address.port, '127.0.0.1', () => client.write('.'))
  client.on('error', () => undefined)
  client.on('data', () => {
    turns++
    client.write('.')
  })
  const worker = async (first: number): Promise<void> => {
    for (let offset = first; offset < first + 125; offset++) await bench.handling.run(workAt(offset))
  }
  await Promise.all(Array.from({ length: 4 }, (_, at) => worker(at * 125)))
  client.destroy()
  server.close()
  assert.equal(bench.handled, 500)
  // A second of work, a turn every 50 ms, and three of them to connect, to send and to answer.
  assert.ok(turns >= 3, `${turns} answers`)
})
