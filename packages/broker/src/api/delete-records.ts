import { deleteRecordsRequestCodec } from '../generated/delete-records-request.js'
import {
  type DeleteRecordsPartitionResult,
  deleteRecordsPartitionResult,
  deleteRecordsResponse,
  deleteRecordsResponseCodec,
  deleteRecordsTopicResult,
} from '../generated/delete-records-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import type { Partition } from '../topics/partition.js'
import { type Api, type ApiContext, defineApi } from './definition.js'

const HIGH_WATERMARK = -1

/** Raises the log start: everything before an offset is gone for readers. -1 = everything that is there now. */
export const deleteRecords: Api = defineApi({
  name: 'DeleteRecords',
  request: deleteRecordsRequestCodec,
  response: deleteRecordsResponseCodec,
  handle(request, context) {
    const topics = request.topics.map((wanted) => {
      const topic = context.node.topic(wanted.name)
      const partitions = wanted.partitions.map(({ partitionIndex, offset }) => {
        const partition = topic?.partitions[partitionIndex]
        const errorCode = context.injectedError(wanted.name) || (partition ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if (errorCode !== 0 || !partition) return refused(partitionIndex, errorCode)
        return cut(partition, Number(offset), context)
      })
      return deleteRecordsTopicResult({ name: wanted.name, partitions })
    })
    return deleteRecordsResponse({ topics })
  },
})

function refused(partitionIndex: number, errorCode: number): DeleteRecordsPartitionResult {
  return deleteRecordsPartitionResult({ partitionIndex, errorCode, lowWatermark: -1n })
}

function cut(partition: Partition, wanted: number, context: ApiContext): DeleteRecordsPartitionResult {
  const { log, index, topic } = partition
  const policy = context.node.configs
    .topicEntries(context.node.topicConfigs(topic))
    .find((e) => e.definition.name === 'cleanup.policy')
  if (!policy?.value?.includes('delete')) return refused(index, ErrorCode.POLICY_VIOLATION)
  const before = wanted === HIGH_WATERMARK ? log.highWatermark : wanted
  if (before < 0 || before > log.highWatermark) return refused(index, ErrorCode.OFFSET_OUT_OF_RANGE)
  try {
    const lowWatermark = BigInt(before <= log.startOffset ? log.startOffset : log.deleteRecords(before))
    partition.changed()
    return deleteRecordsPartitionResult({ partitionIndex: index, lowWatermark })
  } catch (error) {
    context.log(`records of ${topic}-${index} could not be deleted: ${String(error)}`)
    return refused(index, ErrorCode.KAFKA_STORAGE_ERROR)
  }
}
