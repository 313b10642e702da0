import { WaybillError } from '../../model/errors.js'
import { errorName, passingErrors } from '../error-codes.js'
import { type Cluster, type KafkaContext, requireApi } from '../network/cluster.js'
import { describe, type Link, LinkError } from '../network/link.js'
import type { Address } from '../options.js'
import { refused } from '../topics.js'
import { findCoordinatorApi, groupConfigApi } from './coordinator-api.js'

const sessionTimeoutName = 'consumer.session.timeout.ms'
/** Kafka's default, `group.consumer.session.timeout.ms`. */
const sessionTimeoutDefaultMs = 45_000

/** What a connection to the coordinator is for: a commit that waits for replicas must not hold up a heartbeat. */
export type CoordinatorPurpose = 'heartbeat' | 'offsets'

/**
 * The coordinator of one group: found once, looked for again after NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a lost
 * connection. Each member has its own connections to it.
 */
export class Coordinator {
  readonly #group: string
  readonly #memberId: string
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  #address: Promise<Address> | undefined

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
    const address = this.#find()
    let link: Link | undefined
    try {
      link = await this.#cluster.link(this.#linkName(purpose), await address)
      return await ask(link)
    } catch (error) {
      if (this.#address === address) this.#address = undefined
      // An answer that does not parse: what else this connection would say cannot be trusted.
      if (error instanceof WaybillError) throw error
      link?.close()
      throw error instanceof LinkError ? error : new LinkError(describe(error), { cause: error })
    }
  }

  /** The next request looks for the coordinator again. */
  forget(): void {
    this.#address = undefined
  }

  /** The group's session timeout as the coordinator has it now, ms; 45 s, Kafka's default, where it may not be read. */
  async sessionTimeoutMs(waitMs: number): Promise<number> {
    const values = await this.ask('heartbeat', async (link) => {
      if (!link.offers(groupConfigApi.key, groupConfigApi.version)) return new Map<string, string>()
      return link.call('DescribeConfigs', waitMs, (connection) =>
        groupConfigApi.async(connection, this.#group, [sessionTimeoutName]),
      )
    })
    const value = Number(values.get(sessionTimeoutName) ?? Number.NaN)
    return value > 0 ? value : sessionTimeoutDefaultMs
  }

  /** Closes this member's connections. */
  close(): void {
    this.#cluster.drop(this.#linkName('heartbeat'))
    this.#cluster.drop(this.#linkName('offsets'))
  }

  #linkName(purpose: CoordinatorPurpose): string {
    return `${purpose} ${this.#memberId}`
  }

  #find(): Promise<Address> {
    if (this.#address !== undefined) return this.#address
    const address = this.#look()
    this.#address = address
    address.catch(() => {
      if (this.#address === address) this.#address = undefined
    })
    return address
  }

  async #look(): Promise<Address> {
    const answer = await this.#cluster.anyBroker('FindCoordinator', (link) => {
      requireApi(link, 'FindCoordinator', findCoordinatorApi)
      return link.call('FindCoordinator', this.#context.settings.requestTimeoutMs, (connection) =>
        findCoordinatorApi.async(connection, this.#group),
      )
    })
    const { errorCode, message, host, port } = answer
    if (errorCode === 0) return { host, port }
    if (!passingErrors.has(errorCode)) throw refused(`FindCoordinator of group ${this.#group}`, errorCode, {})
    throw new LinkError(`the coordinator of group ${this.#group}: ${errorName(errorCode)} ${message ?? ''}`)
  }
}
