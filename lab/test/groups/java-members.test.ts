// Kafka's own client and ours in one classic group with the assignor cooperative-sticky, each of them leader once.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import { createBroker } from '@waybill/broker'
import { createWaybill, type RunningConsumer, silentLog, type WaybillEvent } from 'waybill'
import { kafka } from 'waybill/kafka'
import { startKafka } from '../../src/cluster/kafka-cluster.js'
import { until } from '../../src/cluster/until.js'
import { JavaMember } from './java-member.js'

const partitions = 4
const deadlineMs = 40_000
const brokerSettings = {
  'group.initial.rebalance.delay.ms': '0',
  'group.consumer.heartbeat.interval.ms': '300',
}
const realSettings = { ...brokerSettings, 'group.consumer.min.heartbeat.interval.ms': '100' }

/** A cluster, and how to end it. */
interface Cluster {
  readonly bootstrap: string
  end(): Promise<unknown>
}

const clusters = {
  'the embedded broker': async (): Promise<Cluster> => {
    const broker = await createBroker({ configs: brokerSettings })
    return { bootstrap: broker.bootstrap, end: () => broker.close() }
  },
  'a real Kafka': async (): Promise<Cluster> => {
    const cluster = await startKafka({ nodes: 1, properties: realSettings })
    return { bootstrap: cluster.bootstrap[0] ?? '', end: () => cluster.stop() }
  },
}

/** Ours by `auto` join Java's classic group by KIP-848: Kafka converts it and back (the embedded broker does not, there they are classic). */
const protocols: Readonly<Record<keyof typeof clusters, readonly ('classic' | 'auto')[]>> = {
  'the embedded broker': ['classic'],
  'a real Kafka': ['classic', 'auto'],
}

for (const name of ['the embedded broker', 'a real Kafka'] as const)
  describe(`Java's members and ours share a group on ${name}`, () => {
    let cluster: Cluster | undefined
    before(async () => {
      cluster = await clusters[name]()
    })
    after(() => cluster?.end())

    for (const groupProtocol of protocols[name])
      it(`ours join by ${groupProtocol}: nothing is left out, doubled or out of order while they come and go`, (t) =>
        comeAndGo(t, cluster?.bootstrap ?? assert.fail(), groupProtocol))
  })

async function comeAndGo(t: TestContext, bootstrap: string, groupProtocol: 'classic' | 'auto'): Promise<void> {
  const scene = new Scene(bootstrap, groupProtocol)
  t.after(() => scene.end())
  await scene.createTopic()
  const sending = scene.sendOn()
  const java = await scene.java()
  await scene.shares([java, 4])
  const first = await scene.ours()
  await scene.shares([java, 2], [first, 2]) // Java leads: it reads our subscriptions
  await java.leave()
  await scene.shares([first, 4])
  const other = await scene.java()
  await scene.shares([other, 2], [first, 2]) // ours leads: we read Java's
  const second = await scene.ours()
  await until(
    async () =>
      [other, first, second]
        .map((each) => each.partitions().length)
        .toSorted((a, b) => a - b)
        .join() === '1,1,2',
    { what: 'shares of three', deadlineMs },
  )
  await first.leave()
  await scene.shares([other, 2], [second, 2])
  const sent = await sending()
  await until(async () => scene.got().length >= sent, { what: `${sent} records`, deadlineMs })
  assert.equal(new Set(scene.got()).size, sent)
  assert.equal(scene.got().length, sent, 'none twice')
  for (const member of scene.members) {
    assert.equal(member.hasLost, false)
    for (let partition = 0; partition < partitions; partition++) {
      const offsets = member
        .got()
        .flatMap((each) => (each.startsWith(`${partition} `) ? Number(each.split(' ')[1]) : []))
      assert.deepEqual(
        offsets,
        offsets.toSorted((a, b) => a - b),
        `partition ${partition} in order`,
      )
    }
  }
}

/** A member of either kind. */
type Member = Pick<JavaMember, 'partitions' | 'hasLost' | 'got' | 'leave'>

/** One of ours, with what it was told and got. */
class OurMember implements Member {
  readonly #running: RunningConsumer
  readonly #events: readonly WaybillEvent[]
  readonly #got: readonly string[]

  constructor(running: RunningConsumer, events: readonly WaybillEvent[], got: readonly string[]) {
    this.#running = running
    this.#events = events
    this.#got = got
  }

  partitions(): readonly number[] {
    const held = new Set<number>()
    for (const event of this.#events) {
      if (event.kind === 'assigned') for (const { partition } of event.partitions) held.add(partition)
      if (event.kind === 'revoked' || event.kind === 'lost')
        for (const { partition } of event.partitions) held.delete(partition)
    }
    return [...held]
  }

  get hasLost(): boolean {
    return this.#events.some(({ kind }) => kind === 'lost')
  }

  got(): readonly string[] {
    return this.#got
  }

  leave(): Promise<void> {
    return this.#running.stop()
  }
}

class Scene {
  readonly members: Member[] = []
  readonly #bootstrap: string
  readonly #groupProtocol: 'classic' | 'auto'
  readonly #topic = `java-${Math.trunc(Math.random() * 2 ** 31)}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'waybill-java-'))
  readonly #ends: (() => Promise<unknown>)[] = []

  constructor(bootstrap: string, groupProtocol: 'classic' | 'auto') {
    this.#bootstrap = bootstrap
    this.#groupProtocol = groupProtocol
  }

  async createTopic(): Promise<void> {
    const port = kafka({ brokers: [this.#bootstrap] }, { log: silentLog })
    await port.createTopics([{ topic: this.#topic, partitions, replicationFactor: 1 }])
    await port.close()
  }

  /** Sends on until the returned function is called, which tells how many there were. */
  sendOn(): () => Promise<number> {
    const producer = new Producer({ clientId: 'test', bootstrapBrokers: [this.#bootstrap] })
    const over = new AbortController()
    let sent = 0
    const sending = (async () => {
      for (; !over.signal.aborted; sent += partitions) {
        const value = Buffer.from(String(sent))
        const messages = Array.from({ length: partitions }, (_, partition) => ({
          topic: this.#topic,
          partition,
          value,
        }))
        await producer.send({ acks: -1, messages })
        await sleep(10)
      }
      await producer.close()
    })()
    const end = async (): Promise<number> => {
      over.abort()
      await sending
      return sent
    }
    this.#ends.push(end)
    return end
  }

  async java(): Promise<JavaMember> {
    const folder = mkdtempSync(join(this.#folder, 'member-'))
    const place = { bootstrap: this.#bootstrap, group: this.#topic, topic: this.#topic, folder }
    const member = await JavaMember.start(place)
    this.#ends.push(() => member.kill())
    this.members.push(member)
    return member
  }

  async ours(): Promise<OurMember> {
    const events: WaybillEvent[] = []
    const got: string[] = []
    const waybill = createWaybill({
      brokers: [this.#bootstrap],
      log: silentLog,
      onEvent: (event) => events.push(event),
    })
    this.#ends.push(() => waybill.stop())
    await waybill.start()
    const running = await waybill.consume({
      group: this.#topic,
      topics: [this.#topic],
      groupProtocol: this.#groupProtocol,
      sessionTimeoutMs: 6_000,
      order: 'partition',
      handle: ({ partition, offset }) => got.push(`${partition} ${offset}`),
    })
    const member = new OurMember(running, events, got)
    this.members.push(member)
    return member
  }

  got(): readonly string[] {
    return this.members.flatMap((member) => member.got())
  }

  async shares(...counts: readonly [Member, number][]): Promise<void> {
    const what = `shares of ${counts.map(([, count]) => count).join(', ')}`
    const isShared = async (): Promise<boolean> =>
      counts.every(([member, count]) => member.partitions().length === count)
    await until(isShared, { what, deadlineMs, everyMs: 50 })
  }

  /** The broker goes last. */
  async end(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()))
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
