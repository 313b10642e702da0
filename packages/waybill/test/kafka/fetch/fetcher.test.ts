import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kafka } from '../../../src/kafka/kafka.js'
import type { FetchOutcome } from '../../../src/ports/fetcher.js'
import { systemClock } from '../../../src/system/clock.js'
import { silentLog } from '../../../src/system/log.js'
import { systemRandom } from '../../../src/system/random.js'
import {
  array,
  int16,
  int32,
  int64,
  int8,
  metadataKey,
  noTags,
  type Reaction,
  ScriptedBroker,
  topicId,
} from '../scripted-broker.js'
import { batch } from './log-writer.js'

const fetchKey = 1
const position = { topic: 't', topicId, partition: 0, offset: 0, lastLeaderEpoch: -1, bytesMax: 1000 }

interface Answered {
  readonly errorCode?: number
  readonly records?: Buffer
  readonly tags?: Buffer
}

/** An answer to Fetch v13 for partition 0 of topic `t`. */
function answer({ errorCode = 0, records = Buffer.alloc(0), tags = noTags }: Answered = {}): Buffer {
  const offsets = [int64(9n), int64(9n), int64(0n)]
  // Lengths below 127 fit one byte.
  const bytes = Buffer.concat([int8(records.length + 1), records])
  const partition = Buffer.concat([int32(0), int16(errorCode), ...offsets, int8(0), int32(-1), bytes, tags])
  const topic = Buffer.concat([Buffer.from(topicId, 'hex'), array([partition]), noTags])
  return Buffer.concat([int32(0), int16(0), int32(0), array([topic]), noTags])
}

async function facing(
  react: (index: number) => Reaction,
  act: (fetch: (signal?: AbortSignal) => Promise<FetchOutcome | undefined>, server: ScriptedBroker) => Promise<void>,
): Promise<void> {
  let index = 0
  await using server = await ScriptedBroker.start({ [fetchKey]: () => react(index++) })
  const ports = { clock: systemClock, random: systemRandom, log: silentLog }
  const adapter = kafka({ brokers: [server.address], requestTimeoutMs: 300, callTimeoutMs: 500 }, ports)
  const fetch = async (signal = new AbortController().signal): Promise<FetchOutcome | undefined> => {
    let got: FetchOutcome | undefined
    await adapter.fetch([position], 100, signal, (_, outcome) => {
      got = outcome
    })
    return got
  }
  try {
    await act(fetch, server)
  } finally {
    await adapter.close()
  }
}

describe('a fetch', () => {
  const troubles: Readonly<Record<string, Reaction>> = {
    'an answer that does not come': 'silence',
    'a cut connection': 'cut',
    'an answer that ends too early': answer().subarray(0, 30),
    'an answer with bytes left over': Buffer.concat([answer(), Buffer.alloc(1)]),
    'an answer of rubbish': Buffer.concat([Buffer.alloc(10), Buffer.alloc(60, 0xff)]),
    NOT_LEADER_OR_FOLLOWER: answer({ errorCode: 6 }),
    UNKNOWN_TOPIC_ID: answer({ errorCode: 100 }),
    FENCED_LEADER_EPOCH: answer({ errorCode: 74 }),
  }
  for (const [name, trouble] of Object.entries(troubles))
    it(`fails after ${name}, asks for the leader again, and goes on`, () =>
      facing(
        (index) => (index === 0 ? trouble : answer({ records: batch({ baseOffset: 0, values: ['a'] }) })),
        async (fetch, server) => {
          assert.equal((await fetch())?.kind, 'failed')
          const asked = server.count(metadataKey)
          const next = await fetch()
          assert.ok(next?.kind === 'records' && next.nextOffset === 1, JSON.stringify(next))
          assert.ok(server.count(metadataKey) > asked, 'metadata')
        },
      ))

  it('reads the divergence among tagged fields of any order', () => {
    const leader = Buffer.concat([int8(1), int8(9), int32(2), int32(8), noTags])
    const diverging = Buffer.concat([int8(0), int8(13), int32(4), int64(77n), noTags])
    return facing(
      () => answer({ tags: Buffer.concat([int8(2), leader, diverging]) }),
      async (fetch) => assert.deepEqual(await fetch(), { kind: 'diverging', leaderEpoch: 4, endOffset: 77 }),
    )
  })

  it('that is aborted resolves at once and does not cost the connection', () =>
    facing(
      (index) => (index === 0 ? 'silence' : answer()),
      async (fetch) => {
        const abort = new AbortController()
        const waiting = fetch(abort.signal)
        abort.abort()
        assert.equal(await waiting, undefined)
        assert.equal(await fetch(AbortSignal.abort()), undefined)
        assert.equal((await fetch())?.kind, 'records')
      },
    ))

  it('one after the other share a connection', () =>
    facing(
      () => answer(),
      async (fetch, server) => {
        for (let i = 0; i < 5; i++) await fetch()
        assert.equal(server.connectionCount, 2, 'control and fetch')
      },
    ))
})
