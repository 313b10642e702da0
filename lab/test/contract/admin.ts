import {
  deleteRecordsV2,
  deleteTopicsV6,
  describeConfigsV4,
  describeProducersV0,
  incrementalAlterConfigsV1,
  metadataV12,
} from '@platformatic/kafka'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'

const topicResource = 2
const brokerResource = 4
const set = 0
const deadlineMs = 30_000

/** Administration of a one-node cluster, through the library's own request functions and not through the adapter under test. */
export class Admin {
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** Deletes a topic and waits until the node does not know it. */
  async deleteTopic(name: string): Promise<void> {
    await withConnection(this.#port, (connection) =>
      deleteTopicsV6.api.async(connection, [{ name, topicId: null }] as never, 10_000),
    )
    await until(
      async () => {
        const failure: unknown = await withConnection(this.#port, (connection) =>
          metadataV12.api.async(connection, [name], false, false),
        ).catch((error: unknown) => error)
        return JSON.stringify((failure as { response?: unknown }).response ?? {}).includes('"errorCode":3')
      },
      { what: `topic ${name} to be gone`, deadlineMs },
    )
  }

  /** Changes a topic's settings and waits until the node reports them. */
  async alterTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#alter(topicResource, name, configs)
    await this.#shown(topicResource, name, configs)
  }

  /** Changes settings of all brokers at run time and waits until node `nodeId` reports them. */
  async alterBrokers(nodeId: number, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#alter(brokerResource, '', configs)
    await this.#shown(brokerResource, String(nodeId), configs)
  }

  /** Moves the log's start. */
  async deleteRecords(name: string, partitionIndex: number, beforeOffset: number): Promise<void> {
    const partitions = [{ partitionIndex, offset: BigInt(beforeOffset) }]
    await withConnection(this.#port, (connection) =>
      deleteRecordsV2.api.async(connection, [{ name, partitions }], 10_000),
    )
  }

  /** How many producers the leader remembers in this partition. */
  async producerCount(name: string, partition: number): Promise<number> {
    const answer = await withConnection(this.#port, (connection) =>
      describeProducersV0.api.async(connection, [{ name, partitionIndexes: [partition] }]),
    )
    return answer.topics[0]?.partitions[0]?.activeProducers.length ?? -1
  }

  #alter(resourceType: 2 | 4, resourceName: string, configs: Readonly<Record<string, string>>): Promise<unknown> {
    const changes = Object.entries(configs).map(([name, value]) => ({ name, configOperation: set, value }))
    return withConnection(this.#port, (connection) =>
      incrementalAlterConfigsV1.api.async(
        connection,
        [{ resourceType, resourceName, configs: changes }] as never,
        false,
      ),
    )
  }

  async #shown(resourceType: 2 | 4, resourceName: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const configurationKeys = Object.keys(configs)
    const look = async (): Promise<boolean> => {
      const answer = await withConnection(this.#port, (connection) =>
        describeConfigsV4.api.async(connection, [{ resourceType, resourceName, configurationKeys }], false, false),
      )
      return answer.results[0]?.configs.every(({ name, value }) => configs[name] === value) ?? false
    }
    await until(look, { what: `${resourceName} to report ${JSON.stringify(configs)}`, deadlineMs })
  }
}
