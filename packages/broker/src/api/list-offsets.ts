import { listOffsetsRequestCodec } from '../generated/list-offsets-request.js'
import {
  type ListOffsetsPartitionResponse,
  listOffsetsPartitionResponse,
  listOffsetsResponse,
  listOffsetsResponseCodec,
  listOffsetsTopicResponse,
} from '../generated/list-offsets-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import type { Partition } from '../topics/partition.js'
import { type Api, defineApi } from './definition.js'
import { epochError } from './leader-epoch.js'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6
/** The version from which a special timestamp may be asked for. */
const SINCE = new Map([
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
])

/** Offsets by position (latest, earliest), by largest timestamp, and by time. */
export const listOffsets: Api = defineApi({
  name: 'ListOffsets',
  request: listOffsetsRequestCodec,
  response: listOffsetsResponseCodec,
  handle(request, context) {
    const topics = request.topics.map((wanted) => {
      const topic = context.node.topic(wanted.name)
      const partitions = wanted.partitions.map((part) => {
        const { partitionIndex } = part
        const partition = topic?.partitions[partitionIndex]
        const unknown = partition ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        const wrongEpoch = partition ? epochError(partition, part.currentLeaderEpoch) : 0
        const timestamp = Number(part.timestamp)
        const tooNew = context.version < (SINCE.get(timestamp) ?? 0) || timestamp < EARLIEST_PENDING_UPLOAD
        const errorCode =
          context.injectedError(wanted.name) || unknown || wrongEpoch || (tooNew ? ErrorCode.UNSUPPORTED_VERSION : 0)
        if (errorCode !== 0 || !partition) return listOffsetsPartitionResponse({ partitionIndex, errorCode })
        return lookUp(partition, timestamp)
      })
      return listOffsetsTopicResponse({ name: wanted.name, partitions })
    })
    return listOffsetsResponse({ topics })
  },
})

function lookUp(partition: Partition, timestamp: number): ListOffsetsPartitionResponse {
  const { log, index, leaderEpoch } = partition
  const answer = (
    found: { offset: number; timestamp: number } | undefined,
    epoch?: number,
  ): ListOffsetsPartitionResponse =>
    listOffsetsPartitionResponse({
      partitionIndex: index,
      offset: BigInt(found?.offset ?? -1),
      timestamp: BigInt(found?.timestamp ?? -1),
      leaderEpoch: found ? (epoch ?? epochAt(partition, found.offset)) : -1,
    })
  switch (timestamp) {
    case LATEST:
      return answer({ offset: log.highWatermark, timestamp: -1 }, leaderEpoch)
    case EARLIEST:
    case EARLIEST_LOCAL:
      return answer({ offset: log.startOffset, timestamp: -1 })
    case MAX_TIMESTAMP:
      return answer(log.maxTimestamp())
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      // No tiered storage: nothing is there and nothing waits to go there.
      return answer(undefined)
    default:
      return answer(log.offsetForTimestamp(timestamp))
  }
}

const EPOCH_AT = 12

/** The leader epoch of the record at an offset, from the header of its batch; the current one at the end of the log. */
function epochAt(partition: Partition, offset: number): number {
  const read = partition.log.read(offset, 1, true)
  if (read.kind !== 'ok' || read.bytes.length < EPOCH_AT + 4) return partition.leaderEpoch
  return read.bytes.readInt32BE(EPOCH_AT)
}
