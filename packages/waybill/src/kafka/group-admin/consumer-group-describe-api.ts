import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { GroupMemberView, GroupView, TopicPartitions } from '../../ports/group-admin.js'
import { ByteReader } from '../network/byte-reader.js'

/** A group without its coordinator, which the caller knows. */
export interface DescribedGroup {
  readonly errorCode: number
  readonly message: string | null
  readonly view: Omit<GroupView, 'coordinator'>
}

/** ConsumerGroupDescribe v0 (Kafka 3.8 and newer): one group of KIP-848. */
export const consumerGroupDescribeApi: API<[group: string], DescribedGroup> = createAPI(
  69,
  0,
  (group: string) =>
    Writer.create()
      .appendArray([group], (w, each) => w.appendString(each), true, false)
      .appendBoolean(false) // no authorized operations
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => parse(reader),
)

function parse(libraryReader: Reader): DescribedGroup {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const [found] = reader.array(() => {
    const errorCode = reader.int16()
    const message = reader.text()
    const group = reader.text() ?? ''
    const state = reader.text() ?? ''
    const epoch = reader.int32()
    const assignmentEpoch = reader.int32()
    const assignor = reader.text() ?? ''
    const members = reader.array(() => memberOf(reader))
    reader.int32() // authorized operations
    reader.skipTags()
    const head = { group, protocol: 'consumer', protocolType: 'consumer', state }
    return { errorCode, message, view: { ...head, epoch, assignmentEpoch, assignor, members } }
  })
  reader.end('ConsumerGroupDescribe')
  if (found === undefined) throw new RangeError('the answer to ConsumerGroupDescribe is empty')
  return found
}

function memberOf(reader: ByteReader): GroupMemberView {
  const memberId = reader.text() ?? ''
  const instanceId = reader.text()
  reader.text() // rack
  const epoch = reader.int32()
  const clientId = reader.text() ?? ''
  const host = reader.text() ?? ''
  const subscribed = reader.array(() => reader.text() ?? '')
  reader.text() // subscribed by pattern
  const assigned = assignmentOf(reader)
  assignmentOf(reader) // what it is to become
  reader.skipTags()
  return { memberId, instanceId, clientId, host, epoch, subscribed, assigned }
}

function assignmentOf(reader: ByteReader): readonly TopicPartitions[] {
  const topics = reader.array(() => {
    reader.uuid()
    const topic = reader.text() ?? ''
    const partitions = reader.array(() => reader.int32())
    reader.skipTags()
    return { topic, partitions }
  })
  reader.skipTags()
  return topics
}
