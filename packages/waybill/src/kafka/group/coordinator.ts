import { WaybillError } from '../../model/errors.js'
import { errorName, passingErrors } from '../error-codes.js'
import { type Cluster, type KafkaContext, requireApi } from '../network/cluster.js'
import { describe, type Link, LinkError } from '../network/link.js'
import { refused } from '../topics.js'
import {
  type ConfigQuestion,
  type CoordinatorAnswer,
  configResources,
  findCoordinatorApi,
  settingApi,
} from './coordinator-api.js'

const sessionTimeoutName = 'consumer.session.timeout.ms'

/**
 * What a connection to the coordinator is for: a commit that waits for replicas must not hold up a heartbeat, nor a JoinGroup
 * that waits for the other members either of them.
 */
export type CoordinatorPurpose = 'heartbeat' | 'offsets' | 'join'

/**
 * The coordinator of one group: found once, looked for again after NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a lost
 * connection. Each member has its own connections to it.
 */
export class Coordinator {
  readonly #group: string
  readonly #memberId: string
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  #found: Promise<CoordinatorAnswer> | undefined

  constructor(group: string, memberId: string, cluster: Cluster, context: KafkaContext) {
    this.#group = group
    this.#memberId = memberId
    this.#cluster = cluster
    this.#context = context
  }

  /**
   * Runs `ask` on the connection for this purpose. Rejects with LinkError when there was no answer that can be read (the
   * connection is closed and the coordinator forgotten), with WaybillError for what will not pass by itself.
   */
  async ask<T>(purpose: CoordinatorPurpose, ask: (link: Link) => Promise<T>): Promise<T> {
    const found = this.#find()
    let link: Link | undefined
    try {
      link = await this.#cluster.link(this.#linkName(purpose), await found)
      return await ask(link)
    } catch (error) {
      if (this.#found === found) this.#found = undefined
      // An answer that does not parse: what else this connection would say cannot be trusted.
      if (error instanceof WaybillError) throw error
      link?.close()
      throw error instanceof LinkError ? error : new LinkError(describe(error), { cause: error })
    }
  }

  /** The next request looks for the coordinator again. */
  forget(): void {
    this.#found = undefined
  }

  /**
   * The group's session timeout as the coordinator has it now, ms: the group's own setting, else (before Kafka 4.0) the
   * broker's; `undefined` where neither may be read.
   */
  async sessionTimeoutMs(): Promise<number | undefined> {
    const own = await this.#setting({ resource: configResources.group, name: this.#group, setting: sessionTimeoutName })
    if (own !== undefined) return own
    const { nodeId } = await this.#find()
    const setting = `group.${sessionTimeoutName}`
    return this.#setting({ resource: configResources.broker, name: String(nodeId), setting })
  }

  /** Closes this member's connections. */
  close(): void {
    for (const purpose of ['heartbeat', 'offsets', 'join'] as const) this.drop(purpose)
  }

  /** Closes the connection for this purpose; a request under way there rejects. */
  drop(purpose: CoordinatorPurpose): void {
    this.#cluster.drop(this.#linkName(purpose))
  }

  #linkName(purpose: CoordinatorPurpose): string {
    return `${purpose} ${this.#memberId}`
  }

  async #setting(question: ConfigQuestion): Promise<number | undefined> {
    const text = await this.ask('heartbeat', async (link) => {
      if (!link.offers(settingApi.key, settingApi.version)) return undefined
      const waitMs = this.#context.settings.requestTimeoutMs
      return link.call('DescribeConfigs', waitMs, (connection) => settingApi.async(connection, question))
    })
    const value = Number(text ?? Number.NaN)
    return value > 0 ? value : undefined
  }

  #find(): Promise<CoordinatorAnswer> {
    if (this.#found !== undefined) return this.#found
    const found = this.#look()
    this.#found = found
    found.catch(() => {
      if (this.#found === found) this.#found = undefined
    })
    return found
  }

  async #look(): Promise<CoordinatorAnswer> {
    const answer = await this.#cluster.anyBroker('FindCoordinator', (link) => {
      requireApi(link, 'FindCoordinator', findCoordinatorApi)
      return link.call('FindCoordinator', this.#context.settings.requestTimeoutMs, (connection) =>
        findCoordinatorApi.async(connection, this.#group),
      )
    })
    const { errorCode, message } = answer
    if (errorCode === 0) return answer
    if (!passingErrors.has(errorCode)) throw refused(`FindCoordinator of group ${this.#group}`, errorCode, {})
    throw new LinkError(`the coordinator of group ${this.#group}: ${errorName(errorCode)} ${message ?? ''}`)
  }
}
