import { type FetchPartition, type FetchRequest, fetchRequestCodec } from '../generated/fetch-request.js'
import {
  type FetchResponse,
  type PartitionData,
  epochEndOffset,
  fetchResponse,
  fetchResponseCodec,
  fetchableTopicResponse,
  partitionData,
} from '../generated/fetch-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import type { Partition } from '../topics/partition.js'
import { type Api, type ApiContext, defineApi } from './definition.js'
import { endOffsetForEpoch, epochError } from './leader-epoch.js'

const READ_COMMITTED = 1

/**
 * Reads whole batches, waiting up to max_wait_ms until min_bytes are there. Sessions are optional in the protocol: the
 * answer always says session id 0, so every client sends full requests.
 */
export const fetch: Api = defineApi({
  name: 'Fetch',
  request: fetchRequestCodec,
  response: fetchResponseCodec,
  async handle(request, context) {
    if (request.sessionId !== 0) return fetchResponse({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
    const first = readAll(request, context)
    if (first.final || first.bytes >= request.minBytes || request.maxWaitMs <= 0) return first.response
    return longPoll(request, context)
  },
})

interface Read {
  response: FetchResponse
  bytes: number
  /** An error, a divergence or nothing asked for: waiting would change nothing. */
  final: boolean
}

/** Reads again on every change of a wanted partition until there is enough, the wait is over or the connection is gone. */
function longPoll(request: FetchRequest, context: ApiContext): Promise<FetchResponse> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = []
    const finish = (settle: () => void): void => {
      for (const stop of stops.splice(0)) stop()
      settle()
    }
    const look = (last: boolean): void => {
      if (stops.length === 0) return
      try {
        const read = readAll(request, context)
        if (last || read.final || read.bytes >= request.minBytes) finish(() => resolve(read.response))
      } catch (error) {
        finish(() => reject(error instanceof Error ? error : new Error(String(error))))
      }
    }
    const aborted = (): void => finish(() => reject(new Error('the connection went away during a long poll')))
    if (context.signal.aborted) return aborted()
    context.signal.addEventListener('abort', aborted, { once: true })
    stops.push(() => context.signal.removeEventListener('abort', aborted))
    stops.push(context.timers.after(request.maxWaitMs, () => look(true)))
    for (const partition of wantedPartitions(request, context)) stops.push(partition.onChange(() => look(false)))
  })
}

function* wantedPartitions(request: FetchRequest, context: ApiContext): Iterable<Partition> {
  for (const wanted of request.topics) {
    const topic = context.version >= 13 ? context.node.topicById(wanted.topicId) : context.node.topic(wanted.topic)
    for (const { partition } of wanted.partitions) {
      const found = topic?.partitions[partition]
      if (found) yield found
    }
  }
}

function readAll(request: FetchRequest, context: ApiContext): Read {
  const byId = context.version >= 13
  const result: Read = { response: fetchResponse(), bytes: 0, final: request.topics.length === 0 }
  for (const wanted of request.topics) {
    const topic = byId ? context.node.topicById(wanted.topicId) : context.node.topic(wanted.topic)
    const unknown = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const partitions = wanted.partitions.map((part) => {
      const injected = topic ? context.injectedError(topic.name) : unknown
      if (injected !== 0) return unanswerable(part, injected)
      const partition = topic?.partitions[part.partition]
      if (!partition) return unanswerable(part, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      const data = readPartition(partition, part, request, request.maxBytes - result.bytes, result.bytes === 0)
      result.bytes += data.records?.length ?? 0
      return data
    })
    if (partitions.some((p) => p.errorCode !== 0 || p.divergingEpoch.epoch >= 0)) result.final = true
    result.response.responses.push(fetchableTopicResponse({ topic: wanted.topic, topicId: wanted.topicId, partitions }))
  }
  return result
}

function failed(part: FetchPartition, errorCode: number): PartitionData {
  // Kafka answers an empty byte string, not null, so that clients need no case of its own.
  return partitionData({
    partitionIndex: part.partition,
    errorCode,
    highWatermark: -1n,
    abortedTransactions: null,
    records: Buffer.alloc(0),
  })
}

/** Refused before any log was looked at: Kafka then answers an empty list of aborted transactions instead of null. */
function unanswerable(part: FetchPartition, errorCode: number): PartitionData {
  return { ...failed(part, errorCode), abortedTransactions: [] }
}

function readPartition(
  partition: Partition,
  part: FetchPartition,
  request: FetchRequest,
  bytesLeft: number,
  atLeastOne: boolean,
): PartitionData {
  const wrongEpoch = epochError(partition, part.currentLeaderEpoch)
  if (wrongEpoch !== 0) return failed(part, wrongEpoch)
  const { log } = partition
  const offset = Number(part.fetchOffset)
  const data = partitionData({
    partitionIndex: part.partition,
    highWatermark: BigInt(log.highWatermark),
    lastStableOffset: BigInt(log.highWatermark),
    logStartOffset: BigInt(log.startOffset),
    abortedTransactions: request.isolationLevel === READ_COMMITTED ? [] : null,
    records: Buffer.alloc(0),
  })
  if (part.lastFetchedEpoch >= 0) {
    // Partition.readRecords: a reader whose last epoch ended earlier here has read records that were lost since.
    const end = endOffsetForEpoch(partition, part.lastFetchedEpoch)
    if (end.leaderEpoch < 0 || end.endOffset < 0 || offset < log.startOffset)
      return failed(part, ErrorCode.OFFSET_OUT_OF_RANGE)
    if (end.leaderEpoch < part.lastFetchedEpoch || end.endOffset < offset) {
      data.divergingEpoch = epochEndOffset({ epoch: end.leaderEpoch, endOffset: BigInt(end.endOffset) })
      return data
    }
  }
  const bytes = Math.max(0, Math.min(part.partitionMaxBytes, bytesLeft))
  const read = log.read(offset, bytes, atLeastOne)
  if (read.kind === 'out-of-range') return failed(part, ErrorCode.OFFSET_OUT_OF_RANGE)
  data.records = read.bytes
  return data
}
