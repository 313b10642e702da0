// Generated from GroupMetadataKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface GroupMetadataKey {
  group: string
}

/** A GroupMetadataKey with the schema's defaults where `fields` says nothing. */
export function groupMetadataKey(fields: Partial<GroupMetadataKey> = {}): GroupMetadataKey {
  return { group: '', ...fields }
}

function readGroupMetadataKey(reader: Reader, _version: number): GroupMetadataKey {
  const m = groupMetadataKey()
  m.group = reader.string(false)
  return m
}

function writeGroupMetadataKey(writer: Writer, _version: number, m: GroupMetadataKey): void {
  writer.string(m.group, false)
}

/** Reads and writes GroupMetadataKey, versions 0 to 0. */
export const groupMetadataKeyCodec: Codec<GroupMetadataKey> = {
  name: 'GroupMetadataKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readGroupMetadataKey,
  write: writeGroupMetadataKey,
}
