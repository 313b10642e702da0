// Generated from IncrementalAlterConfigsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface AlterableConfig {
  /** The configuration key name. (versions 0+) */
  name: string
  /** The type (Set, Delete, Append, Subtract) of operation. (versions 0+) */
  configOperation: number
  /** The value to set for the configuration key. (versions 0+) */
  value: string | null
}

/** A AlterableConfig with the schema's defaults where `fields` says nothing. */
export function alterableConfig(fields: Partial<AlterableConfig> = {}): AlterableConfig {
  return { name: '', configOperation: 0, value: '', ...fields }
}

function readAlterableConfig(reader: Reader, version: number): AlterableConfig {
  const flexible = version >= 1
  const m = alterableConfig()
  m.name = reader.string(flexible)
  m.configOperation = reader.int8()
  m.value = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeAlterableConfig(writer: Writer, version: number, m: AlterableConfig): void {
  const flexible = version >= 1
  writer.string(m.name, flexible)
  writer.int8(m.configOperation)
  writer.nullableString(m.value, flexible, true)
  if (flexible) writer.noTags()
}

export interface AlterConfigsResource {
  /** The resource type. (versions 0+) */
  resourceType: number
  /** The resource name. (versions 0+) */
  resourceName: string
  /** The configurations. (versions 0+) */
  configs: AlterableConfig[]
}

/** A AlterConfigsResource with the schema's defaults where `fields` says nothing. */
export function alterConfigsResource(fields: Partial<AlterConfigsResource> = {}): AlterConfigsResource {
  return { resourceType: 0, resourceName: '', configs: [], ...fields }
}

function readAlterConfigsResource(reader: Reader, version: number): AlterConfigsResource {
  const flexible = version >= 1
  const m = alterConfigsResource()
  m.resourceType = reader.int8()
  m.resourceName = reader.string(flexible)
  m.configs = reader.array(flexible, () => readAlterableConfig(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeAlterConfigsResource(writer: Writer, version: number, m: AlterConfigsResource): void {
  const flexible = version >= 1
  writer.int8(m.resourceType)
  writer.string(m.resourceName, flexible)
  writer.array(m.configs, flexible, (item) => writeAlterableConfig(writer, version, item))
  if (flexible) writer.noTags()
}

export interface IncrementalAlterConfigsRequest {
  /** The incremental updates for each resource. (versions 0+) */
  resources: AlterConfigsResource[]
  /** True if we should validate the request, but not change the configurations. (versions 0+) */
  validateOnly: boolean
}

/** A IncrementalAlterConfigsRequest with the schema's defaults where `fields` says nothing. */
export function incrementalAlterConfigsRequest(fields: Partial<IncrementalAlterConfigsRequest> = {}): IncrementalAlterConfigsRequest {
  return { resources: [], validateOnly: false, ...fields }
}

function readIncrementalAlterConfigsRequest(reader: Reader, version: number): IncrementalAlterConfigsRequest {
  const flexible = version >= 1
  const m = incrementalAlterConfigsRequest()
  m.resources = reader.array(flexible, () => readAlterConfigsResource(reader, version))
  m.validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeIncrementalAlterConfigsRequest(writer: Writer, version: number, m: IncrementalAlterConfigsRequest): void {
  const flexible = version >= 1
  writer.array(m.resources, flexible, (item) => writeAlterConfigsResource(writer, version, item))
  writer.bool(m.validateOnly)
  if (flexible) writer.noTags()
}

/** Reads and writes IncrementalAlterConfigsRequest, versions 0 to 1, flexible from 1. */
export const incrementalAlterConfigsRequestCodec: Codec<IncrementalAlterConfigsRequest> = {
  name: 'IncrementalAlterConfigsRequest',
  apiKey: 44,
  minVersion: 0,
  maxVersion: 1,
  maxStableVersion: 1,
  flexibleFrom: 1,
  read: readIncrementalAlterConfigsRequest,
  write: writeIncrementalAlterConfigsRequest,
}
