import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'

/** Which leader epoch's end is asked for. */
export interface EpochAsked {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
}

/** The answer for that partition; -1/-1 when the leader knows no such epoch. */
export interface EpochEnd {
  readonly errorCode: number
  readonly leaderEpoch: number
  readonly endOffset: number
}

/**
 * OffsetForLeaderEpoch v4 for one partition. Own parser because the library (1.35) reads the partition before the error
 * code, while Kafka's schema has the error code first: partition 2 came out as error 2, so that only partition 0 worked.
 */
export const leaderEpochApi: API<[EpochAsked], EpochEnd> = createAPI(23, 4, epochRequest, parseEpochEnd)

function epochRequest({ topic, partition, leaderEpoch }: EpochAsked): Writer {
  return Writer.create()
    .appendInt32(-1) // replica id: a consumer
    .appendArray([topic], (topics) => {
      topics.appendString(topic).appendArray([partition], (w) => {
        w.appendInt32(partition)
          .appendInt32(-1) // current leader epoch: not checked
          .appendInt32(leaderEpoch)
      })
    })
    .appendTaggedFields()
}

function parseEpochEnd(_correlationId: number, _key: number, _version: number, libraryReader: Reader): EpochEnd {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const ends = reader.array(() => {
    reader.text()
    const inTopic = reader.array(() => parsePartition(reader))
    reader.skipTags()
    return inTopic
  })
  const first = ends.flat()[0]
  if (first === undefined) throw new RangeError('the answer to OffsetForLeaderEpoch has no partition')
  return first
}

function parsePartition(reader: ByteReader): EpochEnd {
  const errorCode = reader.int16()
  reader.int32() // partition
  const leaderEpoch = reader.int32()
  const endOffset = reader.int64()
  reader.skipTags()
  return { errorCode, leaderEpoch, endOffset }
}
