import { WaybillError } from '../model/errors.js'
import type { Broker, TopicView } from '../ports/broker.js'
import type { GroupAdmin, GroupPosition } from '../ports/group-admin.js'
import { slotOf } from '../model/lane.js'
import type { DeadLetter, LetterPlace } from './dead-letter.js'
import { deadTopicView, type LetterChoice, lettersIn } from './dead-letters.js'
import { redriveGroupOf } from './group-status.js'
import { inTurns } from './in-turns.js'
import { RedriveMemory } from './redrive-memory.js'

/** What planning takes of Kafka. */
export type RedriveReads = GroupAdmin & Pick<Broker, 'describeTopic' | 'offsets' | 'read'>

/** Where a letter goes back to, or why it cannot. */
export type Target =
  | { readonly topic: string; readonly topicId: string; readonly partition: number; readonly leader: number }
  | { readonly cause: string }

/** What a redrive would do. */
export interface RedrivePlan {
  readonly view: TopicView
  readonly group: string
  /** Letters to be sent back, by partition and offset. */
  readonly chosen: readonly { readonly letter: DeadLetter; readonly target: Target }[]
  /** More letters were meant than one run takes. */
  readonly isCut: boolean
  /** Letters that were meant and that an earlier run sent back. */
  readonly already: number
  /** Second letters of one record (its consumer died between receipt and commit), of which another is sent or chosen. */
  readonly doubles: number
  /** Letters of other groups, records that are no letters. */
  readonly others: number
  readonly foreign: number
  /** Letters that an earlier run left in doubt: they are settled first. */
  readonly open: readonly LetterPlace[]
  /** Nothing is known of an earlier run. */
  readonly isFirst: boolean
  /** Other groups that have positions in the letters' topics: they read the messages once more. `undefined`: not known. */
  readonly alsoReadBy: readonly string[] | undefined
}

const atOnce = 8
/** Groups asked for their positions; in a larger cluster who else reads is not told. */
const groupsMax = 200

/** Finds the letters that are meant and were not sent back, at most `most`, and where they go. Changes nothing. */
export async function planRedrive(
  kafka: RedriveReads,
  deadTopic: string,
  choice: LetterChoice,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<RedrivePlan> {
  const view = await deadTopicView(kafka, deadTopic)
  const positions = await kafka.groupPositions(redriveGroupOf(choice.group))
  const memories = await memoriesOf(kafka, view, positions, choice.group)
  const meant: DeadLetter[] = []
  // Records of which a letter is sent or chosen: bounded by what one commit remembers and one run takes.
  const served = new Set<string>()
  let [already, doubles, others, foreign, isCut] = [0, 0, 0, 0, false]
  for await (const met of lettersIn(kafka, view, choice, signal)) {
    if (met.kind === 'others') others++
    else if (met.kind === 'foreign') foreign++
    else if (memories.get(met.letter.at.partition)?.has(met.letter.at.offset)) {
      served.add(recordOf(met.letter))
      if (met.isChosen) already++
    } else if (met.isChosen && meant.length < most) meant.push(met.letter)
    else if (met.isChosen) isCut = true
  }
  // Only now: the letter that was sent may lie behind the one that was not.
  const found = meant.filter((letter) => {
    const record = recordOf(letter)
    const isDouble = served.has(record)
    if (isDouble) doubles++
    served.add(record)
    return !isDouble
  })
  const topics = new Map<string, TopicView | undefined>()
  for (const topic of new Set(found.map(({ origin }) => origin.topic)))
    topics.set(topic, await kafka.describeTopic(topic))
  return {
    ...{ view, group: choice.group, already, doubles, others, foreign, isCut },
    chosen: found.map((letter) => ({ letter, target: targetOf(letter, topics.get(letter.origin.topic)) })),
    open: [...memories].flatMap(([partition, { intent }]) => (intent ? [{ partition, offset: intent.letter }] : [])),
    isFirst: positions.length === 0,
    alsoReadBy: await readersOf(kafka, [...topics.keys()], choice.group),
  }
}

/** Names the record that died; its time and key tell it from one at the same place of a topic that was made anew. */
function recordOf({ origin, key, messageId }: DeadLetter): string {
  const { topic, partition, offset, timestampMs } = origin
  const keyText = key === null ? '-' : Buffer.from(key).toString('base64')
  return `${topic}/${partition}/${offset} ${timestampMs} ${messageId} ${keyText}`
}

async function memoriesOf(
  kafka: RedriveReads,
  view: TopicView,
  positions: readonly GroupPosition[],
  group: string,
): Promise<ReadonlyMap<number, RedriveMemory>> {
  const memories = new Map<number, RedriveMemory>()
  for (const { partition } of view.partitions) {
    const { logStart } = await kafka.offsets(view.topic, partition)
    const committed = positions.find((each) => each.topic === view.topic && each.partition === partition)
    memories.set(partition, memoryOf(committed, view, partition, logStart, group))
  }
  return memories
}

/** What was sent back of this partition; rejects where the group's position is not a redrive's. */
export function memoryOf(
  committed: Pick<GroupPosition, 'offset' | 'metadata'> | undefined,
  { topic, topicId }: Pick<TopicView, 'topic' | 'topicId'>,
  partition: number,
  logStart: number,
  group: string,
): RedriveMemory {
  const memory = RedriveMemory.read(committed, `${topicId} ${partition}`, logStart)
  if (memory) return memory
  const own = redriveGroupOf(group)
  const text =
    `group ${own} has a position in ${topic}/${partition} that no redrive wrote, or one of a former topic of this name: what was ` +
    `sent back is not known. Look into the topics, then delete the group (kafka-consumer-groups --delete --group ${own})`
  throw new WaybillError('WB_KAFKA_REFUSED', text, { facts: { group: own, topic, partition } })
}

/** The partition it came from: of the same key, whatever partitioner was used. By the key where that one is gone. */
export function targetOf({ origin, key }: Pick<DeadLetter, 'origin' | 'key'>, view: TopicView | undefined): Target {
  if (!view || view.partitions.length === 0) return { cause: `topic ${origin.topic} is not there` }
  const { topic, topicId, partitions } = view
  const count = partitions.length
  const partition = origin.partition < count ? origin.partition : key === null ? 0 : slotOf(key, count)
  return { topic, topicId, partition, leader: partitions[partition]?.leader ?? -1 }
}

async function readersOf(
  kafka: RedriveReads,
  topics: readonly string[],
  group: string,
): Promise<readonly string[] | undefined> {
  if (topics.length === 0) return []
  try {
    const { groups, blind } = await kafka.listGroups()
    const others = groups.filter((each) => each.group !== group && ['consumer', 'classic'].includes(each.protocol))
    if (others.length > groupsMax || blind.length > 0) return undefined
    const readers = await inTurns(others, atOnce, async (each) => {
      const positions = await kafka.groupPositions(each.group)
      return positions.some(({ topic }) => topics.includes(topic)) ? [each.group] : []
    })
    return readers.flat()
  } catch (error) {
    if (error instanceof WaybillError) return undefined
    throw error
  }
}
