import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersionsRequest } from '../../src/generated/api-versions-request.js'
import { fetchPartition, fetchRequest, fetchTopic } from '../../src/generated/fetch-request.js'
import {
  apiVersionsRequestCodec,
  apiVersionsResponseCodec,
  deleteTopicsRequestCodec,
  deleteTopicsResponseCodec,
  fetchRequestCodec,
  fetchResponseCodec,
  metadataRequestCodec,
  metadataResponseCodec,
  produceRequestCodec,
  produceResponseCodec,
} from '../../src/generated/messages.js'
import { metadataRequest } from '../../src/generated/metadata-request.js'
import { partitionProduceData, produceRequest, topicProduceData } from '../../src/generated/produce-request.js'
import { connected, raw, started, until } from '../fixture.js'
import { recordBatch } from '../record-batch.js'

const T = 'orders'
const topics = [{ name: T, partitions: 2 }]
const client = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
const produceOf = (values: string[], acks = -1, index = 0) =>
  produceRequest({
    acks,
    topicData: [
      topicProduceData({ name: T, partitionData: [partitionProduceData({ index, records: recordBatch(values) })] }),
    ],
  })
const fetchOf = (fetchOffset: bigint, maxWaitMs: number, minBytes = 1) =>
  fetchRequest({
    maxWaitMs,
    minBytes,
    topics: [fetchTopic({ topic: T, partitions: [fetchPartition({ fetchOffset, partitionMaxBytes: 1 << 20 })] })],
  })

test('responses come in the order of the requests, also behind a long poll', async (t) => {
  const broker = await started(t, { topics })
  const socket = await raw(t, broker)
  const first = socket.send(fetchRequestCodec, 12, fetchOf(0n, 100))
  const second = socket.send(metadataRequestCodec, 13, metadataRequest({ topics: null }))
  const third = socket.send(apiVersionsRequestCodec, 4, apiVersionsRequest(client))
  assert.equal((await socket.receive(fetchResponseCodec, 12)).correlationId, first)
  assert.equal((await socket.receive(metadataResponseCodec, 13)).correlationId, second)
  assert.equal((await socket.receive(apiVersionsResponseCodec, 4)).correlationId, third)
})

test('a long poll wakes up on an append and holds up no other connection', async (t) => {
  const broker = await started(t, { topics })
  const reader = await raw(t, broker)
  reader.send(fetchRequestCodec, 12, fetchOf(0n, 60_000))
  const writer = await connected(t, broker)
  assert.equal((await writer.produce({ topic: T, values: ['now'] })).errorCode, 0)
  const { message } = await reader.receive(fetchResponseCodec, 12)
  const data = message.responses[0]?.partitions[0]
  assert.equal(data?.highWatermark, 1n)
  assert.ok((data.records?.length ?? 0) > 0, 'the new batch is in the answer')
})

test('a long poll waits for min_bytes and ends empty-handed at max_wait_ms', async (t) => {
  const broker = await started(t, { topics })
  const reader = await raw(t, broker)
  const began = Date.now()
  reader.send(fetchRequestCodec, 12, fetchOf(0n, 150, 10_000))
  const writer = await connected(t, broker)
  await writer.produce({ topic: T, values: ['too little'] })
  const { message } = await reader.receive(fetchResponseCodec, 12)
  assert.ok(Date.now() - began >= 145, 'one small batch does not end the wait')
  assert.ok((message.responses[0]?.partitions[0]?.records?.length ?? 0) > 0, 'what is there is sent at the end')
})

test('a long poll on a topic that is deleted ends at once', async (t) => {
  const broker = await started(t, { topics })
  const reader = await raw(t, broker)
  reader.send(fetchRequestCodec, 12, fetchOf(0n, 60_000))
  const admin = await raw(t, broker)
  admin.send(deleteTopicsRequestCodec, 1, { topics: [], topicNames: [T], timeoutMs: 1000 })
  assert.equal((await admin.receive(deleteTopicsResponseCodec, 1)).message.responses[0]?.errorCode, 0)
  const { message } = await reader.receive(fetchResponseCodec, 12)
  assert.equal(message.responses[0]?.partitions[0]?.errorCode, 3)
})

test('an ApiVersions version nobody knows yet is answered as version 0 with error 35', async (t) => {
  const socket = await raw(t, await started(t))
  socket.send({ ...apiVersionsRequestCodec, flexibleFrom: 3 }, 77, apiVersionsRequest(client))
  const { message } = await socket.receive(apiVersionsResponseCodec, 0)
  assert.equal(message.errorCode, 35)
  assert.deepEqual(message.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }])
})

test('ApiVersions offers the ranges of a Kafka 4 broker', async (t) => {
  const socket = await raw(t, await started(t))
  socket.send(apiVersionsRequestCodec, 4, apiVersionsRequest(client))
  const { message } = await socket.receive(apiVersionsResponseCodec, 4)
  const ranges = Object.fromEntries(message.apiKeys.map((k) => [k.apiKey, `${k.minVersion}-${k.maxVersion}`]))
  // Of Kafka 4.3.1: InitProducerId 6 is unstable there, Produce 0 is named for librdkafka (KAFKA-18659).
  const expected = {
    0: '0-13',
    1: '4-18',
    2: '1-11',
    3: '0-13',
    8: '2-10',
    9: '1-10',
    10: '0-6',
    11: '0-9',
    12: '0-4',
    13: '0-5',
    14: '0-5',
    15: '0-6',
    16: '0-5',
    18: '0-4',
    19: '2-7',
    20: '1-6',
    21: '0-2',
    22: '0-5',
    23: '2-4',
    32: '1-4',
    42: '0-2',
    44: '0-1',
    47: '0-0',
    60: '0-2',
    61: '0-0',
    68: '0-1',
    69: '0-1',
  }
  assert.deepEqual(ranges, expected)
})

test('garbage closes that connection with a log line, and no other', async (t) => {
  const lines: string[] = []
  const broker = await started(t, { topics, log: (line) => lines.push(line) })
  const healthy = await connected(t, broker)
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from([0, 0, 0, 3, 1, 2, 3]),
    Buffer.from([255, 255, 255, 255]),
    Buffer.from([0, 0, 0, 8, 0, 99, 0, 0, 0, 0, 0, 1]),
    Buffer.from([0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 1, 255, 255, 0, 0]),
    Buffer.from([0, 0, 0, 14, 0, 3, 0, 13, 0, 0, 0, 1, 255, 255, 0, 255, 255, 255]),
  ]
  for (const [i, bytes] of garbage.entries()) {
    const socket = await raw(t, broker)
    socket.write(bytes)
    await socket.closed()
    await until('a line about it', () => lines.length > i)
    assert.match(lines[i] ?? '', /closed: no Kafka request: /)
  }
  assert.equal((await healthy.produce({ topic: T, values: ['fine'] })).errorCode, 0)
})

test('a request in pieces of one byte is understood', async (t) => {
  const broker = await started(t, { topics })
  const socket = await raw(t, broker)
  const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 5, 255, 255])
  for (const byte of request) socket.write(Buffer.from([byte]))
  assert.equal((await socket.receive(apiVersionsResponseCodec, 0)).correlationId, 5)
})

test('acks=0 is answered by silence, its failure by a cut connection', async (t) => {
  const broker = await started(t, { topics })
  const socket = await raw(t, broker)
  socket.send(produceRequestCodec, 11, produceOf(['a'], 0))
  const next = socket.send(metadataRequestCodec, 13, metadataRequest({ topics: [] }))
  assert.equal((await socket.receive(metadataResponseCodec, 13)).correlationId, next)
  const reader = await connected(t, broker)
  assert.deepEqual(await reader.fetch(T, 0), ['a'])
  socket.send(produceRequestCodec, 11, produceOf(['b'], 0, 9))
  await socket.closed()
})

test('each partition of a request has its own fate, answered in the order of the request', async (t) => {
  const socket = await raw(t, await started(t, { topics }))
  const part = (index: number, records: Buffer | null) => partitionProduceData({ index, records })
  const corrupt = recordBatch(['x'])
  corrupt.writeUInt32BE(1, 17)
  const twice = Buffer.concat([recordBatch(['x']), recordBatch(['y'])])
  const partitionData = [
    part(7, recordBatch(['lost'])),
    part(1, recordBatch(['kept'])),
    part(0, corrupt),
    part(0, twice),
    part(0, null),
  ]
  for (const version of [3, 8, 9, 12]) {
    socket.send(
      produceRequestCodec,
      version,
      produceRequest({ acks: -1, topicData: [topicProduceData({ name: T, partitionData })] }),
    )
    const { message } = await socket.receive(produceResponseCodec, version)
    const answers = message.responses[0]?.partitionResponses.map((p) => [p.index, p.errorCode])
    assert.deepEqual(answers, [
      [7, 3],
      [1, 0],
      [0, 2],
      [0, 87],
      [0, 87],
    ])
  }
  socket.send(produceRequestCodec, 9, { ...produceOf(['x']), acks: 2 })
  assert.equal(
    (await socket.receive(produceResponseCodec, 9)).message.responses[0]?.partitionResponses[0]?.errorCode,
    21,
  )
})

test('topics are addressed by id where the version says so, and an unknown id is told apart', async (t) => {
  const broker = await started(t, { topics })
  const socket = await raw(t, broker)
  socket.send(metadataRequestCodec, 13, metadataRequest({ topics: null }))
  const topicId = (await socket.receive(metadataResponseCodec, 13)).message.topics[0]?.topicId ?? ''
  const other = Buffer.alloc(16, 7).toString('base64url')
  const byId = (id: string) =>
    topicProduceData({ topicId: id, partitionData: [partitionProduceData({ records: recordBatch(['v']) })] })
  socket.send(produceRequestCodec, 13, produceRequest({ acks: 1, topicData: [byId(topicId), byId(other)] }))
  const produced = (await socket.receive(produceResponseCodec, 13)).message.responses
  assert.deepEqual(
    produced.map((r) => [r.topicId, r.partitionResponses[0]?.errorCode]),
    [
      [topicId, 0],
      [other, 100],
    ],
  )
  const wanted = [topicId, other].map((id) =>
    fetchTopic({ topicId: id, partitions: [fetchPartition({ partitionMaxBytes: 1000 })] }),
  )
  socket.send(fetchRequestCodec, 18, fetchRequest({ topics: wanted, maxWaitMs: 60_000, minBytes: 1 << 20 }))
  const fetched = (await socket.receive(fetchResponseCodec, 18)).message.responses
  assert.deepEqual(
    fetched.map((r) => r.partitions[0]?.errorCode),
    [0, 100],
    'an error ends the wait',
  )
})

test('a reader with a lost epoch is told where the logs part, one with an old leader epoch is fenced', async (t) => {
  const broker = await started(t, { topics })
  const writer = await connected(t, broker)
  for (const value of ['a', 'b', 'c']) await writer.produce({ topic: T, values: [value] })
  await broker.faults.powerLoss()
  await (await connected(t, broker)).produce({ topic: T, values: ['new'] })
  const socket = await raw(t, broker)
  const ask = async (fields: Parameters<typeof fetchPartition>[0]) => {
    const partitions = [fetchPartition({ partitionMaxBytes: 1000, ...fields })]
    socket.send(
      fetchRequestCodec,
      12,
      fetchRequest({ maxWaitMs: 1000, minBytes: 1, topics: [fetchTopic({ topic: T, partitions })] }),
    )
    return (await socket.receive(fetchResponseCodec, 12)).message.responses[0]?.partitions[0]
  }
  assert.equal((await ask({ fetchOffset: 3n }))?.errorCode, 1, 'OFFSET_OUT_OF_RANGE beyond the end')
  assert.equal((await ask({ currentLeaderEpoch: 0 }))?.errorCode, 74, 'FENCED_LEADER_EPOCH')
  assert.equal((await ask({ currentLeaderEpoch: 2 }))?.errorCode, 75, 'UNKNOWN_LEADER_EPOCH')
  assert.equal((await ask({ fetchOffset: 0n, currentLeaderEpoch: 1, lastFetchedEpoch: 1 }))?.errorCode, 0)
  const parted = await ask({ fetchOffset: 1n, currentLeaderEpoch: 1, lastFetchedEpoch: 0 })
  assert.deepEqual([parted?.errorCode, parted?.divergingEpoch.endOffset], [0, 0n])
})
