import { describeConfigsV4 } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'
import type {
  GroupAdmin,
  GroupListing,
  GroupListings,
  GroupPosition,
  GroupView,
  LogEnds,
  LogPlace,
  Retention,
} from '../../ports/group-admin.js'
import { errorName, groupErrors, passingErrors, refusalText } from '../error-codes.js'
import { Coordinator } from '../group/coordinator.js'
import { answerOf } from '../network/answer.js'
import { type Cluster, type KafkaContext, requireApi } from '../network/cluster.js'
import { describe, type Link, LinkError } from '../network/link.js'
import { addressText } from '../options.js'
import { refused, type Topics } from '../topics.js'
import { allOffsetsApi } from './all-offsets-api.js'
import { consumerGroupDescribeApi, type DescribedGroup } from './consumer-group-describe-api.js'
import { describeGroupsApi } from './describe-groups-api.js'
import { listGroupsApi } from './list-groups-api.js'
import { LogEndsReader } from './log-ends.js'

/** Connections are named after members; this one is none. */
const nobody = 'group-admin'
const pauseFirstMs = 50
const topicResource = 2 as const
const retentionKeys = ['retention.ms', 'retention.bytes', 'cleanup.policy']

/** Groups as people on call look at them, over Kafka 3.1 and newer. See the port. */
export class KafkaGroupAdmin implements GroupAdmin {
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  readonly #ends: LogEndsReader

  constructor(cluster: Cluster, topics: Topics, context: KafkaContext) {
    this.#cluster = cluster
    this.#context = context
    this.#ends = new LogEndsReader(cluster, topics, context)
  }

  /** See the port. A group is listed by its coordinator only, so every broker is asked. */
  async listGroups(): Promise<GroupListings> {
    await this.#cluster.metadata([])
    const nodes = [...this.#cluster.nodeIds]
    const answers = await Promise.all(nodes.map((nodeId) => this.#listAt(nodeId)))
    const groups = answers.flatMap((answer) => ('groups' in answer ? answer.groups : []))
    const blind = answers.flatMap((answer) => ('blind' in answer ? [answer.blind] : []))
    // A group that moves to another coordinator while we ask is met twice.
    const byName = new Map(groups.map((group) => [group.group, group]))
    return { groups: [...byName.values()].sort((a, b) => (a.group < b.group ? -1 : 1)), blind }
  }

  /** See the port. */
  async describeGroup(group: string): Promise<GroupView | undefined> {
    const own = await this.#described(group, 'ConsumerGroupDescribe', (link) =>
      link.offers(consumerGroupDescribeApi.key, consumerGroupDescribeApi.version)
        ? consumerGroupDescribeApi
        : undefined,
    )
    if (own !== undefined) return own
    const classic = await this.#described(group, 'DescribeGroups', describeGroupsApi)
    return classic?.state === 'Dead' && classic.members.length === 0 ? undefined : classic
  }

  /** See the port. */
  async groupPositions(group: string): Promise<readonly GroupPosition[]> {
    const answer = await this.#atCoordinator(group, 'OffsetFetch', async (link) => {
      requireApi(link, 'OffsetFetch', allOffsetsApi)
      return this.#call(link, 'OffsetFetch', (connection) => allOffsetsApi.async(connection, group))
    })
    if (answer.value.errorCode === groupErrors.groupIdNotFound) return []
    if (answer.value.errorCode !== 0) throw refused(`OffsetFetch of group ${group}`, answer.value.errorCode, { group })
    return [...answer.value.positions].sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
    )
  }

  /** See the port. */
  logEnds(places: readonly LogPlace[]): Promise<readonly LogEnds[]> {
    return this.#ends.read(places)
  }

  /** See the port. */
  async retentionOf(topic: string): Promise<Retention> {
    const resources = [{ resourceType: topicResource, resourceName: topic, configurationKeys: retentionKeys }]
    const answer = await this.#cluster.anyBroker('DescribeConfigs', (link) => {
      requireApi(link, 'DescribeConfigs', describeConfigsV4.api)
      return answerOf(
        this.#call(link, 'DescribeConfigs', (connection) =>
          describeConfigsV4.api.async(connection, resources, false, false),
        ),
      )
    })
    const [result] = answer.results
    if (result === undefined || result.errorCode !== 0)
      return { cause: refusalText('DescribeConfigs', result?.errorCode ?? -1) }
    const values = new Map(result.configs.map(({ name, value }) => [name, value]))
    const [ms, bytes] = [Number(values.get('retention.ms') ?? NaN), Number(values.get('retention.bytes') ?? NaN)]
    const policy = values.get('cleanup.policy')
    if (!Number.isFinite(ms) || !Number.isFinite(bytes) || !policy) return { cause: 'the broker does not tell it' }
    return { ms, bytes, deletes: policy.split(',').some((part) => part.trim() === 'delete') }
  }

  async #listAt(nodeId: number): Promise<{ readonly groups: readonly GroupListing[] } | { readonly blind: string }> {
    const { clock, settings } = this.#context
    const untilMs = clock.monotonicMs() + settings.requestTimeoutMs
    for (let pauseMs = pauseFirstMs; ; pauseMs *= 2) {
      try {
        const answer = await this.#cluster.atNode('control', nodeId, (link) => {
          const api = listGroupsApi(link)
          if (api === undefined) throw refused('ListGroups', groupErrors.unsupportedVersion, {})
          return this.#call(link, 'ListGroups', (connection) => api.async(connection))
        })
        if (answer.errorCode === 0) return { groups: answer.groups }
        if (!passingErrors.has(answer.errorCode)) throw refused('ListGroups', answer.errorCode, {})
        // A coordinator that is still loading lists what it has: not all.
        if (clock.monotonicMs() > untilMs) return { blind: `broker ${nodeId}: ${errorName(answer.errorCode)}` }
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        return { blind: `broker ${nodeId}: ${describe(error)}` }
      }
      await this.#cluster.pause(pauseMs)
    }
  }

  async #described(
    group: string,
    what: string,
    apiOf: (link: Link) => typeof consumerGroupDescribeApi | undefined,
  ): Promise<GroupView | undefined> {
    const { value, coordinator } = await this.#atCoordinator(group, what, async (link) => {
      const api = apiOf(link)
      if (api === undefined) return undefined
      return this.#call(link, what, (connection) => api.async(connection, group))
    })
    if (value === undefined || isOfNoSuchGroup(value)) return undefined
    if (value.errorCode !== 0) throw refused(`${what} of group ${group}`, value.errorCode, { group })
    return { ...value.view, coordinator }
  }

  /** Asks the group's coordinator until it is there and ready, for `callTimeoutMs`. */
  async #atCoordinator<T extends { readonly errorCode: number } | undefined>(
    group: string,
    what: string,
    ask: (link: Link) => Promise<T>,
  ): Promise<{ readonly value: T; readonly coordinator: GroupView['coordinator'] }> {
    const { clock, settings } = this.#context
    const untilMs = clock.monotonicMs() + settings.callTimeoutMs
    const coordinator = new Coordinator(group, nobody, this.#cluster, this.#context)
    let cause = ''
    for (let pauseMs = pauseFirstMs; ; pauseMs *= 2) {
      try {
        const { value, address } = await coordinator.ask('offsets', async (link) => ({
          value: await ask(link),
          address: link.address,
        }))
        const code = value?.errorCode ?? 0
        if (!passingErrors.has(code)) return { value, coordinator: this.#named(address) }
        cause = errorName(code)
        coordinator.forget()
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        cause = describe(error)
      }
      if (clock.monotonicMs() > untilMs)
        throw new WaybillError('WB_KAFKA_UNREACHABLE', `${what} of group ${group}: ${cause}`, { facts: { group } })
      await this.#cluster.pause(pauseMs)
    }
  }

  #named(address: { readonly host: string; readonly port: number }): GroupView['coordinator'] {
    return { nodeId: this.#cluster.nodeAt(addressText(address)) ?? -1, ...address }
  }

  #call<T>(link: Link, what: string, send: Parameters<typeof link.call<T>>[2]): Promise<T> {
    return link.call(what, this.#context.settings.requestTimeoutMs, send)
  }
}

/** Kafka says the same of a group that is not there and of one of another protocol. */
function isOfNoSuchGroup({ errorCode }: DescribedGroup): boolean {
  return errorCode === groupErrors.groupIdNotFound || errorCode === groupErrors.unsupportedVersion
}
