// Generated from OffsetCommitKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetCommitKey {
  group: string
  topic: string
  partition: number
}

/** A OffsetCommitKey with the schema's defaults where `fields` says nothing. */
export function offsetCommitKey(fields: Partial<OffsetCommitKey> = {}): OffsetCommitKey {
  return { group: '', topic: '', partition: 0, ...fields }
}

function readOffsetCommitKey(reader: Reader, _version: number): OffsetCommitKey {
  const m = offsetCommitKey()
  m.group = reader.string(false)
  m.topic = reader.string(false)
  m.partition = reader.int32()
  return m
}

function writeOffsetCommitKey(writer: Writer, _version: number, m: OffsetCommitKey): void {
  writer.string(m.group, false)
  writer.string(m.topic, false)
  writer.int32(m.partition)
}

/** Reads and writes OffsetCommitKey, versions 0 to 0. */
export const offsetCommitKeyCodec: Codec<OffsetCommitKey> = {
  name: 'OffsetCommitKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readOffsetCommitKey,
  write: writeOffsetCommitKey,
}
