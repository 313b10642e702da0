import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'
import type { Address } from '../options.js'

const groupKeyType = 0
const groupResource = 32

/** Where a group's coordinator is. */
export interface CoordinatorAnswer extends Address {
  readonly errorCode: number
  readonly message: string | null
}

/** FindCoordinator v4 (Kafka 3.0 and newer) for one consumer group. */
export const findCoordinatorApi: API<[group: string], CoordinatorAnswer> = createAPI(
  10,
  4,
  (group: string) =>
    Writer.create()
      .appendInt8(groupKeyType)
      .appendArray([group], (w, each) => w.appendString(each), true, false)
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => parseCoordinator(reader),
)

function parseCoordinator(libraryReader: Reader): CoordinatorAnswer {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const [found] = reader.array(() => {
    reader.text() // the key asked for
    reader.int32() // node id
    const host = reader.text() ?? ''
    const port = reader.int32()
    const errorCode = reader.int16()
    const message = reader.text()
    reader.skipTags()
    return { host, port, errorCode, message }
  })
  if (found === undefined) throw new RangeError('the answer to FindCoordinator is empty')
  return found
}

/** DescribeConfigs v4 for a group's settings (Kafka 4.0); names and values, empty where it may not be read. */
export const groupConfigApi: API<[group: string, names: readonly string[]], ReadonlyMap<string, string>> = createAPI(
  32,
  4,
  (group: string, names: readonly string[]) =>
    Writer.create()
      .appendArray([group], (w, each) => {
        w.appendInt8(groupResource)
          .appendString(each)
          .appendArray([...names], (inner, name) => inner.appendString(name), true, false)
      })
      .appendBoolean(false) // no synonyms
      .appendBoolean(false) // no documentation
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => parseConfigs(reader),
)

function parseConfigs(libraryReader: Reader): ReadonlyMap<string, string> {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  const values = new Map<string, string>()
  reader.int32() // throttle
  reader.array(() => {
    reader.int16()
    reader.text()
    reader.int8()
    reader.text()
    reader.array(() => {
      const name = reader.text()
      const value = reader.text()
      if (name !== null && value !== null) values.set(name, value)
      reader.bytes(3) // read-only, source, sensitive
      reader.array(() => {
        reader.text()
        reader.text()
        reader.int8()
        reader.skipTags()
      })
      reader.int8() // type
      reader.text() // documentation
      reader.skipTags()
    })
    reader.skipTags()
  })
  return values
}
