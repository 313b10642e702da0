import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { GroupListing } from '../../ports/group-admin.js'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'

const listGroupsKey = 16
/** From this version on (Kafka 3.8) the broker tells the protocol, and can filter by it. */
const typeVersion = 5

/** The groups of one broker. */
export interface ListedGroups {
  readonly errorCode: number
  readonly groups: readonly GroupListing[]
}

type ListGroupsApi = API<[], ListedGroups>

const apis = [typeVersion, typeVersion - 1].map(
  (version): ListGroupsApi =>
    createAPI(
      listGroupsKey,
      version,
      () => request(version),
      (_correlationId, _key, _version, reader) => parse(version, reader),
    ),
)

/** ListGroups v5, or v4 without protocols (Kafka 2.6 and newer). */
export function listGroupsApi(link: Link): ListGroupsApi | undefined {
  return apis.find((api) => link.offers(listGroupsKey, api.version))
}

function request(version: number): Writer {
  const writer = Writer.create().appendArray([], () => {}) // any state
  if (version >= typeVersion) writer.appendArray([], () => {}) // any protocol
  return writer.appendTaggedFields()
}

function parse(version: number, libraryReader: Reader): ListedGroups {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle
  const errorCode = reader.int16()
  const groups = reader.array(() => {
    const group = reader.text() ?? ''
    const protocolType = reader.text() ?? ''
    const state = reader.text() ?? ''
    const protocol = version >= typeVersion ? (reader.text() ?? '').toLowerCase() : 'classic'
    reader.skipTags()
    return { group, protocol, protocolType, state }
  })
  reader.end('ListGroups')
  return { errorCode, groups }
}
