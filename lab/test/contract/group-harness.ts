import { randomBytes } from 'node:crypto'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBroker } from '@waybill/broker'
import { type Connection, deleteGroupsV2, joinGroupV9 } from '@platformatic/kafka'
import { kafka } from 'waybill/kafka'
import { groupContract, type GroupHarness } from 'waybill/testing'
import { freePorts } from '../../src/cluster/free-ports.js'
import { startKafka } from '../../src/cluster/kafka-cluster.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import { Admin } from './admin.js'
import { transact } from './transaction.js'

/** A cluster for the group contract, and how to end it. */
export interface GroupStage extends AsyncDisposable {
  /** The harness for members of this protocol. */
  harness(groupProtocol: GroupProtocol): GroupHarness
  readonly bootstrap: string
}

const sessionTimeoutMs = 3000
/** Kafka allows less than 45 s (classic: 6 s) only where the lower bounds are lowered, too. */
const shortTimes = {
  'group.min.session.timeout.ms': '1000',
  'group.initial.rebalance.delay.ms': '0',
  'group.consumer.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.heartbeat.interval.ms': '300',
}
const lowerBounds = {
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '100',
}

type GroupProtocol = GroupHarness['groupProtocol']

/** The group contract by one protocol after the other on one cluster, which is started before and ended after. Without transactions where it has none; what is fetched is tried with the first. */
export function describeGroupContract(
  start: () => Promise<GroupStage>,
  protocols: readonly GroupProtocol[],
  {
    hasTransactions = true,
    hasFetches = true,
  }: { readonly hasTransactions?: boolean; readonly hasFetches?: boolean } = {},
): void {
  let stage: GroupStage | undefined
  before(async () => {
    stage = await start()
  })
  after(() => stage?.[Symbol.asyncDispose]())
  for (const [index, groupProtocol] of protocols.entries()) {
    // The cases' names are needed before the broker is up.
    const harness = new Proxy({} as GroupHarness, {
      get: (_, name) => Reflect.get(stage?.harness(groupProtocol) ?? {}, name) as unknown,
    })
    for (const { name, run } of groupContract(harness, { hasTransactions, hasFetches: hasFetches && index === 0 }))
      it(`${groupProtocol}: ${name}`, run)
  }
}

const clock: GroupHarness['clock'] = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined),
}

type Adapters = Pick<GroupHarness, 'clock' | 'sessionTimeoutMs' | 'open' | 'openNowhere'>
type Requests = Pick<GroupHarness, 'deleteRecords' | 'deleteGroup' | 'occupyGroup'>

async function adapters(bootstrap: string): Promise<Adapters> {
  const nowhere = (await freePorts(2)).map((port) => `127.0.0.1:${port}`)
  const opened = (brokers: readonly string[]): GroupHarness['open'] => {
    return ({ clock: own = clock, ...options } = {}) => kafka({ brokers, ...options }, { clock: own, log: silent })
  }
  return { clock, sessionTimeoutMs, open: opened([bootstrap]), openNowhere: opened(nowhere) }
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error }

/** Requests of the library's own, to the cluster's real port. */
function requests(port: number): Requests {
  const admin = new Admin(port)
  return {
    deleteRecords: (topic, partition, beforeOffset) => admin.deleteRecords(topic, partition, beforeOffset),
    // A group is deleted when it is empty: the caller's member falls silent, and this waits for its session to end.
    deleteGroup: (group) =>
      until(
        async () => {
          await withConnection(port, (connection) => deleteGroupsV2.api.async(connection, [group]))
          return true
        },
        { what: `group ${group} to be deleted`, deadlineMs: 30_000 },
      ).then(() => undefined),
    occupyGroup: (group) => withConnection(port, (connection) => joinClassic(connection, group)),
  }
}

/** Joins as a classic member that is no consumer; it stays a member for its session of 30 s. */
async function joinClassic(connection: Connection, group: string): Promise<void> {
  const join = (memberId: string): Promise<unknown> =>
    joinGroupV9.api.async(connection, group, 30_000, 30_000, memberId, null, 'other', [{ name: 'any' }], null)
  const named = await join('').catch((error: unknown) => (error as { response?: { memberId?: string } }).response)
  const { memberId } = (named ?? {}) as { memberId?: string }
  if (!memberId) throw new Error(`the coordinator gave no member id: ${JSON.stringify(named)}`)
  await join(memberId)
}

/** The embedded broker. */
export async function embeddedGroupStage(): Promise<GroupStage> {
  const broker = await createBroker({ configs: shortTimes })
  const harness: Omit<GroupHarness, 'groupProtocol'> = {
    ...(await adapters(broker.bootstrap)),
    ...requests(broker.port),
    restartBroker: () => broker.faults.crash(),
    dropNextCommitResponse: async () => broker.faults.dropResponses({ api: 'OffsetCommit', count: 1 }),
  }
  return {
    harness: (groupProtocol) => ({ ...harness, groupProtocol }),
    bootstrap: broker.bootstrap,
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

/** One real Kafka node, of the lab's version unless told, behind a proxy that can cut answers off. */
export async function kafkaGroupStage(version?: string): Promise<GroupStage> {
  const properties = { ...shortTimes, ...lowerBounds }
  const cluster = await startKafka({ nodes: 1, proxied: true, properties, ...(version && { version }) })
  const node = cluster.node(1)
  const proxy = cluster.proxy(1)
  const bootstrap = proxy.address
  const harness: Omit<GroupHarness, 'groupProtocol'> = {
    ...(await adapters(bootstrap)),
    ...requests(node.port),
    restartBroker: async () => {
      await node.kill()
      await node.launch()
      await node.ready()
    },
    dropNextCommitResponse: async () => void proxy.dropResponses({ api: 'OffsetCommit' }),
    transact: (topic, partition, values, end) =>
      withConnection(node.port, (connection) =>
        transact(connection, `t-${randomBytes(6).toString('hex')}`, { topic, partition, values, end }),
      ),
  }
  return {
    harness: (groupProtocol) => ({ ...harness, groupProtocol }),
    bootstrap,
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}
