import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'

/** From this version on topics are named by id: a re-created topic answers UNKNOWN_TOPIC_ID instead of other records. */
const topicIdVersion = 13
const divergingTag = 0

/** What to fetch from one partition. */
export interface PartitionFetch {
  readonly topic: string
  /** 32 hex digits; not looked at by `fetchByNameApi`. */
  readonly topicId: string
  readonly partition: number
  readonly offset: number
  /** The leader epoch we know; an older or newer leader refuses. -1: not checked. */
  readonly currentLeaderEpoch: number
  /** Leader epoch of the last record read; -1: no check for divergence. */
  readonly lastLeaderEpoch: number
  readonly bytesMax: number
}

/** A request to one leader. */
export interface FetchRequest {
  readonly waitMs: number
  readonly isCommittedOnly: boolean
  readonly partitions: readonly PartitionFetch[]
}

/** A transaction that was aborted; its records are those of this producer from this offset to its next abort marker. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** The answer for one partition; `records` are undecoded batches. */
export interface Fetched {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStart: number
  readonly aborted: readonly AbortedTransaction[]
  readonly diverging: { readonly leaderEpoch: number; readonly endOffset: number } | undefined
  readonly records: Buffer
}

/** The whole answer. */
export interface FetchAnswer {
  readonly errorCode: number
  /** The part of this partition, named as in the request. */
  of(partition: Pick<PartitionFetch, 'topic' | 'topicId' | 'partition'>): Fetched | undefined
}

type FetchApi = API<[FetchRequest], FetchAnswer>

/**
 * Fetch without a session, everything up to the high watermark or, `isCommittedOnly`, the last stable offset. Own request and
 * parser because the library's decodes records without checking their CRC and drops what a reader of identities needs.
 */
function fetchApiOf(version: number): FetchApi {
  return createAPI(
    1,
    version,
    (request: FetchRequest) => fetchRequest(version, request),
    (_correlationId, _key, _version, reader) => parseFetch(version, reader),
  )
}

/** Fetch v12 (Kafka 2.7 and newer), by topic name. */
export const fetchByNameApi: FetchApi = fetchApiOf(12)

/** Fetch v13 (Kafka 3.1 and newer), by topic id. */
export const fetchApi: FetchApi = fetchApiOf(topicIdVersion)

function fetchRequest(version: number, { waitMs, isCommittedOnly, partitions }: FetchRequest): Writer {
  const bytesMax = partitions.reduce((sum, each) => sum + each.bytesMax, 0)
  const topics = new Map<string, PartitionFetch[]>()
  for (const each of partitions) {
    const name = nameOf(version, each)
    const inTopic = topics.get(name)
    if (inTopic === undefined) topics.set(name, [each])
    else inTopic.push(each)
  }
  return Writer.create()
    .appendInt32(-1) // replica id: a consumer
    .appendInt32(waitMs)
    .appendInt32(1) // at least one byte
    .appendInt32(Math.min(bytesMax, 2 ** 31 - 1))
    .appendInt8(isCommittedOnly ? 1 : 0)
    .appendInt32(0) // no session
    .appendInt32(-1)
    .appendArray([...topics], (topicWriter, [name, inTopic]) => {
      if (version >= topicIdVersion) topicWriter.appendUUID(name)
      else topicWriter.appendString(name)
      topicWriter.appendArray(inTopic, (w, from) => {
        w.appendInt32(from.partition)
          .appendInt32(from.currentLeaderEpoch)
          .appendInt64(BigInt(from.offset))
          .appendInt32(from.lastLeaderEpoch)
          .appendInt64(-1n) // log start: a follower's field
          .appendInt32(from.bytesMax)
      })
    })
    .appendArray([], () => {}) // nothing to forget
    .appendString('') // no rack
    .appendTaggedFields()
}

function parseFetch(version: number, libraryReader: Reader): FetchAnswer {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const errorCode = reader.int16()
  reader.int32() // session
  const found = new Map<string, Fetched>()
  if (errorCode !== 0) return { errorCode, of: () => undefined }
  reader.array(() => {
    const name = version >= topicIdVersion ? reader.uuid() : (reader.text() ?? '')
    reader.array(() => {
      const partition = reader.int32()
      found.set(`${name} ${partition}`, parsePartition(reader))
    })
    reader.skipTags()
  })
  reader.end('Fetch')
  return { errorCode, of: (partition) => found.get(`${nameOf(version, partition)} ${partition.partition}`) }
}

function parsePartition(reader: ByteReader): Fetched {
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  reader.int64() // last stable offset
  const logStart = reader.int64()
  const aborted = reader.array(() => {
    const transaction = { producerId: reader.int64(), firstOffset: reader.int64() }
    reader.skipTags()
    return transaction
  })
  reader.int32() // preferred read replica: none without a rack
  const length = reader.uvarint() - 1
  const records = length > 0 ? reader.bytes(length) : Buffer.alloc(0)
  return { errorCode, highWatermark, logStart, aborted, records, diverging: parseDiverging(reader) }
}

function parseDiverging(reader: ByteReader): Fetched['diverging'] {
  let diverging: Fetched['diverging']
  for (let count = reader.uvarint(); count > 0; count--) {
    const tag = reader.uvarint()
    const bytes = reader.bytes(reader.uvarint())
    if (tag !== divergingTag) continue
    const inner = new ByteReader(bytes)
    diverging = { leaderEpoch: inner.int32(), endOffset: inner.int64() }
  }
  return diverging
}

function nameOf(version: number, { topic, topicId }: Pick<PartitionFetch, 'topic' | 'topicId'>): string {
  return version >= topicIdVersion ? topicId : topic
}
