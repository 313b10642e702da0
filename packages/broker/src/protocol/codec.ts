import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** One Kafka message: how each of its versions is read and written. Implementations are generated (src/generated). */
export interface Codec<T> {
  readonly name: string
  /** -1 for headers */
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
  /** One less than `maxVersion` where the schema says `latestVersionUnstable`: a broker does not offer that version. */
  readonly maxStableVersion: number
  /** The first flexible version (KIP-482): compact lengths and tagged fields. Infinity where there is none. */
  readonly flexibleFrom: number
  /** Fields that the version does not have get the schema's default. Throws ProtocolError on bytes that do not fit. */
  read(reader: Reader, version: number): T
  /** Fields that the version does not have are left out. Throws ProtocolError on null where the version forbids it. */
  write(writer: Writer, version: number, message: T): void
}

/** The bytes are not what the protocol says: the connection they came from cannot be trusted further. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError'
}
