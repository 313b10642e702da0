import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { ProduceBatch, ProduceOutcome } from '../../ports/broker.js'
import { judgeProduceError, staleRoutingErrors } from '../error-codes.js'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'

const produceKey = 0
const produceVersionMin = 9
const produceVersionMax = 13
/** From this version on topics are named by id: a re-created topic answers UNKNOWN_TOPIC_ID instead of taking our records. */
const topicIdVersion = 13

/** A batch with its encoded bytes. */
export interface EncodedBatch {
  readonly batch: ProduceBatch
  readonly bytes: Buffer
}

/** The answer for one partition. */
export interface PartitionAnswer {
  readonly errorCode: number
  readonly baseOffset: number
  readonly appendTimeMs: number
  readonly recordIndex: number | undefined
  readonly message: string | null
}

/** Key: topic (name or id, as in the request) and partition. */
export type ProduceAnswer = ReadonlyMap<string, PartitionAnswer>

type ProduceApi = API<[timeoutMs: number, batches: readonly EncodedBatch[]], ProduceAnswer>

const apis: ReadonlyMap<number, ProduceApi> = new Map(
  [9, 10, 11, 12, 13].map((version) => [
    version,
    createAPI(
      produceKey,
      version,
      (timeoutMs: number, batches: readonly EncodedBatch[]) => produceRequest(version, timeoutMs, batches),
      (_correlationId, _key, _version, reader) => parseProduceAnswer(version, reader),
    ),
  ]),
)

/** The Produce version for these batches at this broker: 13 (topic ids) where offered, else the newest by name. */
export function produceApi(
  link: Link,
  batches: readonly ProduceBatch[],
): { version: number; api: ProduceApi } | undefined {
  const hasIds = batches.every((batch) => /^[0-9a-f]{32}$/.test(batch.topicId) && !/^0+$/.test(batch.topicId))
  for (let version = hasIds ? produceVersionMax : topicIdVersion - 1; version >= produceVersionMin; version--) {
    const api = apis.get(version)
    if (api !== undefined && link.offers(produceKey, version)) return { version, api }
  }
  return undefined
}

/** How a batch's partition is named in requests and answers of this version. */
export function partitionKey(version: number, batch: ProduceBatch): string {
  return `${topicName(version, batch)} ${batch.partition}`
}

function topicName(version: number, batch: ProduceBatch): string {
  return version >= topicIdVersion ? batch.topicId : batch.topic
}

function produceRequest(version: number, timeoutMs: number, batches: readonly EncodedBatch[]): Writer {
  const topics = new Map<string, EncodedBatch[]>()
  for (const encoded of batches) {
    const name = topicName(version, encoded.batch)
    const group = topics.get(name)
    if (group === undefined) topics.set(name, [encoded])
    else group.push(encoded)
  }
  const writer = Writer.create()
  writer.appendString(null).appendInt16(-1).appendInt32(timeoutMs)
  writer.appendArray([...topics], (topicWriter, [name, group]) => {
    if (version >= topicIdVersion) topicWriter.appendUUID(name)
    else topicWriter.appendString(name)
    topicWriter.appendArray(group, (w, { batch, bytes }) => {
      w.appendInt32(batch.partition)
        .appendUnsignedVarInt(bytes.length + 1)
        .append(bytes)
    })
  })
  return writer.appendTaggedFields()
}

function parseProduceAnswer(version: number, libraryReader: Reader): ProduceAnswer {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  const answers = new Map<string, PartitionAnswer>()
  reader.array(() => {
    const name = version >= topicIdVersion ? reader.uuid() : (reader.text() ?? '')
    reader.array(() => {
      const partition = reader.int32()
      answers.set(`${name} ${partition}`, parsePartition(reader))
      reader.skipTags() // current_leader: the cache is made stale instead, metadata brings the epoch too
    })
    reader.skipTags()
  })
  reader.int32() // throttle
  reader.skipTags() // node endpoints
  // Left-over bytes mean that we did not understand the answer; then nothing in it is believed.
  if (reader.remaining > 0) throw new RangeError(`the answer to Produce has ${reader.remaining} bytes too many`)
  return answers
}

function parsePartition(reader: ByteReader): PartitionAnswer {
  const errorCode = reader.int16()
  const baseOffset = reader.int64()
  const appendTimeMs = reader.int64()
  reader.int64() // log start offset
  const recordErrors = reader.array(() => {
    const index = reader.int32()
    const message = reader.text()
    reader.skipTags()
    return { index, message }
  })
  const message = reader.text()
  const first = recordErrors[0]
  return {
    errorCode,
    baseOffset,
    appendTimeMs,
    recordIndex: first?.index,
    message: [message, first?.message].filter(Boolean).join(': ') || null,
  }
}

/** The port's outcome for a partition's answer. `isStale`: the leader we knew is probably not the leader any more. */
export function outcomeOf(answer: PartitionAnswer | undefined): { outcome: ProduceOutcome; isStale: boolean } {
  if (answer === undefined)
    return { outcome: { kind: 'unknown', cause: 'the answer does not mention this partition' }, isStale: false }
  const { errorCode, baseOffset, appendTimeMs, recordIndex, message } = answer
  if (errorCode === 0 && baseOffset >= 0)
    return { outcome: { kind: 'acked', baseOffset, appendTimeMs }, isStale: false }
  if (errorCode === 0) return { outcome: { kind: 'unknown', cause: 'answered without an offset' }, isStale: false }
  const { name, appended } = judgeProduceError(errorCode, baseOffset)
  const outcome: ProduceOutcome = { kind: 'rejected', code: name, appended, message: message ?? '' }
  return {
    outcome: recordIndex === undefined ? outcome : { ...outcome, recordIndex },
    isStale: staleRoutingErrors.has(errorCode),
  }
}
