import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { CommittedOffset, GroupPartition } from '../../ports/group.js'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'

const commitKey = 8
const fetchKey = 9
/** From this version on topics are named by id: offsets of a topic that was deleted are not taken for its namesake's. */
const topicIdVersion = 10
/** From this version on committed positions are asked for by a member with its epoch (KIP-848). */
const memberVersion = 9

/** Who asks: checked against the group by the coordinator. */
export interface MemberIdentity {
  readonly group: string
  /** `null` with epoch -1: not asked as a member. */
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly instanceId: string | undefined
}

/** A committed position as the coordinator tells it; offset -1: none. */
export interface StoredOffset {
  readonly errorCode: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** An answer about partitions; `of` finds a partition's part. */
export interface OffsetsAnswer<T> {
  readonly errorCode: number
  of(partition: GroupPartition): T | undefined
}

type CommitApi = API<[MemberIdentity, readonly CommittedOffset[]], OffsetsAnswer<number>>
type FetchApi = API<[MemberIdentity, readonly GroupPartition[]], OffsetsAnswer<StoredOffset>>

const versions = [topicIdVersion, memberVersion, memberVersion - 1] as const

const commitApis = versions.map(
  (version): CommitApi =>
    createAPI(
      commitKey,
      version,
      (member: MemberIdentity, offsets: readonly CommittedOffset[]) => commitRequest(version, member, offsets),
      (_correlationId, _key, _version, reader) => parseCommit(version, reader),
    ),
)

const fetchApis = versions.map(
  (version): FetchApi =>
    createAPI(
      fetchKey,
      version,
      (member: MemberIdentity, partitions: readonly GroupPartition[]) => fetchRequest(version, member, partitions),
      (_correlationId, _key, _version, reader) => parseFetch(version, reader),
    ),
)

/** OffsetCommit v10 (topic ids, Kafka 4.1), v9 (names, for KIP-848 members as well), or v8 (Kafka 2.4, classic members only). */
export function commitApi(link: Link): CommitApi | undefined {
  return commitApis.find((api) => link.offers(commitKey, api.version))
}

/** OffsetFetch v10 (topic ids) or v9 (names), per member and member epoch, or v8 (Kafka 3.0) without. */
export function offsetFetchApi(link: Link): FetchApi | undefined {
  return fetchApis.find((api) => link.offers(fetchKey, api.version))
}

function commitRequest(version: number, member: MemberIdentity, offsets: readonly CommittedOffset[]): Writer {
  const writer = Writer.create()
    .appendString(member.group)
    .appendInt32(member.memberEpoch)
    .appendString(member.memberId)
    .appendString(member.instanceId)
  writer.appendArray(byTopic(offsets), (topicWriter, group) => {
    appendTopic(version, topicWriter, group.first)
    topicWriter.appendArray(group.all, (w, each) => {
      w.appendInt32(each.partition)
        .appendInt64(BigInt(each.offset))
        .appendInt32(each.leaderEpoch)
        .appendString(each.metadata)
    })
  })
  return writer.appendTaggedFields()
}

function parseCommit(version: number, libraryReader: Reader): OffsetsAnswer<number> {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const codes = parseTopics(version, reader, () => reader.int16())
  reader.end('OffsetCommit')
  return { errorCode: 0, of: (partition) => codes.get(nameOf(version, partition)) }
}

function fetchRequest(version: number, member: MemberIdentity, partitions: readonly GroupPartition[]): Writer {
  return Writer.create()
    .appendArray([member], (groupWriter) => {
      groupWriter.appendString(member.group)
      if (version >= memberVersion) groupWriter.appendString(member.memberId).appendInt32(member.memberEpoch)
      groupWriter.appendArray(byTopic(partitions), (topicWriter, group) => {
        appendTopic(version, topicWriter, group.first)
        topicWriter.appendArray(group.all, (w, each) => w.appendInt32(each.partition), true, false)
      })
    })
    .appendInt8(1) // require stable: an offset that a transaction is still about to move is not told
    .appendTaggedFields()
}

function parseFetch(version: number, libraryReader: Reader): OffsetsAnswer<StoredOffset> {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const [group] = reader.array(() => {
    reader.text() // the group asked for
    const stored = parseTopics(version, reader, () => parseStored(reader))
    const errorCode = reader.int16()
    reader.skipTags()
    return { errorCode, stored }
  })
  reader.end('OffsetFetch')
  if (group === undefined) throw new RangeError('the answer to OffsetFetch has no group')
  return { errorCode: group.errorCode, of: (partition) => group.stored.get(nameOf(version, partition)) }
}

function parseStored(reader: ByteReader): StoredOffset {
  const offset = reader.int64()
  const leaderEpoch = reader.int32()
  const metadata = reader.text() ?? ''
  return { errorCode: reader.int16(), offset, leaderEpoch, metadata }
}

/** Topics with partitions, each: number, what `parse` reads, tagged fields. */
function parseTopics<T>(version: number, reader: ByteReader, parse: () => T): ReadonlyMap<string, T> {
  const found = new Map<string, T>()
  reader.array(() => {
    const topic = version >= topicIdVersion ? reader.uuid() : (reader.text() ?? '')
    reader.array(() => {
      const partition = reader.int32()
      found.set(`${topic} ${partition}`, parse())
      reader.skipTags()
    })
    reader.skipTags()
  })
  return found
}

function appendTopic(version: number, writer: Writer, { topic, topicId }: GroupPartition): void {
  if (version >= topicIdVersion) writer.appendUUID(topicId)
  else writer.appendString(topic)
}

function nameOf(version: number, { topic, topicId, partition }: GroupPartition): string {
  return `${version >= topicIdVersion ? topicId : topic} ${partition}`
}

function byTopic<T extends GroupPartition>(partitions: readonly T[]): { first: T; all: T[] }[] {
  const groups = new Map<string, { first: T; all: T[] }>()
  for (const each of partitions) {
    const group = groups.get(each.topicId)
    if (group === undefined) groups.set(each.topicId, { first: each, all: [each] })
    else group.all.push(each)
  }
  return [...groups.values()]
}
