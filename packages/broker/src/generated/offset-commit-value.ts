// Generated from OffsetCommitValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface OffsetCommitValue {
  offset: bigint
  leaderEpoch: number
  metadata: string
  commitTimestamp: bigint
  expireTimestamp: bigint
  topicId: string
}

/** A OffsetCommitValue with the schema's defaults where `fields` says nothing. */
export function offsetCommitValue(fields: Partial<OffsetCommitValue> = {}): OffsetCommitValue {
  return { offset: 0n, leaderEpoch: -1, metadata: '', commitTimestamp: 0n, expireTimestamp: -1n, topicId: ZERO_UUID, ...fields }
}

function readOffsetCommitValue(reader: Reader, version: number): OffsetCommitValue {
  const flexible = version >= 4
  const m = offsetCommitValue()
  m.offset = reader.int64()
  if (version >= 3) m.leaderEpoch = reader.int32()
  m.metadata = reader.string(flexible)
  m.commitTimestamp = reader.int64()
  if (version >= 1 && version <= 1) m.expireTimestamp = reader.int64()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.topicId = reader.uuid()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeOffsetCommitValue(writer: Writer, version: number, m: OffsetCommitValue): void {
  const flexible = version >= 4
  writer.int64(m.offset)
  if (version >= 3) writer.int32(m.leaderEpoch)
  writer.string(m.metadata, flexible)
  writer.int64(m.commitTimestamp)
  if (version >= 1 && version <= 1) writer.int64(m.expireTimestamp)
  if (flexible) {
    const tags: Tag[] = []
    if (m.topicId !== ZERO_UUID) tags.push([0, (writer) => writer.uuid(m.topicId)])
    writer.tags(tags)
  }
}

/** Reads and writes OffsetCommitValue, versions 0 to 4, flexible from 4. */
export const offsetCommitValueCodec: Codec<OffsetCommitValue> = {
  name: 'OffsetCommitValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readOffsetCommitValue,
  write: writeOffsetCommitValue,
}
