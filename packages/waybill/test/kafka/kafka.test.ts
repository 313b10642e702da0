import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kafka, type KafkaOptions } from '../../src/kafka/kafka.js'
import type { Broker, ProduceOutcome, ProduceRequest } from '../../src/ports/broker.js'
import type { Log } from '../../src/ports/log.js'
import { systemClock } from '../../src/system/clock.js'
import { silentLog } from '../../src/system/log.js'
import { systemRandom } from '../../src/system/random.js'
import {
  apiVersions,
  apiVersionsKey,
  array,
  describeConfigsKey,
  int16,
  int32,
  int8,
  metadata,
  metadataKey,
  noTags,
  produced,
  produceKey,
  type Script,
  ScriptedBroker,
  text,
  topicId,
} from './scripted-broker.js'

const quick = { connectTimeoutMs: 1000, requestTimeoutMs: 500, callTimeoutMs: 1000, produceGraceMs: 100 }

async function facing(
  script: Script,
  act: (broker: Broker, server: ScriptedBroker) => Promise<void>,
  options: Partial<KafkaOptions> = {},
  log: Log = silentLog,
): Promise<void> {
  await using server = await ScriptedBroker.start(script)
  const ports = { clock: systemClock, random: systemRandom, log }
  const broker = kafka({ brokers: [server.address], ...quick, ...options }, ports)
  try {
    await act(broker, server)
  } finally {
    await broker.close()
  }
}

function request(changes: Partial<ProduceRequest> = {}, sequence = 0): ProduceRequest {
  const batch = {
    topic: 't',
    topicId,
    partition: 0,
    producerId: 1,
    producerEpoch: 0,
    firstSequence: sequence,
    stampMs: 1,
    records: [{ key: null, value: Buffer.from('v'), headers: [] }],
  }
  const sendBeforeMs = systemClock.monotonicMs() + 10_000
  return { pipeline: 0, leader: 1, batches: [batch], timeoutMs: 200, sendBeforeMs, ...changes }
}

async function produce(broker: Broker, changes: Partial<ProduceRequest> = {}): Promise<ProduceOutcome> {
  const [outcome, ...more] = await broker.produce(request(changes))
  assert.equal(more.length, 0)
  return outcome ?? assert.fail('no outcome')
}

async function eventually(holds: () => boolean, what: string): Promise<void> {
  const until = performance.now() + 5000
  while (!holds()) {
    assert.ok(performance.now() < until, `in vain: ${what}`)
    await systemClock.sleep(5)
  }
}

describe('Produce tells what is known and no more', () => {
  const unknowns: Readonly<Record<string, () => Buffer | 'silence' | 'cut'>> = {
    'an answer that does not come': () => 'silence',
    'a connection that is cut': () => 'cut',
    'an answer that ends too early': () => produced({}).subarray(0, 20),
    'an answer of rubbish': () => Buffer.alloc(64, 0xff),
    'an answer with bytes left over': () => Buffer.concat([produced({}), int32(0)]),
    'an answer without our partition': () => produced({ partition: 7 }),
    'an answer without an offset': () => produced({ baseOffset: -1n }),
  }
  for (const [name, reaction] of Object.entries(unknowns))
    it(`${name} is unknown`, () =>
      facing({ [produceKey]: reaction }, async (broker) => {
        const outcome = await produce(broker)
        assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome))
      }))

  it('after an answer that did not come the connection is closed and the next request gets a new one', () => {
    let isSilent = true
    return facing({ [produceKey]: () => (isSilent ? 'silence' : produced({})) }, async (broker, server) => {
      assert.equal((await produce(broker)).kind, 'unknown')
      await eventually(() => server.connectionCount === 1, 'only the control connection is left')
      isSilent = false
      assert.deepEqual(await produce(broker), { kind: 'acked', baseOffset: 5, appendTimeMs: -1 })
    })
  })

  it('an answer with tagged fields is read, and NOT_LEADER makes the known leader stale', () => {
    const leader = Buffer.concat([int8(1), int8(0), int8(9), int32(2), int32(8), noTags])
    const answer = produced({ errorCode: 6, baseOffset: -1n, tags: leader, endTags: leader })
    return facing({ [produceKey]: () => answer, [describeConfigsKey]: () => configs(0) }, async (broker, server) => {
      await broker.describeTopic('t')
      const asked = server.count(metadataKey)
      const outcome = await produce(broker)
      assert.deepEqual(outcome, { kind: 'rejected', code: 'NOT_LEADER_OR_FOLLOWER', appended: 'maybe', message: '' })
      await broker.describeTopic('t')
      assert.equal(server.count(metadataKey), asked + 1)
    })
  })

  it('tagged fields of one partition do not disturb the next one', () => {
    const leader = Buffer.concat([int8(1), int8(0), int8(9), int32(2), int32(8), noTags])
    const answer = produced({ errorCode: 6, baseOffset: -1n, tags: leader }, undefined, {
      partition: 1,
      baseOffset: 77n,
    })
    return facing({ [produceKey]: () => answer }, async (broker) => {
      const [batch] = request().batches
      assert.ok(batch)
      const outcomes = await broker.produce(request({ batches: [{ ...batch, partition: 1 }, batch] }))
      assert.deepEqual(
        outcomes.map((each) => (each.kind === 'acked' ? each.baseOffset : each.kind)),
        [77, 'rejected'],
      )
    })
  })

  it('an error that carries an offset may have been appended', () =>
    facing({ [produceKey]: () => produced({ errorCode: 3, baseOffset: 4n }) }, async (broker) => {
      const outcome = await produce(broker)
      assert.ok(outcome.kind === 'rejected' && outcome.appended === 'maybe', JSON.stringify(outcome))
    }))

  it('an error number nobody knows is a rejection that may have been appended', () =>
    facing({ [produceKey]: () => produced({ errorCode: 777, baseOffset: -1n }) }, async (broker) => {
      const outcome = await produce(broker)
      assert.deepEqual(outcome, { kind: 'rejected', code: 'ERROR_777', appended: 'maybe', message: '' })
    }))

  it('a broker without topic ids in Produce is asked by name', () => {
    const script: Script = {
      [apiVersionsKey]: () => apiVersions(11),
      [produceKey]: ({ version, body }) => {
        assert.equal(version, 11)
        assert.ok(body.includes(text('t')))
        return produced({}, text('t'))
      },
    }
    return facing(script, async (broker) => {
      assert.equal((await produce(broker)).kind, 'acked')
    })
  })

  it('requests of one pipeline to one leader go one at a time', () => {
    const waiting: (() => void)[] = []
    const script: Script = {
      [produceKey]: async () => {
        await new Promise<void>((resolve) => waiting.push(resolve))
        return produced({})
      },
    }
    return facing(script, async (broker, server) => {
      const both = [broker.produce(request({ timeoutMs: 5000 }, 0)), broker.produce(request({ timeoutMs: 5000 }, 1))]
      const other = broker.produce(request({ timeoutMs: 5000, pipeline: 1 }, 2))
      await eventually(() => waiting.length === 2, 'the first of pipeline 0 and that of pipeline 1')
      await systemClock.sleep(50)
      assert.equal(server.count(produceKey), 2)
      for (const answer of waiting.splice(0)) answer()
      await eventually(() => waiting.length === 1, 'the second of pipeline 0')
      for (const answer of waiting.splice(0)) answer()
      const outcomes = await Promise.all([...both, other])
      assert.ok(outcomes.flat().every(({ kind }) => kind === 'acked'))
    })
  })

  it('closing makes a request under way unknown', () =>
    facing({}, async (broker, server) => {
      const outcome = produce(broker, { timeoutMs: 5000 })
      await eventually(() => server.count(produceKey) === 1, 'the request has arrived')
      await broker.close()
      assert.equal((await outcome).kind, 'unknown')
    }))
})

describe('Produce says unsent only when no byte was sent', () => {
  it('when the connection is not ready before the time to send is over', () =>
    facing({ [apiVersionsKey]: () => 'silence' }, async (broker, server) => {
      const startMs = systemClock.monotonicMs()
      const outcome = await produce(broker, { sendBeforeMs: startMs + 100 })
      assert.equal(outcome.kind, 'unsent', JSON.stringify(outcome))
      assert.ok(systemClock.monotonicMs() - startMs < 450)
      assert.equal(server.count(produceKey), 0)
    }))

  it('when the cluster has no such leader', () =>
    facing({}, async (broker, server) => {
      const outcome = await produce(broker, { leader: 9 })
      assert.ok(outcome.kind === 'unsent' && outcome.cause.includes('no broker 9'), JSON.stringify(outcome))
      assert.equal(server.count(produceKey), 0)
    }))

  it('when the broker offers no Produce we can speak', () =>
    facing({ [apiVersionsKey]: () => apiVersions(8) }, async (broker, server) => {
      const outcome = await produce(broker)
      assert.ok(outcome.kind === 'unsent' && outcome.cause.includes('Produce'), JSON.stringify(outcome))
      assert.equal(server.count(produceKey), 0)
    }))

  it('when the request cannot be meant', () =>
    facing({}, async (broker, server) => {
      const [batch] = request().batches
      assert.ok(batch)
      const twice = await broker.produce(request({ batches: [batch, batch] }))
      assert.deepEqual(
        twice.map(({ kind }) => kind),
        ['unsent', 'unsent'],
      )
      assert.equal((await produce(broker, { batches: [{ ...batch, records: [] }] })).kind, 'unsent')
      assert.equal(server.count(produceKey), 0)
    }))
})

describe('the cluster', () => {
  it('is found through any address that answers', async () => {
    await using closed = await ScriptedBroker.start({})
    const dead = closed.address
    await closed[Symbol.asyncDispose]()
    await facing({}, async (_broker, server) => {
      const ports = { clock: systemClock, random: systemRandom, log: silentLog }
      const broker = kafka({ brokers: [dead, server.address], ...quick }, ports)
      assert.equal(await broker.clusterId(), 'cluster')
      await broker.close()
    })
  })

  it('is looked for at the original addresses when every known broker is gone', () => {
    let port = 1 // nothing listens there
    return facing({ [metadataKey]: (_, own) => metadata(port === 0 ? own : port) }, async (broker) => {
      assert.equal(await broker.clusterId(), 'cluster')
      port = 0
      assert.equal(await broker.clusterId(), 'cluster')
    })
  })

  it('that cannot be reached is named with every address and cause', () =>
    facing({ [metadataKey]: () => 'silence' }, async (broker, server) => {
      await assert.rejects(broker.clusterId(), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'WB_KAFKA_UNREACHABLE')
        assert.match(error.message, new RegExp(`${server.address} \\(Metadata .*no answer within 500 ms`))
        return true
      })
    }))

  it('that once did not answer is asked on a new connection', () => {
    let isSilent = true
    const script: Script = { [metadataKey]: (_, port) => (isSilent ? 'silence' : metadata(port)) }
    return facing(script, async (broker, server) => {
      await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE' })
      await eventually(() => server.connectionCount === 0, 'the silent connection is closed')
      isSilent = false
      assert.equal(await broker.clusterId(), 'cluster')
    })
  })

  it('is asked once by callers at the same time, and again after 5 s or when asked to', () =>
    facing({ [describeConfigsKey]: () => configs(0) }, async (broker, server) => {
      const views = await Promise.all([1, 2, 3].map(() => broker.describeTopic('t')))
      assert.ok(views.every((view) => view?.topicId === topicId && view.maxMessageBytes === 777))
      assert.equal(server.count(metadataKey), 1)
      await broker.describeTopic('t')
      assert.equal(server.count(metadataKey), 1)
      await broker.describeTopic('t', { fresh: true })
      assert.equal(server.count(metadataKey), 2)
      assert.equal(server.count(describeConfigsKey), 2)
    }))

  it('that does not let us read settings gets safe ones and one warning', async () => {
    const warnings: string[] = []
    const log = { ...silentLog, warn: (message: string) => warnings.push(message) }
    await facing(
      { [describeConfigsKey]: () => configs(29) },
      async (broker) => {
        const view = await broker.describeTopic('t')
        await broker.describeTopic('t', { fresh: true })
        assert.deepEqual(
          [view?.maxMessageBytes, view?.retentionMs, view?.timestampType, view?.producerIdExpirationMs],
          [1_048_588, 3_600_000, 'unknown', 86_400_000],
        )
        assert.equal(warnings.length, 1)
        assert.match(warnings[0] ?? '', /TOPIC_AUTHORIZATION_FAILED/)
      },
      {},
      log,
    )
  })

  it('does not end the process when it resets a connection at any moment', async () => {
    const kinds: string[] = []
    for (const key of [apiVersionsKey, metadataKey, produceKey])
      await facing({ [key]: () => 'reset' }, async (broker) => {
        kinds.push((await produce(broker)).kind)
      })
    assert.deepEqual(kinds, ['unsent', 'unsent', 'unknown'])
  })
})

describe('options', () => {
  for (const [name, options] of Object.entries({
    'no broker': { brokers: [] },
    'a broker that is no address': { brokers: ['http://x:1'] },
    'a port that is none': { brokers: ['x:70000'] },
    'an unknown option': { brokers: ['x:1'], broker: 1 },
    'a time of nothing': { brokers: ['x:1'], connectTimeoutMs: 0 },
  }))
    it(`${name} is refused`, () => {
      const ports = { clock: systemClock, random: systemRandom, log: silentLog }
      assert.throws(() => kafka(options, ports), { code: 'WB_OPTION_INVALID' })
    })
})

/** An answer to DescribeConfigs v4 about topic `t`: an error, or max.message.bytes=777. */
function configs(errorCode: number): Buffer {
  const value = Buffer.concat([
    text('max.message.bytes'),
    text('777'),
    int8(0),
    int8(1),
    int8(0),
    array([]),
    int8(0),
    text(null),
    noTags,
  ])
  const result = [int16(errorCode), text(null), int8(2), text('t'), array(errorCode === 0 ? [value] : []), noTags]
  return Buffer.concat([int32(0), array([Buffer.concat(result)]), noTags])
}
