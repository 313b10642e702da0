// Generated from DescribeConfigsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribeConfigsSynonym {
  /** The synonym name. (versions 1+) */
  name: string
  /** The synonym value. (versions 1+) */
  value: string | null
  /** The synonym source. (versions 1+) */
  source: number
}

/** A DescribeConfigsSynonym with the schema's defaults where `fields` says nothing. */
export function describeConfigsSynonym(fields: Partial<DescribeConfigsSynonym> = {}): DescribeConfigsSynonym {
  return { name: '', value: '', source: 0, ...fields }
}

function readDescribeConfigsSynonym(reader: Reader, version: number): DescribeConfigsSynonym {
  const flexible = version >= 4
  const m = describeConfigsSynonym()
  m.name = reader.string(flexible)
  m.value = reader.nullableString(flexible, true)
  m.source = reader.int8()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsSynonym(writer: Writer, version: number, m: DescribeConfigsSynonym): void {
  const flexible = version >= 4
  writer.string(m.name, flexible)
  writer.nullableString(m.value, flexible, true)
  writer.int8(m.source)
  if (flexible) writer.noTags()
}

export interface DescribeConfigsResourceResult {
  /** The configuration name. (versions 0+) */
  name: string
  /** The configuration value. (versions 0+) */
  value: string | null
  /** True if the configuration is read-only. (versions 0+) */
  readOnly: boolean
  /** The configuration source. (versions 1+) */
  configSource: number
  /** True if this configuration is sensitive. (versions 0+) */
  isSensitive: boolean
  /** The synonyms for this configuration key. (versions 1+) */
  synonyms: DescribeConfigsSynonym[]
  /** The configuration data type. Type can be one of the following values - BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST, CLASS, PASSWORD. (versions 3+) */
  configType: number
  /** The configuration documentation. (versions 3+) */
  documentation: string | null
}

/** A DescribeConfigsResourceResult with the schema's defaults where `fields` says nothing. */
export function describeConfigsResourceResult(fields: Partial<DescribeConfigsResourceResult> = {}): DescribeConfigsResourceResult {
  return { name: '', value: '', readOnly: false, configSource: -1, isSensitive: false, synonyms: [], configType: 0, documentation: '', ...fields }
}

function readDescribeConfigsResourceResult(reader: Reader, version: number): DescribeConfigsResourceResult {
  const flexible = version >= 4
  const m = describeConfigsResourceResult()
  m.name = reader.string(flexible)
  m.value = reader.nullableString(flexible, true)
  m.readOnly = reader.bool()
  m.configSource = reader.int8()
  m.isSensitive = reader.bool()
  m.synonyms = reader.array(flexible, () => readDescribeConfigsSynonym(reader, version))
  if (version >= 3) m.configType = reader.int8()
  if (version >= 3) m.documentation = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsResourceResult(writer: Writer, version: number, m: DescribeConfigsResourceResult): void {
  const flexible = version >= 4
  writer.string(m.name, flexible)
  writer.nullableString(m.value, flexible, true)
  writer.bool(m.readOnly)
  writer.int8(m.configSource)
  writer.bool(m.isSensitive)
  writer.array(m.synonyms, flexible, (item) => writeDescribeConfigsSynonym(writer, version, item))
  if (version >= 3) writer.int8(m.configType)
  if (version >= 3) writer.nullableString(m.documentation, flexible, true)
  if (flexible) writer.noTags()
}

export interface DescribeConfigsResult {
  /** The error code, or 0 if we were able to successfully describe the configurations. (versions 0+) */
  errorCode: number
  /** The error message, or null if we were able to successfully describe the configurations. (versions 0+) */
  errorMessage: string | null
  /** The resource type. (versions 0+) */
  resourceType: number
  /** The resource name. (versions 0+) */
  resourceName: string
  /** Each listed configuration. (versions 0+) */
  configs: DescribeConfigsResourceResult[]
}

/** A DescribeConfigsResult with the schema's defaults where `fields` says nothing. */
export function describeConfigsResult(fields: Partial<DescribeConfigsResult> = {}): DescribeConfigsResult {
  return { errorCode: 0, errorMessage: '', resourceType: 0, resourceName: '', configs: [], ...fields }
}

function readDescribeConfigsResult(reader: Reader, version: number): DescribeConfigsResult {
  const flexible = version >= 4
  const m = describeConfigsResult()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  m.resourceType = reader.int8()
  m.resourceName = reader.string(flexible)
  m.configs = reader.array(flexible, () => readDescribeConfigsResourceResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsResult(writer: Writer, version: number, m: DescribeConfigsResult): void {
  const flexible = version >= 4
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  writer.int8(m.resourceType)
  writer.string(m.resourceName, flexible)
  writer.array(m.configs, flexible, (item) => writeDescribeConfigsResourceResult(writer, version, item))
  if (flexible) writer.noTags()
}

export interface DescribeConfigsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The results for each resource. (versions 0+) */
  results: DescribeConfigsResult[]
}

/** A DescribeConfigsResponse with the schema's defaults where `fields` says nothing. */
export function describeConfigsResponse(fields: Partial<DescribeConfigsResponse> = {}): DescribeConfigsResponse {
  return { throttleTimeMs: 0, results: [], ...fields }
}

function readDescribeConfigsResponse(reader: Reader, version: number): DescribeConfigsResponse {
  const flexible = version >= 4
  const m = describeConfigsResponse()
  m.throttleTimeMs = reader.int32()
  m.results = reader.array(flexible, () => readDescribeConfigsResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsResponse(writer: Writer, version: number, m: DescribeConfigsResponse): void {
  const flexible = version >= 4
  writer.int32(m.throttleTimeMs)
  writer.array(m.results, flexible, (item) => writeDescribeConfigsResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeConfigsResponse, versions 1 to 4, flexible from 4. */
export const describeConfigsResponseCodec: Codec<DescribeConfigsResponse> = {
  name: 'DescribeConfigsResponse',
  apiKey: 32,
  minVersion: 1,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readDescribeConfigsResponse,
  write: writeDescribeConfigsResponse,
}
