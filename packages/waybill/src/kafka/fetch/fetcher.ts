import type { Fetcher, FetchOutcome, FetchPosition } from '../../ports/fetcher.js'
import type { Log } from '../../ports/log.js'
import { errorName, refusalText, staleRoutingErrors } from '../error-codes.js'
import { type Cluster, type KafkaContext, requireApi } from '../network/cluster.js'
import { describe } from '../network/link.js'
import type { Partitions } from '../partitions.js'
import type { Topics } from '../topics.js'
import { fetchApi, type FetchAnswer, type PartitionFetch } from './fetch-api.js'
import { outcomeOfFetched } from './fetch-outcome.js'
import { LeaderLinks } from './leader-links.js'

const offsetOutOfRange = 1
const corruptMessage = 2

/** A position with what metadata adds to it. */
interface Routed {
  readonly position: FetchPosition
  readonly ask: PartitionFetch
}

type Deliver = (position: FetchPosition, outcome: FetchOutcome) => void

/**
 * The fetcher over Fetch v13: one request per leader, each on its own connection. After an abort nothing more is delivered; the
 * request is left alone, its answer dropped when it comes (at most `waitMs` later) and its connection used again.
 */
export class KafkaFetcher implements Fetcher {
  readonly #topics: Topics
  readonly #partitions: Partitions
  readonly #context: KafkaContext
  readonly #log: Log
  readonly #links: LeaderLinks
  #rounds = 0

  constructor(cluster: Cluster, topics: Topics, partitions: Partitions, context: KafkaContext, log: Log) {
    this.#topics = topics
    this.#partitions = partitions
    this.#context = context
    this.#log = log
    this.#links = new LeaderLinks(cluster, context)
  }

  /** See the port. */
  async fetch(
    positions: readonly FetchPosition[],
    waitMs: number,
    signal: AbortSignal,
    onAnswer: (position: FetchPosition, outcome: FetchOutcome) => void,
  ): Promise<void> {
    if (signal.aborted || positions.length === 0) return
    const deliver: Deliver = (position, outcome) => {
      if (signal.aborted) return
      try {
        onAnswer(position, outcome)
      } catch (error) {
        this.#log.error(`what was fetched could not be taken: ${describe(error)}`, { error })
      }
    }
    let stop = (): void => {}
    const aborted = new Promise<void>((resolve) => {
      stop = resolve
      signal.addEventListener('abort', stop, { once: true })
    })
    try {
      await Promise.race([aborted, this.#fetch(positions, waitMs, deliver)])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** Ends all fetches; their positions fail. */
  close(): void {
    this.#links.close()
  }

  /** Never rejects. */
  async #fetch(positions: readonly FetchPosition[], waitMs: number, deliver: Deliver): Promise<void> {
    const leaders = new Map<number, Routed[]>()
    const routes = await Promise.all(positions.map((position) => this.#route(position)))
    routes.forEach((route, index) => {
      const position = positions[index]
      if (position === undefined) return
      if ('cause' in route) return deliver(position, { kind: 'failed', cause: route.cause })
      const routed = leaders.get(route.leader)
      if (routed === undefined) leaders.set(route.leader, [{ position, ask: route.ask }])
      else routed.push({ position, ask: route.ask })
    })
    this.#rounds++
    await Promise.all(
      [...leaders].map(([leader, routed]) => this.#fromLeader(leader, rotated(routed, this.#rounds), waitMs, deliver)),
    )
  }

  async #route(position: FetchPosition): Promise<{ leader: number; ask: PartitionFetch } | { cause: string }> {
    const { topic, topicId, partition, offset, lastLeaderEpoch, bytesMax } = position
    try {
      const shape = await this.#topics.shape(topic)
      if (shape === undefined || shape.topicId !== topicId) this.#topics.forget(topic)
      if (shape === undefined) return { cause: `the cluster does not know topic ${topic}` }
      if (shape.topicId !== topicId) return { cause: `topic ${topic} was created anew: its id is ${shape.topicId}` }
      const known = shape.partitions[partition]
      if (known !== undefined && known.leader >= 0) {
        const ask = {
          topic,
          topicId,
          partition,
          offset,
          currentLeaderEpoch: known.leaderEpoch,
          lastLeaderEpoch,
          bytesMax,
        }
        return { leader: known.leader, ask }
      }
      this.#topics.forget(topic)
      return {
        cause: known === undefined ? `there is no partition ${topic}-${partition}` : 'the partition has no leader',
      }
    } catch (error) {
      return { cause: describe(error) }
    }
  }

  async #fromLeader(leader: number, routed: readonly Routed[], waitMs: number, deliver: Deliver): Promise<void> {
    let answer: FetchAnswer
    try {
      const request = { waitMs, isCommittedOnly: true, partitions: routed.map(({ ask }) => ask) }
      answer = await this.#links.use(leader, (link) => {
        requireApi(link, 'Fetch', fetchApi)
        return link.call('Fetch', waitMs + this.#context.settings.requestTimeoutMs, (connection) =>
          fetchApi.async(connection, request),
        )
      })
    } catch (error) {
      const cause = `broker ${leader}: ${describe(error)}`
      for (const { position } of routed) {
        this.#topics.forget(position.topic)
        deliver(position, { kind: 'failed', cause })
      }
      return
    }
    await Promise.all(
      routed.map(async ({ position, ask }) => deliver(position, await this.#judge(position, ask, answer))),
    )
  }

  async #judge(position: FetchPosition, ask: PartitionFetch, answer: FetchAnswer): Promise<FetchOutcome> {
    const fetched = answer.of(ask)
    const code = answer.errorCode || (fetched?.errorCode ?? -1)
    if (fetched !== undefined && code === 0) return outcomeOfFetched(position, fetched)
    if (code === offsetOutOfRange) return this.#outOfRange(position, fetched)
    if (code === corruptMessage)
      return { kind: 'corrupt', offset: position.offset, cause: `the broker answers ${errorName(code)}` }
    if (staleRoutingErrors.has(code)) this.#topics.forget(position.topic)
    return { kind: 'failed', cause: refusalText('Fetch', code) }
  }

  /** Kafka answers OFFSET_OUT_OF_RANGE with offsets of -1, so they are asked for. */
  async #outOfRange(
    { topic, partition }: FetchPosition,
    fetched: { logStart: number; highWatermark: number } | undefined,
  ): Promise<FetchOutcome> {
    if (fetched !== undefined && fetched.logStart >= 0 && fetched.highWatermark >= 0)
      return { kind: 'out-of-range', logStart: fetched.logStart, highWatermark: fetched.highWatermark }
    try {
      return { kind: 'out-of-range', ...(await this.#partitions.offsets(topic, partition)) }
    } catch (error) {
      return { kind: 'failed', cause: `out of range, and its offsets are not told: ${describe(error)}` }
    }
  }
}

/** Another partition first each time: the broker gives a batch above `bytesMax` only to the first in a request. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
