import {
  alterPartitionReassignmentsV0,
  type Connection,
  createTopicsV7,
  deleteGroupsV2,
  deleteRecordsV2,
  deleteTopicsV6,
  describeConfigsV4,
  describeProducersV0,
  findCoordinatorV6,
  incrementalAlterConfigsV1,
  metadataV12,
} from '@platformatic/kafka'
import type { KafkaCluster } from '../../cluster/kafka-cluster.js'
import { withConnection } from '../../cluster/readiness.js'
import { until } from '../../cluster/until.js'

const deadlineMs = 60_000
const requestMs = 10_000
const topicResource = 2
const brokerResource = 4
const set = 0
const unknownTopic = '"errorCode":3'
const alreadyThere = '"errorCode":36'
const unknownGroup = '"errorCode":69'
const groupKey = 0

interface Partition {
  readonly partitionIndex: number
  readonly leaderId: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
}

/** Administration of the cluster through whichever node answers, with the library's own request functions. */
export class KafkaAdmin {
  readonly #cluster: KafkaCluster

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** Creates a topic on all three nodes and waits until every partition has a leader and all replicas. */
  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const topic = {
      name,
      numPartitions: partitions,
      replicationFactor: this.#cluster.nodes.length,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }
    await this.#untilDone(`topic ${name} to be created`, async (connection) => {
      await createTopicsV7.api.async(connection, [topic], requestMs, false).catch(unless(alreadyThere))
      return true
    })
    await this.untilWhole(name, partitions)
  }

  /** Deletes a topic and waits until every running node has forgotten it. */
  async deleteTopic(name: string): Promise<void> {
    await this.#untilDone(`topic ${name} to be deleted`, async (connection) => {
      await deleteTopicsV6.api
        .async(connection, [{ name, topicId: null }] as never, requestMs)
        .catch(unless(unknownTopic))
      return true
    })
    for (const node of this.#cluster.nodes.filter(({ pid }) => pid !== undefined))
      await until(() => withConnection(node.port, (connection) => isUnknown(connection, name)), {
        what: `topic ${name} to be gone from node ${node.id}`,
        deadlineMs,
      })
  }

  /** Waits until every partition has a leader and as many in-sync replicas as there are running nodes. */
  async untilWhole(name: string, partitions: number): Promise<void> {
    const running = this.#cluster.nodes.filter(({ pid }) => pid !== undefined).length
    await this.#untilDone(`all replicas of ${name}`, async (connection) => {
      const found = await partitionsOf(connection, name)
      return (
        found.length === partitions &&
        found.every(({ leaderId, isrNodes }) => leaderId >= 0 && isrNodes.length >= running)
      )
    })
  }

  /** The node that leads a partition. */
  async leaderOf(name: string, partition: number): Promise<number> {
    let leader = -1
    await this.#untilDone(`a leader of ${name}/${partition}`, async (connection) => {
      const found = await partitionsOf(connection, name)
      leader = found.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId ?? -1
      return leader >= 0
    })
    return leader
  }

  /**
   * Gives the leadership of a partition to another of its replicas while all nodes live: the leader's replica is taken away and
   * then put back. Resolves to the new leader.
   */
  async moveLeader(name: string, partition: number): Promise<number> {
    const before = await this.leaderOf(name, partition)
    const all = this.#cluster.nodes.map(({ id }) => id)
    const others = all.filter((id) => id !== before)
    await this.#reassign(name, partition, others)
    await this.#reassign(name, partition, [...others, before])
    return this.leaderOf(name, partition)
  }

  async #reassign(name: string, partition: number, replicas: readonly number[]): Promise<void> {
    const wanted = [{ name, partitions: [{ partitionIndex: partition, replicas: [...replicas] }] }]
    await this.#untilDone(`${name}/${partition} on ${replicas.join()}`, async (connection) => {
      await alterPartitionReassignmentsV0.api.async(connection, requestMs, false, wanted)
      return true
    })
    await this.#untilDone(`${name}/${partition} on ${replicas.join()} alone`, async (connection) => {
      const all = await partitionsOf(connection, name)
      const found = all.find(({ partitionIndex }) => partitionIndex === partition)
      const isThere = found?.replicaNodes.toString() === replicas.toString()
      return isThere && found.isrNodes.length === replicas.length && replicas.includes(found.leaderId)
    })
  }

  /** The running node that coordinates a group. */
  async coordinatorOf(group: string): Promise<number> {
    let found = -1
    await this.#untilDone(`a coordinator of ${group}`, async (connection) => {
      const { coordinators } = await findCoordinatorV6.api.async(connection, groupKey, [group])
      found = coordinators[0]?.nodeId ?? -1
      return this.#cluster.nodes.some(({ id, pid }) => id === found && pid !== undefined)
    })
    return found
  }

  /** Deletes a group with all its positions; false when Kafka refuses, as it does while the group has members. */
  async deleteGroup(group: string): Promise<boolean> {
    const port = this.#cluster.node(await this.coordinatorOf(group)).port
    return withConnection(port, (connection) => deleteGroupsV2.api.async(connection, [group])).then(
      () => true,
      // not found: an earlier try came through
      (error: unknown) => saysError(error, unknownGroup),
    )
  }

  /** Deletes the records of a partition below an offset. */
  async deleteRecords(name: string, partition: number, beforeOffset: number): Promise<void> {
    const port = this.#cluster.node(await this.leaderOf(name, partition)).port
    const partitions = [{ partitionIndex: partition, offset: BigInt(beforeOffset) }]
    await withConnection(port, (connection) => deleteRecordsV2.api.async(connection, [{ name, partitions }], requestMs))
  }

  /** Changes a topic's settings and waits until every running node reports them. */
  async alterTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#alter(topicResource, name, configs)
    await this.#shown(topicResource, () => name, configs)
  }

  /** Changes settings of all brokers at run time and waits until every running node reports them. */
  async alterBrokers(configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#alter(brokerResource, '', configs)
    await this.#shown(brokerResource, String, configs)
  }

  /** The topic's id as it stands in requests: 16 bytes. */
  async topicId(name: string): Promise<Buffer> {
    let id = ''
    await this.#untilDone(`the id of ${name}`, async (connection) => {
      id = (await metadataV12.api.async(connection, [name], false, false)).topics[0]?.topicId ?? ''
      return id !== ''
    })
    return Buffer.from(id.replaceAll('-', ''), 'hex')
  }

  /** Producers that the leader remembers in this partition. */
  async producersOf(name: string, partition: number): Promise<number> {
    const leader = await this.leaderOf(name, partition)
    const answer = await withConnection(this.#cluster.node(leader).port, (connection) =>
      describeProducersV0.api.async(connection, [{ name, partitionIndexes: [partition] }]),
    )
    return answer.topics[0]?.partitions[0]?.activeProducers.length ?? -1
  }

  async #alter(resourceType: 2 | 4, resourceName: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const changes = Object.entries(configs).map(([name, value]) => ({ name, configOperation: set, value }))
    const resources = [{ resourceType, resourceName, configs: changes }]
    await this.#untilDone(`${JSON.stringify(configs)} to be set`, async (connection) => {
      await incrementalAlterConfigsV1.api.async(connection, resources as never, false)
      return true
    })
  }

  async #shown(
    resourceType: 2 | 4,
    nameAt: (node: number) => string,
    configs: Readonly<Record<string, string>>,
  ): Promise<void> {
    const configurationKeys = Object.keys(configs)
    for (const { id, port, pid } of this.#cluster.nodes) {
      if (pid === undefined) continue
      const look = async (connection: Connection): Promise<boolean> => {
        const resources = [{ resourceType, resourceName: nameAt(id), configurationKeys }]
        const answer = await describeConfigsV4.api.async(connection, resources, false, false)
        return answer.results[0]?.configs.every(({ name, value }) => configs[name] === value) ?? false
      }
      await until(() => withConnection(port, look), {
        what: `node ${id} to report ${JSON.stringify(configs)}`,
        deadlineMs,
      })
    }
  }

  /** Asks one running node after the other until one says it is done. */
  async #untilDone(what: string, ask: (connection: Connection) => Promise<boolean>): Promise<void> {
    let turn = 0
    const look = (): Promise<boolean> => {
      const running = this.#cluster.nodes.filter(({ pid }) => pid !== undefined)
      const node = running[turn++ % Math.max(1, running.length)]
      return node ? withConnection(node.port, ask) : Promise.resolve(false)
    }
    await until(look, { what, deadlineMs, everyMs: 50 })
  }
}

async function partitionsOf(connection: Connection, name: string): Promise<readonly Partition[]> {
  return (await metadataV12.api.async(connection, [name], false, false)).topics[0]?.partitions ?? []
}

/** An answer with an error code is thrown by the library, with the parsed answer beside it. */
async function isUnknown(connection: Connection, name: string): Promise<boolean> {
  const failure: unknown = await metadataV12.api
    .async(connection, [name], false, false)
    .catch((error: unknown) => error)
  return saysError(failure, unknownTopic)
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!saysError(error, code)) throw error
  }
}

function saysError(error: unknown, code: string): boolean {
  if (typeof error !== 'object' || error === null || !('response' in error)) return false
  return JSON.stringify(error.response, (_key, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  ).includes(code)
}
