import { causeText, WaybillError } from '../model/errors.js'
import type { Broker, TopicView } from '../ports/broker.js'
import type { Fetcher } from '../ports/fetcher.js'
import type { GroupAdmin, GroupPosition, GroupView, LogEnds, LogPlace, Retention } from '../ports/group-admin.js'
import { inTurns } from './in-turns.js'
import { oldestUnhandled } from './oldest-unhandled.js'
import { type PartitionFacts, type PartitionStatus, partitionStatus, progressAbove } from './partition-status.js'

/** What looking at groups takes of Kafka. */
export type GroupEyes = GroupAdmin & Fetcher & Pick<Broker, 'describeTopic' | 'endOffsetForEpoch'>

/** Letters of a group in one dead-letter topic. */
export interface DeadLettersSeen {
  readonly topic: string
  /** Of which topic. */
  readonly of: string
  /** Records in the topic now, foreign ones included; `undefined` unknown. */
  readonly count: number | undefined
  /** Of these, how many were sent back. */
  readonly redriven: number
}

/** A group with all partitions of its topics. */
export interface GroupStatus {
  readonly view: GroupView
  /** By topic and partition. */
  readonly partitions: readonly PartitionStatus[]
  readonly deadLetters: readonly DeadLettersSeen[]
  /** What could not be looked at. */
  readonly troubles: readonly string[]
}

/** A group in one line. */
export interface GroupLine {
  readonly group: string
  readonly protocol: string
  readonly state: string
  readonly members: number | undefined
  /** Offsets behind in all; `undefined` unknown. */
  readonly lag: number | undefined
  /** Partitions with a position. */
  readonly partitions: number | undefined
  /** Why something is not known. */
  readonly trouble: string | undefined
}

/** Requests to brokers under way at the same time. */
const atOnce = 8

/** Where dead letters of a topic go unless the consumer was told otherwise, see `deadLetterTopic` of `consume`. */
export function deadTopicOf(topic: string, group: string): string {
  return `${topic}.${group}.dead`
}

/** The group in which a redrive remembers what it has sent back. */
export function redriveGroupOf(group: string): string {
  return `${group}.redrive`
}

/** WB_KAFKA_REFUSED for a group that is not there. */
export function noSuchGroup(group: string): WaybillError {
  const text =
    `there is no group ${group}: see its name in waybill group status; a group without members ` +
    'is forgotten after offsets.retention.minutes (7 days), and one that never committed is not kept'
  return new WaybillError('WB_KAFKA_REFUSED', text, { facts: { kafka: 'GROUP_ID_NOT_FOUND', group } })
}

/** All groups in a line each; `blind` names brokers that did not answer. */
export async function groupLines(
  kafka: GroupEyes,
): Promise<{ readonly lines: readonly GroupLine[]; readonly blind: readonly string[] }> {
  const { groups, blind } = await kafka.listGroups()
  const lines = await inTurns(groups, atOnce, async ({ group, protocol, state }): Promise<GroupLine> => {
    const line = { group, protocol, state, members: undefined, lag: undefined, partitions: undefined }
    if (protocol !== 'consumer' && protocol !== 'classic')
      return { ...line, trouble: `positions of ${protocol} groups are not read` }
    try {
      const view = await kafka.describeGroup(group)
      const positions = await kafka.groupPositions(group)
      const ends = await kafka.logEnds(positions)
      const lags = positions.map(({ offset }, at) => lagOf(offset, ends[at]))
      const isKnown = lags.every((lag) => lag !== undefined)
      const unknown = lags.filter((lag) => lag === undefined).length
      return {
        ...{ group, protocol, state: view?.state ?? state, members: view?.members.length },
        lag: isKnown ? lags.reduce((sum, lag) => sum + lag, 0) : undefined,
        partitions: positions.length,
        trouble: isKnown ? undefined : `${unknown} of ${positions.length} partitions cannot be looked at`,
      }
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
      return { ...line, trouble: causeText(error) }
    }
  })
  return { lines, blind }
}

function lagOf(offset: number, ends: LogEnds | undefined): number | undefined {
  return ends === undefined || 'cause' in ends ? undefined : Math.max(0, ends.highWatermark - offset)
}

/** The group with each partition of every topic that it has committed, is assigned or subscribes to. Rejects when there is none. */
export async function groupStatus(kafka: GroupEyes, group: string, signal: AbortSignal): Promise<GroupStatus> {
  const view = await kafka.describeGroup(group)
  const positions = await kafka.groupPositions(group)
  if (!view) throw noSuchGroup(group)
  const troubles: string[] = []
  const named = [
    ...positions.map(({ topic }) => topic),
    ...view.members.flatMap(({ subscribed, assigned }) => [...subscribed, ...assigned.map(({ topic }) => topic)]),
  ]
  const topics = new Map<string, Looked>()
  for (const topic of [...new Set(named)].sort()) {
    const looked = await look(kafka, topic)
    if ('cause' in looked) troubles.push(`${topic}: ${looked.cause}`)
    topics.set(topic, looked)
  }
  const places = placesOf(topics, positions)
  const ends = await kafka.logEnds(places)
  const partitions = await inTurns(places, atOnce, async (place, at) => {
    const position = positions.find((each) => each.topic === place.topic && each.partition === place.partition)
    const looked = topics.get(place.topic) ?? { cause: 'not looked at' }
    return partitionStatus(
      await factsOf(kafka, { place, position, looked, ends: ends[at] ?? { cause: 'not asked' }, view }, signal),
    )
  })
  const deadLetters = await inTurns([...topics.keys()], atOnce, (topic) => deadLettersOf(kafka, topic, group))
  return { view, partitions, deadLetters: deadLetters.filter((seen) => seen !== undefined), troubles }
}

type Looked = { readonly view: TopicView; readonly retention: Retention } | { readonly cause: string }

async function look(kafka: GroupEyes, topic: string): Promise<Looked> {
  try {
    const view = await kafka.describeTopic(topic)
    if (!view) return { cause: 'the cluster does not know the topic (deleted?)' }
    return { view, retention: await kafka.retentionOf(topic) }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { cause: causeText(error) }
  }
}

/** Partitions that the topics have, and those that only a position names. */
function placesOf(topics: ReadonlyMap<string, Looked>, positions: readonly GroupPosition[]): readonly LogPlace[] {
  return [...topics].flatMap(([topic, looked]) => {
    const here = positions.filter((each) => each.topic === topic).map(({ partition }) => partition)
    const known = 'view' in looked ? looked.view.partitions.map(({ partition }) => partition) : []
    return [...new Set([...known, ...here])].sort((a, b) => a - b).map((partition) => ({ topic, partition }))
  })
}

interface Asked {
  readonly place: LogPlace
  readonly position: GroupPosition | undefined
  readonly looked: Looked
  readonly ends: LogEnds
  readonly view: GroupView
}

async function factsOf(kafka: GroupEyes, asked: Asked, signal: AbortSignal): Promise<PartitionFacts> {
  const { place, position, looked, ends, view } = asked
  const owner = view.members.find(({ assigned }) =>
    assigned.some(({ topic, partitions }) => topic === place.topic && partitions.includes(place.partition)),
  )
  const head = { ...place, position: position?.offset, ends, owner: owner?.memberId }
  if ('cause' in looked) {
    const unknown = { cause: looked.cause }
    return { ...head, above: { found: 'none', runs: [], leaderEpoch: -1 }, retention: unknown, oldest: unknown }
  }
  const topicId = looked.view.topicId
  const read = position && progressAbove(position, topicId)
  const above = read && (await standing(kafka, place, read))
  const facts = { ...head, above: above ?? { found: 'none' as const, runs: [], leaderEpoch: -1 } }
  const retention = looked.retention
  if (position === undefined || 'cause' in ends) return { ...facts, retention, oldest: { cause: 'no position' } }
  const span = { from: Math.max(position.offset, ends.logStart), end: ends.highWatermark, runs: facts.above.runs }
  const oldest = await oldestUnhandled(kafka, { ...place, topicId }, span, signal)
  return { ...facts, retention, oldest }
}

/** Progress counts only while the log of its leader epoch reaches as far, as for the consumer itself (consume/resume.ts). */
async function standing(
  kafka: GroupEyes,
  { topic, partition }: LogPlace,
  above: PartitionFacts['above'],
): Promise<PartitionFacts['above']> {
  const end = above.runs.at(-1)?.[1]
  if (end === undefined) return above
  try {
    const { endOffset } =
      above.leaderEpoch < 0 ? { endOffset: -1 } : await kafka.endOffsetForEpoch(topic, partition, above.leaderEpoch)
    return endOffset >= end ? above : { ...above, found: 'unusable', runs: [] }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { ...above, found: 'unusable', runs: [] }
  }
}

/** `undefined`: the topic has no dead-letter topic. */
async function deadLettersOf(kafka: GroupEyes, topic: string, group: string): Promise<DeadLettersSeen | undefined> {
  const dead = deadTopicOf(topic, group)
  const seen = { topic: dead, of: topic, count: undefined, redriven: 0 }
  try {
    const view = await kafka.describeTopic(dead)
    if (!view) return undefined
    const places = view.partitions.map(({ partition }) => ({ topic: dead, partition }))
    const ends = await kafka.logEnds(places)
    const done = await kafka.groupPositions(redriveGroupOf(group))
    let count = 0
    let redriven = 0
    for (const [at, { partition }] of places.entries()) {
      const found = ends[at]
      if (!found || 'cause' in found) return seen
      count += found.highWatermark - found.logStart
      const position = done.find((each) => each.topic === dead && each.partition === partition)
      if (position) redriven += redrivenIn(position, view.topicId, found)
    }
    return { ...seen, count, redriven }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return seen
  }
}

function redrivenIn(position: GroupPosition, topicId: string, ends: Exclude<LogEnds, { cause: string }>): number {
  const { runs } = progressAbove(position, topicId)
  const { logStart } = ends
  const below = Math.max(0, position.offset - logStart)
  return runs.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, logStart)), below)
}
