// Generated from ApiVersionsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface ApiVersion {
  /** The API index. (versions 0+) */
  apiKey: number
  /** The minimum supported version, inclusive. (versions 0+) */
  minVersion: number
  /** The maximum supported version, inclusive. (versions 0+) */
  maxVersion: number
}

/** A ApiVersion with the schema's defaults where `fields` says nothing. */
export function apiVersion(fields: Partial<ApiVersion> = {}): ApiVersion {
  return { apiKey: 0, minVersion: 0, maxVersion: 0, ...fields }
}

function readApiVersion(reader: Reader, version: number): ApiVersion {
  const flexible = version >= 3
  const m = apiVersion()
  m.apiKey = reader.int16()
  m.minVersion = reader.int16()
  m.maxVersion = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeApiVersion(writer: Writer, version: number, m: ApiVersion): void {
  const flexible = version >= 3
  writer.int16(m.apiKey)
  writer.int16(m.minVersion)
  writer.int16(m.maxVersion)
  if (flexible) writer.noTags()
}

export interface SupportedFeatureKey {
  /** The name of the feature. (versions 3+) */
  name: string
  /** The minimum supported version for the feature. (versions 3+) */
  minVersion: number
  /** The maximum supported version for the feature. (versions 3+) */
  maxVersion: number
}

/** A SupportedFeatureKey with the schema's defaults where `fields` says nothing. */
export function supportedFeatureKey(fields: Partial<SupportedFeatureKey> = {}): SupportedFeatureKey {
  return { name: '', minVersion: 0, maxVersion: 0, ...fields }
}

function readSupportedFeatureKey(reader: Reader, version: number): SupportedFeatureKey {
  const flexible = version >= 3
  const m = supportedFeatureKey()
  if (version >= 3) m.name = reader.string(flexible)
  if (version >= 3) m.minVersion = reader.int16()
  if (version >= 3) m.maxVersion = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeSupportedFeatureKey(writer: Writer, version: number, m: SupportedFeatureKey): void {
  const flexible = version >= 3
  if (version >= 3) writer.string(m.name, flexible)
  if (version >= 3) writer.int16(m.minVersion)
  if (version >= 3) writer.int16(m.maxVersion)
  if (flexible) writer.noTags()
}

export interface FinalizedFeatureKey {
  /** The name of the feature. (versions 3+) */
  name: string
  /** The cluster-wide finalized max version level for the feature. (versions 3+) */
  maxVersionLevel: number
  /** The cluster-wide finalized min version level for the feature. (versions 3+) */
  minVersionLevel: number
}

/** A FinalizedFeatureKey with the schema's defaults where `fields` says nothing. */
export function finalizedFeatureKey(fields: Partial<FinalizedFeatureKey> = {}): FinalizedFeatureKey {
  return { name: '', maxVersionLevel: 0, minVersionLevel: 0, ...fields }
}

function readFinalizedFeatureKey(reader: Reader, version: number): FinalizedFeatureKey {
  const flexible = version >= 3
  const m = finalizedFeatureKey()
  if (version >= 3) m.name = reader.string(flexible)
  if (version >= 3) m.maxVersionLevel = reader.int16()
  if (version >= 3) m.minVersionLevel = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeFinalizedFeatureKey(writer: Writer, version: number, m: FinalizedFeatureKey): void {
  const flexible = version >= 3
  if (version >= 3) writer.string(m.name, flexible)
  if (version >= 3) writer.int16(m.maxVersionLevel)
  if (version >= 3) writer.int16(m.minVersionLevel)
  if (flexible) writer.noTags()
}

export interface ApiVersionsResponse {
  /** The top-level error code. (versions 0+) */
  errorCode: number
  /** The APIs supported by the broker. (versions 0+) */
  apiKeys: ApiVersion[]
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** Features supported by the broker. Note: in v0-v3, features with MinSupportedVersion = 0 are omitted. (versions 3+) */
  supportedFeatures: SupportedFeatureKey[]
  /** The monotonically increasing epoch for the finalized features information. Valid values are >= 0. A value of -1 is special and represents unknown epoch. (versions 3+) */
  finalizedFeaturesEpoch: bigint
  /** List of cluster-wide finalized features. The information is valid only if FinalizedFeaturesEpoch >= 0. (versions 3+) */
  finalizedFeatures: FinalizedFeatureKey[]
  /** Set by a KRaft controller if the required configurations for ZK migration are present. (versions 3+) */
  zkMigrationReady: boolean
}

/** A ApiVersionsResponse with the schema's defaults where `fields` says nothing. */
export function apiVersionsResponse(fields: Partial<ApiVersionsResponse> = {}): ApiVersionsResponse {
  return { errorCode: 0, apiKeys: [], throttleTimeMs: 0, supportedFeatures: [], finalizedFeaturesEpoch: -1n, finalizedFeatures: [], zkMigrationReady: false, ...fields }
}

function readApiVersionsResponse(reader: Reader, version: number): ApiVersionsResponse {
  const flexible = version >= 3
  const m = apiVersionsResponse()
  m.errorCode = reader.int16()
  m.apiKeys = reader.array(flexible, () => readApiVersion(reader, version))
  if (version >= 1) m.throttleTimeMs = reader.int32()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.supportedFeatures = reader.array(flexible, () => readSupportedFeatureKey(reader, version))
          return true
        case 1:
          m.finalizedFeaturesEpoch = reader.int64()
          return true
        case 2:
          m.finalizedFeatures = reader.array(flexible, () => readFinalizedFeatureKey(reader, version))
          return true
        case 3:
          m.zkMigrationReady = reader.bool()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeApiVersionsResponse(writer: Writer, version: number, m: ApiVersionsResponse): void {
  const flexible = version >= 3
  writer.int16(m.errorCode)
  writer.array(m.apiKeys, flexible, (item) => writeApiVersion(writer, version, item))
  if (version >= 1) writer.int32(m.throttleTimeMs)
  if (flexible) {
    const tags: Tag[] = []
    if (m.supportedFeatures.length > 0) tags.push([0, (writer) => writer.array(m.supportedFeatures, flexible, (item) => writeSupportedFeatureKey(writer, version, item))])
    if (m.finalizedFeaturesEpoch !== -1n) tags.push([1, (writer) => writer.int64(m.finalizedFeaturesEpoch)])
    if (m.finalizedFeatures.length > 0) tags.push([2, (writer) => writer.array(m.finalizedFeatures, flexible, (item) => writeFinalizedFeatureKey(writer, version, item))])
    if (m.zkMigrationReady !== false) tags.push([3, (writer) => writer.bool(m.zkMigrationReady)])
    writer.tags(tags)
  }
}

/** Reads and writes ApiVersionsResponse, versions 0 to 4, flexible from 3. */
export const apiVersionsResponseCodec: Codec<ApiVersionsResponse> = {
  name: 'ApiVersionsResponse',
  apiKey: 18,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 3,
  read: readApiVersionsResponse,
  write: writeApiVersionsResponse,
}
