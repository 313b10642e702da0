import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'

/** What to fetch from one partition. */
export interface FetchFrom {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly bytesMax: number
  readonly waitMs: number
}

/** The answer for that partition; `records` are undecoded batches. */
export interface Fetched {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStart: number
  readonly records: Buffer
}

/**
 * Fetch v12 (Kafka 2.7 and newer, by topic name): one partition, no session, everything up to the high watermark. Own request
 * and parser because the library's decodes records without checking their CRC and drops what a reader of identities needs.
 */
export const fetchApi: API<[FetchFrom], Fetched> = createAPI(1, 12, fetchRequest, parseFetched)

function fetchRequest(from: FetchFrom): Writer {
  return Writer.create()
    .appendInt32(-1) // replica id: a consumer
    .appendInt32(from.waitMs)
    .appendInt32(1) // at least one byte
    .appendInt32(from.bytesMax)
    .appendInt8(0) // read uncommitted
    .appendInt32(0) // no session
    .appendInt32(-1)
    .appendArray([from], (topics) => {
      topics.appendString(from.topic).appendArray([from], (w) => {
        w.appendInt32(from.partition)
          .appendInt32(-1) // current leader epoch: not checked
          .appendInt64(BigInt(from.offset))
          .appendInt32(-1) // last fetched epoch: none
          .appendInt64(-1n)
          .appendInt32(from.bytesMax)
      })
    })
    .appendArray([], () => {}) // nothing to forget
    .appendString('') // no rack
    .appendTaggedFields()
}

function parseFetched(_correlationId: number, _key: number, _version: number, libraryReader: Reader): Fetched {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const errorCode = reader.int16()
  reader.int32() // session
  const nothing = { highWatermark: -1, logStart: -1, records: Buffer.alloc(0) }
  if (errorCode !== 0) return { errorCode, ...nothing }
  const partitions = reader.array(() => {
    reader.text()
    const inTopic = reader.array(() => parsePartition(reader))
    reader.skipTags()
    return inTopic
  })
  const first = partitions.flat()[0]
  if (first === undefined) throw new RangeError('the answer to Fetch has no partition')
  return first
}

function parsePartition(reader: ByteReader): Fetched {
  reader.int32() // partition
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  reader.int64() // last stable offset
  const logStart = reader.int64()
  reader.array(() => {
    reader.int64()
    reader.int64()
    reader.skipTags()
  })
  reader.int32() // preferred read replica: none without a rack
  const length = reader.uvarint() - 1
  const records = length > 0 ? reader.bytes(length) : Buffer.alloc(0)
  reader.skipTags()
  return { errorCode, highWatermark, logStart, records }
}
