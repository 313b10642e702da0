import { offsetForLeaderEpochRequestCodec } from '../generated/offset-for-leader-epoch-request.js'
import {
  epochEndOffset,
  offsetForLeaderEpochResponse,
  offsetForLeaderEpochResponseCodec,
  offsetForLeaderTopicResult,
} from '../generated/offset-for-leader-epoch-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { endOffsetForEpoch, epochError } from './leader-epoch.js'

/** Where a leader epoch ends: how a reader or producer finds that the log was cut behind its back. */
export const offsetForLeaderEpoch: Api = defineApi({
  name: 'OffsetForLeaderEpoch',
  request: offsetForLeaderEpochRequestCodec,
  response: offsetForLeaderEpochResponseCodec,
  handle(request, context) {
    const topics = request.topics.map((wanted) => {
      const topic = context.node.topic(wanted.topic)
      const partitions = wanted.partitions.map((part) => {
        const partition = topic?.partitions[part.partition]
        const unknown = partition ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        const wrongEpoch = partition ? epochError(partition, part.currentLeaderEpoch) : 0
        const errorCode = context.injectedError(wanted.topic) || unknown || wrongEpoch
        if (errorCode !== 0 || !partition) return epochEndOffset({ partition: part.partition, errorCode })
        const end = endOffsetForEpoch(partition, part.leaderEpoch)
        return epochEndOffset({
          partition: part.partition,
          leaderEpoch: end.leaderEpoch,
          endOffset: BigInt(end.endOffset),
        })
      })
      return offsetForLeaderTopicResult({ topic: wanted.topic, partitions })
    })
    return offsetForLeaderEpochResponse({ topics })
  },
})
