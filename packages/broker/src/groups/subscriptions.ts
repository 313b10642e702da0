import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import type { Member } from './consumer-group.js'
import type { TopicsView } from './coordinator.js'

/** A member's subscription: what it names, and what its regular expression fits. */
type Subscriber = Pick<Member, 'subscribedTopicNames' | 'subscribedTopicRegex'>

/** Longest expression taken: JavaScript's can be slow on purpose, where Kafka's RE2 cannot. */
const REGEX_LENGTH_MAX = 256

/**
 * Throws INVALID_REGULAR_EXPRESSION for one that cannot be used. Kafka takes RE2's syntax, this broker JavaScript's; the
 * common ground (alternatives, classes, `.*`) means the same in both. It must fit a topic's whole name.
 */
export function checkRegex(regex: string): void {
  const refused = (why: string): ApiError =>
    new ApiError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${why}.`,
    )
  if (regex.length > REGEX_LENGTH_MAX) throw refused(`longer than ${REGEX_LENGTH_MAX} characters`)
  try {
    wholeName(regex)
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error))
  }
}

function wholeName(regex: string): RegExp {
  return new RegExp(`^(?:${regex})$`, 'u')
}

/** The names all the members subscribe to, existing or not. */
export function subscribedTopics(topics: TopicsView, members: Iterable<Subscriber>): Set<string> {
  const names = new Set<string>()
  for (const member of members) {
    for (const name of member.subscribedTopicNames) names.add(name)
    if (member.subscribedTopicRegex === null || member.subscribedTopicRegex === '') continue
    const regex = wholeName(member.subscribedTopicRegex)
    for (const topic of topics.topics()) if (regex.test(topic.name)) names.add(topic.name)
  }
  return names
}

/** The ids of a member's topics, as far as they exist. */
export function subscribedTopicIds(topics: TopicsView, member: Subscriber): Set<string> {
  const names = [...subscribedTopics(topics, [member])].sort()
  return new Set(names.flatMap((name) => topics.topic(name)?.id ?? []))
}

/**
 * A number that changes when a subscribed topic appears, goes, comes back under another id or gets partitions: the sign that
 * the target must be computed anew. Kafka hashes the same facts in another way (ModernGroup.computeMetadataHash).
 */
export function metadataHash(topics: TopicsView, names: ReadonlySet<string>): bigint {
  let hash = 0n
  for (const name of [...names].sort()) {
    const topic = topics.topic(name)
    if (topic) hash = fnv1a(`${name} ${topic.id} ${topic.partitions.length};`, hash)
  }
  return hash
}

/** 64-bit FNV-1a, continued from `seed`. */
function fnv1a(text: string, seed: bigint): bigint {
  let hash = seed === 0n ? 0xcbf29ce484222325n : BigInt.asUintN(64, seed)
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return BigInt.asIntN(64, hash)
}
