import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import { formatHeader, headerName, parseHeader } from 'waybill/testing'
import { embeddedStage, kafkaStage, type Stage } from './harness.js'

const count = 20
const source = 'orders'
const lane = 17
const deadlineMs = 60_000

/** Where our records are, and what they hold. */
interface Sent {
  readonly topic: string
  readonly topicId: string
  readonly leader: number
  readonly records: readonly Seen[]
}

/** Sends `count` records with waybill's header in two batches through our adapter; gives the topic and what was sent. */
async function send({ harness }: Stage): Promise<Sent> {
  const broker = harness.open()
  try {
    const topic = `foreign-${randomBytes(4).toString('hex')}`
    await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
    const view = (await broker.describeTopic(topic)) ?? assert.fail('the topic is not known')
    const producerId = await broker.initProducerId()
    const sent = Array.from({ length: count }, (_, sequence) => ({
      key: `key-${sequence}`,
      value: `value ${sequence} \u{1F69A}`,
      header: formatHeader({
        source,
        lane,
        incarnation: { producerId, producerEpoch: 3 },
        sequence,
        messageId: randomBytes(16).toString('hex'),
      }),
    }))
    for (const firstSequence of [0, count / 2]) {
      const records = sent.slice(firstSequence, firstSequence + count / 2).map(({ key, value, header }) => ({
        key: Buffer.from(key),
        value: Buffer.from(value),
        headers: [[headerName, Buffer.from(header)] as const, ['traceparent', Buffer.from('00-1-2-01')] as const],
      }))
      const [outcome] = await broker.produce({
        pipeline: 0,
        leader: view.partitions[0]?.leader ?? -1,
        batches: [
          {
            topic,
            topicId: view.topicId,
            partition: 0,
            producerId,
            producerEpoch: 3,
            firstSequence,
            stampMs: Date.now(),
            records,
          },
        ],
        timeoutMs: 10_000,
        sendBeforeMs: harness.clock.monotonicMs() + 10_000,
      })
      assert.equal(outcome?.kind, 'acked', JSON.stringify(outcome))
    }
    return { topic, topicId: view.topicId, leader: view.partitions[0]?.leader ?? -1, records: sent }
  } finally {
    await broker.close()
  }
}

/** A record as a foreign client shows it. */
interface Seen {
  readonly key: string
  readonly value: string
  readonly header: string | undefined
}

function consumer(bootstrap: string): Consumer {
  return new Consumer({
    clientId: 'foreign',
    groupId: `foreign-${randomBytes(4).toString('hex')}`,
    bootstrapBrokers: [bootstrap],
  })
}

/** Closes a consumer (the library types its promise as void). */
function closed(client: Consumer): Promise<void> {
  return new Promise((resolve) => client.close(true, () => resolve()))
}

/** Reads as a member of a consumer group. */
async function consume({ bootstrap }: Stage, { topic }: Sent): Promise<Seen[]> {
  const client = consumer(bootstrap)
  const late = setTimeout(() => client.close(true, () => {}), deadlineMs)
  const seen: Seen[] = []
  try {
    const stream = await client.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false })
    for await (const { key, value, headers } of stream) {
      const header = [...headers].find(([name]) => name.toString() === headerName)?.[1]
      seen.push({ key: key.toString(), value: value.toString(), header: header?.toString() })
      if (seen.length === count) break
    }
    return seen
  } finally {
    clearTimeout(late)
    await closed(client)
  }
}

/** Reads partition 0 without a group: the embedded broker has no group coordinator (yet). */
async function fetch({ bootstrap }: Stage, { topicId, leader }: Sent): Promise<Seen[]> {
  const client = consumer(bootstrap)
  try {
    const partition = {
      partition: 0,
      fetchOffset: 0n,
      partitionMaxBytes: 1_000_000,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    }
    const answer = await client.fetch({
      node: leader,
      topics: [{ topicId, partitions: [partition] }],
      maxWaitTime: 1000,
    })
    const batches = answer.responses.flatMap((each) => each.partitions).flatMap((each) => each.records ?? [])
    return batches
      .flatMap((batch) => batch.records)
      .map(({ key, value, headers }) => {
        const header = headers.find(([name]) => name?.toString() === headerName)?.[1]
        return { key: String(key), value: String(value), header: header?.toString() }
      })
  } finally {
    await closed(client)
  }
}

for (const [name, start, receive] of [
  ['the embedded broker', embeddedStage, fetch],
  ['a real Kafka', kafkaStage, consume],
] as const)
  describe(`an ordinary client of ${name}`, () => {
    it('reads key, value and the waybill header of every record we sent', async () => {
      await using stage = await start()
      const sent = await send(stage)
      const seen = await receive(stage, sent)
      assert.deepEqual(seen, sent.records)
      seen.forEach(({ header = '' }, sequence) => {
        assert.deepEqual([parseHeader(header)?.sequence, parseHeader(header)?.lane], [sequence, lane])
      })
    })
  })
