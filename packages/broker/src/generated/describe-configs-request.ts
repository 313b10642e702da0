// Generated from DescribeConfigsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribeConfigsResource {
  /** The resource type. (versions 0+) */
  resourceType: number
  /** The resource name. (versions 0+) */
  resourceName: string
  /** The configuration keys to list, or null to list all configuration keys. (versions 0+) */
  configurationKeys: string[] | null
}

/** A DescribeConfigsResource with the schema's defaults where `fields` says nothing. */
export function describeConfigsResource(fields: Partial<DescribeConfigsResource> = {}): DescribeConfigsResource {
  return { resourceType: 0, resourceName: '', configurationKeys: [], ...fields }
}

function readDescribeConfigsResource(reader: Reader, version: number): DescribeConfigsResource {
  const flexible = version >= 4
  const m = describeConfigsResource()
  m.resourceType = reader.int8()
  m.resourceName = reader.string(flexible)
  m.configurationKeys = reader.nullableArray(flexible, true, () => reader.string(flexible))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsResource(writer: Writer, version: number, m: DescribeConfigsResource): void {
  const flexible = version >= 4
  writer.int8(m.resourceType)
  writer.string(m.resourceName, flexible)
  writer.nullableArray(m.configurationKeys, flexible, true, (item) => writer.string(item, flexible))
  if (flexible) writer.noTags()
}

export interface DescribeConfigsRequest {
  /** The resources whose configurations we want to describe. (versions 0+) */
  resources: DescribeConfigsResource[]
  /** True if we should include all synonyms. (versions 1+) */
  includeSynonyms: boolean
  /** True if we should include configuration documentation. (versions 3+) */
  includeDocumentation: boolean
}

/** A DescribeConfigsRequest with the schema's defaults where `fields` says nothing. */
export function describeConfigsRequest(fields: Partial<DescribeConfigsRequest> = {}): DescribeConfigsRequest {
  return { resources: [], includeSynonyms: false, includeDocumentation: false, ...fields }
}

function readDescribeConfigsRequest(reader: Reader, version: number): DescribeConfigsRequest {
  const flexible = version >= 4
  const m = describeConfigsRequest()
  m.resources = reader.array(flexible, () => readDescribeConfigsResource(reader, version))
  m.includeSynonyms = reader.bool()
  if (version >= 3) m.includeDocumentation = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeConfigsRequest(writer: Writer, version: number, m: DescribeConfigsRequest): void {
  const flexible = version >= 4
  writer.array(m.resources, flexible, (item) => writeDescribeConfigsResource(writer, version, item))
  writer.bool(m.includeSynonyms)
  if (version >= 3) writer.bool(m.includeDocumentation)
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeConfigsRequest, versions 1 to 4, flexible from 4. */
export const describeConfigsRequestCodec: Codec<DescribeConfigsRequest> = {
  name: 'DescribeConfigsRequest',
  apiKey: 32,
  minVersion: 1,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readDescribeConfigsRequest,
  write: writeDescribeConfigsRequest,
}
