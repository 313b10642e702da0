import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { GroupPosition } from '../../ports/group-admin.js'
import { ByteReader } from '../network/byte-reader.js'

/** All committed positions of a group. */
export interface AllOffsets {
  readonly errorCode: number
  readonly positions: readonly GroupPosition[]
}

/**
 * OffsetFetch v8 (Kafka 3.0 and newer) of every partition of one group, by name. The newest version names topics by id and
 * leaves out those that are gone.
 */
export const allOffsetsApi: API<[group: string], AllOffsets> = createAPI(
  9,
  8,
  (group: string) =>
    Writer.create()
      .appendArray([group], (w, each) => w.appendString(each).appendUnsignedVarInt(0)) // all topics
      .appendInt8(0) // not only stable ones: a transaction that is open must not blind us
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => parse(reader),
)

function parse(libraryReader: Reader): AllOffsets {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const positions: GroupPosition[] = []
  const codes: number[] = []
  reader.array(() => {
    reader.text() // the group asked for
    reader.array(() => {
      const topic = reader.text() ?? ''
      reader.array(() => {
        const partition = reader.int32()
        const offset = reader.int64()
        const leaderEpoch = reader.int32()
        const metadata = reader.text() ?? ''
        codes.push(reader.int16())
        reader.skipTags()
        if (offset >= 0) positions.push({ topic, partition, offset, leaderEpoch, metadata })
      })
      reader.skipTags()
    })
    codes.push(reader.int16())
    reader.skipTags()
  })
  reader.end('OffsetFetch')
  return { errorCode: codes.find((code) => code !== 0) ?? 0, positions }
}
