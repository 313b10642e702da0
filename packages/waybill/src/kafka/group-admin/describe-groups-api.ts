import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { GroupMemberView, TopicPartitions } from '../../ports/group-admin.js'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'
import type { DescribedGroup } from './consumer-group-describe-api.js'

const describeGroupsKey = 15
/** From this version on (Kafka 4.0, KIP-1043) a group that is not there is an error; before, it is a dead one. */
const notFoundVersion = 6

type DescribeGroupsApi = API<[group: string], DescribedGroup>

const apis = [notFoundVersion, notFoundVersion - 1].map(
  (version): DescribeGroupsApi =>
    createAPI(
      describeGroupsKey,
      version,
      (group: string) =>
        Writer.create()
          .appendArray([group], (w, each) => w.appendString(each), true, false)
          .appendBoolean(false) // no authorized operations
          .appendTaggedFields(),
      (_correlationId, _key, _version, reader) => parse(version, reader),
    ),
)

/** DescribeGroups v6, or v5 (Kafka 2.4 and newer): one group of the classic protocol. */
export function describeGroupsApi(link: Link): DescribeGroupsApi | undefined {
  return apis.find((api) => link.offers(describeGroupsKey, api.version))
}

function parse(version: number, libraryReader: Reader): DescribedGroup {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const [found] = reader.array(() => {
    const errorCode = reader.int16()
    const message = version >= notFoundVersion ? reader.text() : null
    const group = reader.text() ?? ''
    const state = reader.text() ?? ''
    const protocolType = reader.text() ?? ''
    const assignor = reader.text() ?? ''
    const members = reader.array(() => memberOf(reader, protocolType))
    reader.int32() // authorized operations
    reader.skipTags()
    const head = { group, protocol: 'classic', protocolType, state }
    return { errorCode, message, view: { ...head, epoch: -1, assignmentEpoch: -1, assignor, members } }
  })
  reader.end('DescribeGroups')
  if (found === undefined) throw new RangeError('the answer to DescribeGroups is empty')
  return found
}

function memberOf(reader: ByteReader, protocolType: string): GroupMemberView {
  const memberId = reader.text() ?? ''
  const instanceId = reader.text()
  const clientId = reader.text() ?? ''
  const host = reader.text() ?? ''
  const subscription = bytesOf(reader)
  const assignment = bytesOf(reader)
  reader.skipTags()
  // Only consumers write these as Kafka's ConsumerProtocol has them; Connect and others have their own.
  const isConsumer = protocolType === 'consumer'
  return {
    ...{ memberId, instanceId, clientId, host, epoch: -1 },
    subscribed: isConsumer ? subscribedTopics(subscription) : [],
    assigned: isConsumer ? assignedPartitions(assignment) : [],
  }
}

function bytesOf(reader: ByteReader): Buffer {
  return reader.bytes(Math.max(0, reader.uvarint() - 1))
}

/** Topics in a ConsumerProtocolSubscription; none when it is not one. What follows the topics is the clients' own. */
export function subscribedTopics(bytes: Buffer): readonly string[] {
  return guessed(bytes, (reader) => arrayOf(reader, () => shortText(reader)))
}

/** Partitions in a ConsumerProtocolAssignment; none when it is not one. */
export function assignedPartitions(bytes: Buffer): readonly TopicPartitions[] {
  return guessed(bytes, (reader) =>
    arrayOf(reader, () => {
      const topic = shortText(reader)
      return { topic, partitions: arrayOf(reader, () => reader.int32()) }
    }),
  )
}

/** Members write these bytes themselves, so they may be anything. */
function guessed<T>(bytes: Buffer, read: (reader: ByteReader) => readonly T[]): readonly T[] {
  if (bytes.length < 6) return []
  const reader = new ByteReader(bytes)
  try {
    reader.int16() // version
    return read(reader)
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
}

function arrayOf<T>(reader: ByteReader, read: () => T): T[] {
  const entries: T[] = []
  for (let count = reader.int32(); count > 0; count--) entries.push(read())
  return entries
}

function shortText(reader: ByteReader): string {
  return reader.bytes(reader.int16()).toString('utf8')
}
