import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'
import type { Address } from '../options.js'

const groupKeyType = 0

/** Where a group's coordinator is. */
export interface CoordinatorAnswer extends Address {
  readonly nodeId: number
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
    const nodeId = reader.int32()
    const host = reader.text() ?? ''
    const port = reader.int32()
    const errorCode = reader.int16()
    const message = reader.text()
    reader.skipTags()
    return { nodeId, host, port, errorCode, message }
  })
  reader.end('FindCoordinator')
  if (found === undefined) throw new RangeError('the answer to FindCoordinator is empty')
  return found
}

/** Kinds of things that have settings; GROUP since Kafka 4.0. */
export const configResources = { broker: 4, group: 32 } as const

/** What to ask the settings of. */
export interface ConfigQuestion {
  readonly resource: (typeof configResources)[keyof typeof configResources]
  readonly name: string
  readonly setting: string
}

/** DescribeConfigs v4 for one setting; `undefined` where it may not be read or is not known. */
export const settingApi: API<[ConfigQuestion], string | undefined> = createAPI(
  32,
  4,
  ({ resource, name, setting }: ConfigQuestion) =>
    Writer.create()
      .appendArray([setting], (w, each) => {
        w.appendInt8(resource)
          .appendString(name)
          .appendArray([each], (inner, key) => inner.appendString(key), true, false)
      })
      .appendBoolean(false) // no synonyms
      .appendBoolean(false) // no documentation
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => parseConfigs(reader)[0],
)

function parseConfigs(libraryReader: Reader): string[] {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  const values: string[] = []
  reader.int32() // throttle
  reader.array(() => {
    reader.int16()
    reader.text()
    reader.int8()
    reader.text()
    reader.array(() => {
      reader.text() // the name asked for
      const value = reader.text()
      if (value !== null) values.push(value)
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
  reader.end('DescribeConfigs')
  return values
}
