// Least privilege on a real Kafka with StandardAuthorizer: exactly the rights of docs/security.md are enough, and where one is missing
// the relay or the consumer says which, waits, spends no attempt, and loses nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import Database from 'libsql'
import { createWaybill, silentLog, type Waybill, type WaybillEvent, type WaybillOptions } from 'waybill'
import { type Broker, kafka, type KafkaOptions } from 'waybill/kafka'
import { fromSqlite, type SqliteHandle, sqlite } from 'waybill/sqlite'
import { freePorts } from '../../src/cluster/free-ports.js'
import { until } from '../../src/cluster/until.js'
import { Admin } from './admin.js'
import { password, type Right, SecureNode } from './secure-node.js'

const group = 'billing'
const values = ['1', '2', '3', '4', '5']
const deadlineMs = 30_000
/** Each case is a user of its own: a right on one topic also lets a user have producer ids. */
const users = Array.from({ length: 17 }, (_, index) => `user-${index}`)
/** Quick to complain. */
const relay = { alertAfterMs: 1000, alertAfterTries: 3, backoffMaxMs: 500, drainMs: 500, requestTimeoutMs: 2000 }

/** What the relay needs on each topic, and on the cluster. */
const relayRights = ['TOPIC WRITE', 'TOPIC READ', 'TOPIC DESCRIBE_CONFIGS', 'CLUSTER DESCRIBE_CONFIGS'] as const
/** What a consumer needs on each topic, and on its group. */
const consumerRights = ['TOPIC READ', 'GROUP READ'] as const
type RightName = (typeof relayRights)[number] | (typeof consumerRights)[number] | 'TOPIC DESCRIBE'

describe('with least privilege', () => {
  let node: SecureNode
  let admin: Broker
  let topics = 0
  before(async () => {
    node = await SecureNode.start(users)
    admin = kafka({ brokers: [node.node.bootstrap] })
  })
  after(async () => {
    await admin.close()
    await node.stop()
  })

  /** A topic and a user with these rights. */
  async function scene(names: readonly RightName[], configs: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const user = users[topics] ?? assert.fail('more users needed')
    const topic = `topic-${topics++}`
    await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
    if (Object.keys(configs).length > 0) await new Admin(node.node.port).alterTopic(topic, configs)
    const right = (name: RightName): Right => {
      const [resource, operation] = name.split(' ') as [Right['resource'], Right['operation']]
      return { resource, operation, name: { TOPIC: topic, GROUP: group, CLUSTER: 'kafka-cluster' }[resource] }
    }
    await node.grant(user, names.map(right))
    return { user, topic, grant: (name) => node.grant(user, [right(name)]) }
  }

  const connection = (user: string): KafkaOptions => {
    return {
      brokers: [node.bootstrap()],
      tls: { ca: node.authority() },
      sasl: { mechanism: 'PLAIN', username: user, password },
      callTimeoutMs: 5000,
    }
  }

  /** An instance with a database of its own, and what it told. Goes when the test ends. */
  function instance(t: TestContext, options: Partial<WaybillOptions<SqliteHandle>>): Instance {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-rights-'))
    const [own, theirs] = [connect(join(folder, 'db')), connect(join(folder, 'db'))]
    const told: string[] = []
    const events: WaybillEvent[] = []
    const waybill = createWaybill<SqliteHandle>({
      brokers: ['127.0.0.1:1'],
      store: sqlite(own),
      transactions: fromSqlite(theirs),
      lanes: 2,
      log: { ...silentLog, warn: (text, facts) => told.push(`${text} ${JSON.stringify(facts)}`) },
      onEvent: (event) => events.push(event),
      ...options,
    })
    t.after(async () => {
      await waybill.stop({ drainMs: 500 })
      for (const database of [own, theirs]) database.close()
      rmSync(folder, { recursive: true, force: true })
    })
    return { waybill, told, events }
  }

  /** Starts a relay with these rights and gives it the values, all under one key. */
  async function sending(t: TestContext, { user, topic }: Scene): Promise<Instance> {
    const sender = instance(t, { source: 'shop', brokers: connection(user), relay })
    await sender.waybill.start()
    await sender.waybill.transaction((tx) =>
      sender.waybill.send(
        tx,
        values.map((value) => ({ topic, key: 'one', value })),
      ),
    )
    return sender
  }

  async function delivered({ waybill, events }: Instance, topic: string): Promise<void> {
    const isDone = async (): Promise<boolean> => (await waybill.backlog()).waiting === 0
    await until(isDone, { what: 'an empty outbox', deadlineMs })
    assert.deepEqual(await textsOf(admin, topic), values)
    const { held, parked } = await waybill.backlog()
    assert.deepEqual(
      { held, parked, refused: events.filter(({ kind }) => kind === 'refused') },
      { held: 0, parked: 0, refused: [] },
    )
  }

  it('the enqueueing service needs no right at all, not even a Kafka', async (t) => {
    const [nobody] = await freePorts(1)
    const service = instance(t, { source: 'shop', brokers: [`127.0.0.1:${nobody}`], relay: false })
    await service.waybill.start()
    await service.waybill.transaction((tx) => service.waybill.send(tx, { topic: 'any', key: 'k', value: 1 }))
    assert.equal((await service.waybill.backlog()).waiting, 1)
  })

  it('the relay delivers with exactly its four rights, and has nothing to complain about', async (t) => {
    const own = await scene(relayRights)
    const sender = await sending(t, own)
    await delivered(sender, own.topic)
    assert.deepEqual(sender.told, [])
    await unalerted(sender)
  })

  const without = (missing: RightName): RightName[] => relayRights.filter((name) => name !== missing)

  it('without WRITE on the topic: names it, alerts, waits; delivers in order once it is granted', async (t) => {
    const own = await scene(without('TOPIC WRITE'))
    const sender = await sending(t, own)
    await said(sender, /InitProducerId was refused: CLUSTER_AUTHORIZATION_FAILED: grant WRITE on a topic/)
    await alerted(sender, 'delayed', /: grant WRITE on a topic$/)
    assert.deepEqual(await textsOf(admin, own.topic), [])
    await own.grant('TOPIC WRITE')
    await delivered(sender, own.topic)
    await unalerted(sender)
  })

  it('with WRITE on another topic only: the alert of the flight names the refusal', async (t) => {
    const own = await scene(['TOPIC READ', 'TOPIC DESCRIBE_CONFIGS', 'CLUSTER DESCRIBE_CONFIGS'])
    await node.grant(own.user, [{ resource: 'TOPIC', name: 'another', operation: 'WRITE' }])
    const sender = await sending(t, own)
    await alerted(sender, 'unacknowledged', /TOPIC_AUTHORIZATION_FAILED/)
    await alerted(sender, 'delayed', /TOPIC_AUTHORIZATION_FAILED.*; grant the relay WRITE on the topic$/)
    await own.grant('TOPIC WRITE')
    await delivered(sender, own.topic)
  })

  it('without any right on the topic: names DESCRIBE', async (t) => {
    const own = await scene(['CLUSTER DESCRIBE_CONFIGS'])
    const sender = await sending(t, own)
    await alerted(sender, 'delayed', /: grant (DESCRIBE on the topic|WRITE on a topic)$/)
    const causes = sender.events.flatMap((event) => (event.kind === 'kafka' ? [event.cause] : []))
    assert.match(causes.join('\n'), /TOPIC_AUTHORIZATION_FAILED: grant DESCRIBE on the topic/)
    for (const name of relayRights) await own.grant(name)
    await delivered(sender, own.topic)
  })

  // A topic that stamps its records itself: every acknowledgement is verified by reading it back.
  it('without READ on the topic: whatever must be read back waits and names it', async (t) => {
    const own = await scene(without('TOPIC READ'), { 'message.timestamp.type': 'LogAppendTime' })
    const sender = await sending(t, own)
    await said(sender, /Fetch from offset 0 in .* TOPIC_AUTHORIZATION_FAILED: grant READ on the topic/)
    await alerted(sender, 'delayed', /: grant READ on the topic$/)
    await own.grant('TOPIC READ')
    await delivered(sender, own.topic)
  })

  it('without DESCRIBE_CONFIGS on a topic that stamps its records itself: delivers, and takes nobody for a second producer', async (t) => {
    const own = await scene(without('TOPIC DESCRIBE_CONFIGS'), { 'message.timestamp.type': 'LogAppendTime' })
    const sender = await sending(t, own)
    await delivered(sender, own.topic)
    assert.deepEqual(
      sender.events.filter(({ kind }) => kind === 'finding' || kind === 'resolved'),
      [],
    )
    await unalerted(sender)
  })

  for (const [missing, what] of [
    [
      'TOPIC DESCRIBE_CONFIGS',
      /settings of topic .* may not be read \(TOPIC_AUTHORIZATION_FAILED\).*Grant DESCRIBE_CONFIGS/,
    ],
    [
      'CLUSTER DESCRIBE_CONFIGS',
      /settings of broker 1 may not be read \(CLUSTER_AUTHORIZATION_FAILED\).*Grant DESCRIBE_CONFIGS/,
    ],
  ] as const)
    it(`without ${missing}: delivers with assumed settings, and says so`, async (t) => {
      const own = await scene(without(missing))
      const sender = await sending(t, own)
      await delivered(sender, own.topic)
      await said(sender, what)
    })

  it('a relay whose WRITE is taken away and given back goes on in order', async (t) => {
    const own = await scene(relayRights)
    const sender = await sending(t, own)
    await delivered(sender, own.topic)
    const write: Right = { resource: 'TOPIC', name: own.topic, operation: 'WRITE' }
    await node.revoke(own.user, write)
    await sender.waybill.transaction((tx) => sender.waybill.send(tx, { topic: own.topic, key: 'one', value: '6' }))
    await alerted(sender, 'unacknowledged', /TOPIC_AUTHORIZATION_FAILED/)
    await node.grant(own.user, [write])
    await until(async () => (await sender.waybill.backlog()).waiting === 0, { what: 'an empty outbox', deadlineMs })
    assert.deepEqual(await textsOf(admin, own.topic), [...values, '6'])
  })

  /** Joins with these rights and handles what `filled` put there. */
  async function consuming(t: TestContext, { user, topic }: Scene) {
    const consumer = instance(t, { brokers: connection(user) })
    await consumer.waybill.start()
    const handled: string[] = []
    const attempts = new Set<number>()
    const consume = () =>
      consumer.waybill.consume({
        group,
        topics: [topic],
        inbox: true,
        handle: (message, { attempt }) => {
          handled.push(message.text())
          attempts.add(attempt)
        },
      })
    const allHandled = async (): Promise<void> => {
      await until(async () => handled.length >= values.length, { what: 'all messages', deadlineMs })
      assert.deepEqual([handled, [...attempts]], [values, [1]])
    }
    return { ...consumer, consume, handled, allHandled }
  }

  /** Values in the scene's topic, sent by somebody else. */
  async function filled({ topic }: Scene): Promise<void> {
    const view = (await admin.describeTopic(topic, { fresh: true })) ?? assert.fail('no topic')
    const identity = {
      producerId: await admin.initProducerId(),
      producerEpoch: 0,
      firstSequence: 0,
      stampMs: Date.now(),
    }
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] }))
    const batch = { topic, topicId: view.topicId, partition: 0, ...identity, records }
    const request = { pipeline: 0, leader: 1, batches: [batch], timeoutMs: 5000, sendBeforeMs: Infinity }
    assert.equal((await admin.produce(request))[0]?.kind, 'acked')
  }

  it('a consumer works with exactly READ on topic and group', async (t) => {
    const own = await scene(consumerRights)
    await filled(own)
    const consumer = await consuming(t, own)
    const running = await consumer.consume()
    await consumer.allHandled()
    await running.stop()
    assert.deepEqual(consumer.told, [])
  })

  for (const [missing, has, what] of [
    ['GROUP READ', ['TOPIC READ'], /GROUP_AUTHORIZATION_FAILED: grant READ on the group/],
    ['TOPIC READ', ['GROUP READ'], /TOPIC_AUTHORIZATION_FAILED: grant DESCRIBE and READ on the topics/],
  ] as const)
    it(`without ${missing} joining is refused with the right to grant, and nothing is lost`, async (t) => {
      const own = await scene(has)
      await filled(own)
      const consumer = await consuming(t, own)
      await assert.rejects(consumer.consume(), { code: 'WB_KAFKA_REFUSED', message: what })
      await own.grant(missing)
      await consumer.consume()
      await consumer.allHandled()
    })

  it('with DESCRIBE instead of READ on the topic: names it, handles and commits nothing, goes on once it is granted', async (t) => {
    const own = await scene(['TOPIC DESCRIBE', 'GROUP READ'])
    await filled(own)
    const consumer = await consuming(t, own)
    await consumer.consume()
    await said(consumer, /could not be read, trying again .*TOPIC_AUTHORIZATION_FAILED: grant READ on the topic/)
    assert.deepEqual(consumer.handled, [])
    await own.grant('TOPIC READ')
    await consumer.allHandled()
  })
})

interface Scene {
  readonly user: string
  readonly topic: string
  readonly grant: (name: RightName) => Promise<void>
}

interface Instance {
  readonly waybill: Waybill<SqliteHandle>
  readonly told: readonly string[]
  readonly events: readonly WaybillEvent[]
}

const said = ({ told }: Instance, text: RegExp): Promise<unknown> =>
  until(async () => told.some((each) => text.test(each)), { what: `a warning like ${text.source}`, deadlineMs })

const alerted = ({ waybill }: Instance, kind: string, detail = /./): Promise<unknown> =>
  until(async () => (await waybill.openAlerts()).some((alert) => alert.kind === kind && detail.test(alert.detail)), {
    what: `an alert ${kind} with ${detail.source}`,
    deadlineMs,
  })

/** Whatever was opened on the way (a busy machine is late, too) has ended by itself. */
const unalerted = ({ waybill }: Instance): Promise<unknown> =>
  until(async () => (await waybill.openAlerts()).length === 0, { what: 'no open alert', deadlineMs })

/** All values of the topic's one partition. */
async function textsOf(broker: Broker, topic: string): Promise<string[]> {
  const { logStart, highWatermark } = await broker.offsets(topic, 0)
  const texts: string[] = []
  for await (const { records } of broker.read(topic, 0, logStart, highWatermark))
    for (const { value } of records) texts.push(String(JSON.parse(Buffer.from(value ?? []).toString())))
  return texts
}

function connect(file: string): Database.Database {
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}
