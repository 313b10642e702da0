import { describeProducersRequestCodec } from '../generated/describe-producers-request.js'
import {
  describeProducersResponse,
  describeProducersResponseCodec,
  partitionResponse,
  producerState,
  topicResponse,
} from '../generated/describe-producers-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'

/** What the partition remembers of each producer: epoch, last sequence, timestamp of its last record. */
export const describeProducers: Api = defineApi({
  name: 'DescribeProducers',
  request: describeProducersRequestCodec,
  response: describeProducersResponseCodec,
  handle(request, context) {
    const topics = request.topics.map((wanted) => {
      const topic = context.node.topic(wanted.name)
      const partitions = wanted.partitionIndexes.map((partitionIndex) => {
        const partition = topic?.partitions[partitionIndex]
        const errorCode = context.injectedError(wanted.name) || (partition ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if (errorCode !== 0 || !partition) {
          // Kafka says it in words only where the whole topic is unknown.
          const errorMessage = topic ? null : 'This server does not host this topic-partition.'
          return partitionResponse({ partitionIndex, errorCode, errorMessage })
        }
        const activeProducers = partition.log.producers().map((p) =>
          producerState({
            producerId: p.producerId,
            producerEpoch: p.epoch,
            lastSequence: p.lastSequence,
            lastTimestamp: BigInt(p.lastTimestamp),
            coordinatorEpoch: p.coordinatorEpoch,
            currentTxnStartOffset: BigInt(p.currentTxnStartOffset),
          }),
        )
        return partitionResponse({ partitionIndex, activeProducers })
      })
      return topicResponse({ name: wanted.name, partitions })
    })
    return describeProducersResponse({ topics })
  },
})
