import type { Cluster, KafkaContext } from '../network/cluster.js'
import { Link, LinkError } from '../network/link.js'
import { addressText } from '../options.js'

/** Idle connections kept per leader: a broker answers one request per connection at a time, and one consumer needs one. */
const idleMax = 2

/**
 * Connections for long polls, apart from all others, because a broker answers nothing else on a connection while a fetch waits
 * on it. Each is used by one request at a time; there are as many as fetches at the same time.
 */
export class LeaderLinks {
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  readonly #idle = new Map<string, Link[]>()
  readonly #all = new Set<Link>()
  #isClosed = false

  constructor(cluster: Cluster, context: KafkaContext) {
    this.#cluster = cluster
    this.#context = context
  }

  /** Runs `ask` on a connection of its own to this node. Rejects with LinkError when there is no connection or no answer. */
  async use<T>(nodeId: number, ask: (link: Link) => Promise<T>): Promise<T> {
    const address = await this.#cluster.addressOf(nodeId)
    if (address === undefined) throw new LinkError(`the cluster has no broker ${nodeId}`)
    const name = addressText(address)
    const link = this.#takeIdle(name) ?? (await Link.open(address, this.#context.settings, this.#context.clock))
    this.#all.add(link)
    if (this.#isClosed) this.#end(link)
    try {
      const answer = await ask(link)
      this.#giveBack(name, link)
      return answer
    } catch (error) {
      this.#end(link) // also after an answer that does not parse
      throw error
    }
  }

  /** Closes all; requests under way reject. */
  close(): void {
    this.#isClosed = true
    for (const link of this.#all) link.close()
    this.#all.clear()
    this.#idle.clear()
  }

  #takeIdle(name: string): Link | undefined {
    const idle = this.#idle.get(name) ?? []
    for (let link = idle.pop(); link !== undefined; link = idle.pop()) {
      if (link.isOpen) return link
      this.#end(link)
    }
    return undefined
  }

  #giveBack(name: string, link: Link): void {
    const idle = this.#idle.get(name) ?? []
    this.#idle.set(name, idle)
    if (this.#isClosed || idle.length >= idleMax) this.#end(link)
    else idle.push(link)
  }

  #end(link: Link): void {
    this.#all.delete(link)
    link.close()
  }
}
