import { type PartitionProduceData, type ProduceRequest, produceRequestCodec } from '../generated/produce-request.js'
import {
  type PartitionProduceResponse,
  batchIndexAndErrorMessage,
  partitionProduceResponse,
  produceResponse,
  produceResponseCodec,
  topicProduceResponse,
} from '../generated/produce-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { OFFSETS_TOPIC } from '../topics/node.js'
import type { Partition, Topic } from '../topics/partition.js'
import { type Api, type ApiContext, CLOSE, defineApi } from './definition.js'

/**
 * Appends one batch per partition, in request order, each partition on its own: one refused partition says nothing about
 * the others. Validation, idempotence and the duplicate's answer are the log's (src/log).
 */
export const produce: Api = defineApi({
  name: 'Produce',
  request: produceRequestCodec,
  response: produceResponseCodec,
  // librdkafka takes a broker without Produce 0 for ancient (KAFKA-18659): Kafka names it and refuses it, and so do we.
  advertisedMinVersion: 0,
  handle(request, context) {
    const { node, version } = context
    const refusal = refusalOfAll(request, context)
    const responses = request.topicData.map((data) => {
      const topic = version >= 13 ? node.topicById(data.topicId) : node.topic(data.name)
      const name = topic?.name ?? data.name
      const unknown = version >= 13 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      const code = refusal === 0 && !topic ? unknown : refusal
      const partitionResponses = data.partitionData.map((partition) => {
        const errorCode = code === 0 ? context.injectedError(name) : code
        return errorCode !== 0 || !topic ? refused(partition.index, errorCode) : append(topic, partition, context)
      })
      return topicProduceResponse({ name: data.name, topicId: data.topicId, partitionResponses })
    })
    if (request.acks !== 0) return produceResponse({ responses })
    // With acks=0 a cut connection is the only sign of failure the producer gets (KafkaApis.handleProduceRequest).
    return responses.some((t) => t.partitionResponses.some((p) => p.errorCode !== 0)) ? CLOSE : undefined
  },
})

function refusalOfAll({ acks, transactionalId, topicData }: ProduceRequest, context: ApiContext): number {
  if (acks !== 0 && acks !== 1 && acks !== -1) return ErrorCode.INVALID_REQUIRED_ACKS
  if (transactionalId === null) {
    // One transactional batch without a transactional id spoils the whole request (RequestUtils.hasTransactionalRecords).
    const transactional = topicData.some((t) => t.partitionData.some((p) => isTransactional(p.records)))
    return transactional ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : 0
  }
  context.log(`produce for transactional id '${transactionalId}' refused: this broker has no transactions`)
  return ErrorCode.UNSUPPORTED_VERSION
}

function refused(index: number, errorCode: number, logStartOffset = -1): PartitionProduceResponse {
  return partitionProduceResponse({ index, errorCode, baseOffset: -1n, logStartOffset: BigInt(logStartOffset) })
}

function append(topic: Topic, data: PartitionProduceData, context: ApiContext): PartitionProduceResponse {
  // Kafka lets its own admin client write there; nothing else may forge a commit (AuthHelper, Topic.isInternal).
  if (topic.name === OFFSETS_TOPIC) return refused(data.index, ErrorCode.INVALID_TOPIC_EXCEPTION)
  const partition = topic.partitions[data.index]
  if (!partition) return refused(data.index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const shape = batchProblem(data.records, context.version)
  if (shape) {
    context.log(`produce to ${topic.name}-${data.index} refused: ${shape.message}`)
    return refused(data.index, shape.code)
  }
  try {
    return appendBatch(partition, data.records ?? Buffer.alloc(0), context)
  } catch (error) {
    // A disk that is full or broken costs this partition's batch, never the broker; the log has put itself back.
    context.log(`append to ${topic.name}-${data.index} failed: ${String(error)}`)
    return refused(data.index, ErrorCode.KAFKA_STORAGE_ERROR)
  }
}

function appendBatch(partition: Partition, batch: Buffer, context: ApiContext): PartitionProduceResponse {
  const { index, log } = partition
  const result = log.append(batch, partition.leaderEpoch)
  if (result.kind === 'rejected') {
    context.log(`append to ${partition.topic}-${index} refused with ${result.errorCode}: ${result.message}`)
    const { recordErrors } = result
    const early: number[] = [ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.CORRUPT_MESSAGE, ErrorCode.KAFKA_STORAGE_ERROR]
    const answer = refused(index, result.errorCode, early.includes(result.errorCode) ? -1 : log.startOffset)
    // Kafka sends a message only with record errors (ReplicaManager.LogAppendResult.hasCustomErrorMessage).
    if (!recordErrors || recordErrors.length === 0) return answer
    answer.errorMessage = result.message
    answer.recordErrors = recordErrors.map((e) =>
      batchIndexAndErrorMessage({ batchIndex: e.index, batchIndexErrorMessage: e.message }),
    )
    return answer
  }
  if (result.kind === 'appended') partition.changed()
  return partitionProduceResponse({
    index,
    baseOffset: BigInt(result.baseOffset),
    logAppendTimeMs: BigInt(result.appendTimeMs),
    logStartOffset: BigInt(result.logStartOffset),
  })
}

const SIZE_AT = 8
const LOG_OVERHEAD = 12
const MAGIC_AT = 16
const ATTRIBUTES_AT = 21
const ATTRIBUTES_END = 23
const ZSTD = 4
const TRANSACTIONAL = 16

function isTransactional(records: Buffer | null): boolean {
  if (records === null || records.length < ATTRIBUTES_END || records.readInt8(MAGIC_AT) !== 2) return false
  return (records.readInt16BE(ATTRIBUTES_AT) & TRANSACTIONAL) !== 0
}

/** The request's own rule, before any look at the log: exactly one v2 batch (ProduceRequest.validateRecords). */
function batchProblem(records: Buffer | null, version: number): { code: number; message: string } | undefined {
  const invalid = (what: string): { code: number; message: string } => {
    return { code: ErrorCode.INVALID_RECORD, message: `Produce requests with version ${version} ${what}` }
  }
  if (records === null || records.length <= MAGIC_AT)
    return invalid('must have at least one record batch per partition')
  if (records.readInt8(MAGIC_AT) !== 2)
    return invalid('are only allowed to contain record batches with magic version 2')
  const size = records.readInt32BE(SIZE_AT) + LOG_OVERHEAD
  if (size < records.length) return invalid('are only allowed to contain exactly one record batch per partition')
  // A batch that is cut off is no batch to Kafka's iterator.
  if (size > records.length || size < ATTRIBUTES_END)
    return invalid('must have at least one record batch per partition')
  const codec = records.readInt16BE(ATTRIBUTES_AT) & 7
  if (codec === ZSTD && version < 7) {
    return { code: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message: `zstd needs Produce version 7, this is ${version}` }
  }
  return undefined
}
