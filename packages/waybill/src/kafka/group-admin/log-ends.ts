import { listOffsetsV7 } from '@platformatic/kafka'
import { causeText, WaybillError } from '../../model/errors.js'
import type { LogEnds, LogPlace } from '../../ports/group-admin.js'
import { passingErrors, refusalText } from '../error-codes.js'
import { answerOf } from '../network/answer.js'
import { type Cluster, type KafkaContext, requireApi } from '../network/cluster.js'
import { LinkError } from '../network/link.js'
import type { Topics } from '../topics.js'

const latest = -1n
const earliest = -2n
/** A leader that moves is found at the second try; people on call wait for the answer. */
const triesMax = 4
const pauseFirstMs = 50

/** What is known of a place after a try; `again`: another try may tell more. */
type Found = LogEnds & { readonly again?: boolean }

/** Both ends of many partitions' logs: two requests to each leader, partitions whose leader moves asked again. */
export class LogEndsReader {
  readonly #cluster: Cluster
  readonly #topics: Topics
  readonly #context: KafkaContext

  constructor(cluster: Cluster, topics: Topics, context: KafkaContext) {
    this.#cluster = cluster
    this.#topics = topics
    this.#context = context
  }

  /** See `GroupAdmin.logEnds`. */
  async read(places: readonly LogPlace[]): Promise<readonly LogEnds[]> {
    const found = new Map<LogPlace, Found>()
    let open = places
    for (let tries = 1, pauseMs = pauseFirstMs; ; tries++, pauseMs *= 2) {
      for (const [place, ends] of await this.#round(open)) found.set(place, ends)
      open = places.filter((place) => found.get(place)?.again === true)
      if (open.length === 0 || tries === triesMax) break
      for (const { topic } of open) this.#topics.forget(topic)
      await this.#cluster.pause(pauseMs)
    }
    return places.map((place) => endsOf(found.get(place)))
  }

  async #round(places: readonly LogPlace[]): Promise<readonly (readonly [LogPlace, Found])[]> {
    const leaders = new Map<number, LogPlace[]>()
    const ended: (readonly [LogPlace, Found])[] = []
    for (const place of places) {
      const leader = await this.#leaderOf(place)
      if (typeof leader !== 'number') ended.push([place, leader])
      else leaders.set(leader, [...(leaders.get(leader) ?? []), place])
    }
    const asked = await Promise.all([...leaders].map(([leader, mine]) => this.#fromLeader(leader, mine)))
    return [...ended, ...asked.flat()]
  }

  async #leaderOf({ topic, partition }: LogPlace): Promise<number | Found> {
    try {
      const shape = await this.#topics.shape(topic)
      if (shape === undefined) return { cause: 'the cluster does not know the topic' }
      const known = shape.partitions[partition]
      if (known === undefined) return { cause: 'the topic has no such partition' }
      return known.leader >= 0 ? known.leader : { cause: 'the partition has no leader', again: true }
    } catch (error) {
      if (error instanceof WaybillError && error.code === 'WB_KAFKA_REFUSED') return { cause: error.message }
      throw error
    }
  }

  async #fromLeader(leader: number, places: readonly LogPlace[]): Promise<readonly (readonly [LogPlace, Found])[]> {
    try {
      const from = await this.#ask(leader, places, earliest)
      const to = await this.#ask(leader, places, latest)
      return places.map((place, at) => [place, joined(from[at], to[at])] as const)
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      const cause = `broker ${leader}: ${causeText(error)}`
      return places.map((place) => [place, { cause, again: !error.isTimeout }] as const)
    }
  }

  async #ask(leader: number, places: readonly LogPlace[], timestamp: bigint): Promise<readonly Asked[]> {
    const byTopic = new Map<string, number[]>()
    for (const { topic, partition } of places) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
    const topics = [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp })),
    }))
    const { requestTimeoutMs } = this.#context.settings
    const answer = await this.#cluster.atNode('control', leader, (link) => {
      requireApi(link, 'ListOffsets', listOffsetsV7.api)
      return answerOf(
        link.call('ListOffsets', requestTimeoutMs, (connection) => listOffsetsV7.api.async(connection, -1, 0, topics)),
      )
    })
    const parts = new Map(
      answer.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => [`${name} ${each.partitionIndex}`, each] as const),
      ),
    )
    return places.map(({ topic, partition }) => {
      const part = parts.get(`${topic} ${partition}`)
      return { errorCode: part?.errorCode ?? -1, offset: Number(part?.offset ?? -1n) }
    })
  }
}

interface Asked {
  readonly errorCode: number
  readonly offset: number
}

function joined(from: Asked | undefined, to: Asked | undefined): Found {
  const errorCode = from?.errorCode || to?.errorCode
  if (from && to && !errorCode) return { logStart: from.offset, highWatermark: to.offset }
  const code = errorCode ?? -1
  return { cause: refusalText('ListOffsets', code), again: passingErrors.has(code) }
}

function endsOf(found: Found | undefined): LogEnds {
  if (found === undefined) return { cause: 'not asked' }
  if ('cause' in found) return { cause: found.cause }
  return { logStart: found.logStart, highWatermark: found.highWatermark }
}
