import type { Flight } from '../model/flight.js'
import type { ProduceOutcome, TopicView } from '../ports/broker.js'

/**
 * What to do after one attempt of a flight.
 * - `mark`: the acknowledgement is believed.
 * - `verify`: acknowledged, but the answer cannot tell a fresh append from another flight's duplicate; read that place.
 * - `repeat`: the world is down; same flight again after a pause. `uncertain` = an attempt may have been appended.
 * - `reject`: this message is bad and was certainly not appended by any attempt.
 * - `resolve`: neither believed nor repeatable; read the partition back. `uncertain` as above: when reading back cannot tell,
 *   only a flight that is not uncertain counts as not sent. `newProducer`: somebody else has our identity.
 */
export type Verdict =
  | { readonly kind: 'mark'; readonly baseOffset: number }
  | { readonly kind: 'verify'; readonly baseOffset: number }
  | { readonly kind: 'repeat'; readonly uncertain: boolean; readonly cause: string }
  | { readonly kind: 'reject'; readonly code: string; readonly message: string; readonly recordIndex?: number }
  | { readonly kind: 'resolve'; readonly uncertain: boolean; readonly cause: string; readonly newProducer: boolean }

/** Codes that say "this message is bad". Kafka judges them before it looks for duplicates, so they speak of this attempt only. */
const messageCodes: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

/** A flight this old gets another stamp when Kafka refuses the one it has. */
const restampMs = 60_000

/** Codes that contradict what the store knows about the stream. */
const suspicionCodes: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
])

/** Codes that say another process writes under our producer identity. */
const clashCodes: ReadonlySet<string> = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
])

/**
 * Judges the answer of one attempt. `uncertainBefore`: an earlier attempt (ours or a former owner's) may have been
 * appended. From then on no error ends the flight, because rights, topic, min ISR, size, null keys and timestamps are all
 * checked before the duplicate check (seen on Kafka 4.3.1) and say nothing about the earlier attempt. `nowMs` is the
 * database's time.
 */
export function judge(
  flight: Flight,
  lastOffset: number,
  uncertainBefore: boolean,
  outcome: ProduceOutcome,
  timestampType: TopicView['timestampType'],
  nowMs: number,
): Verdict {
  switch (outcome.kind) {
    case 'unsent':
      return { kind: 'repeat', uncertain: uncertainBefore, cause: outcome.cause }
    case 'unknown':
      return { kind: 'repeat', uncertain: true, cause: outcome.cause }
    case 'acked':
      return believe(flight, lastOffset, outcome, timestampType)
    case 'rejected':
      if (outcome.code === 'INVALID_TIMESTAMP') return judgeStamp(flight, uncertainBefore, outcome, nowMs)
      return judgeRejection(uncertainBefore, outcome)
  }
}

/**
 * An acknowledgement is believed only with the fingerprint: Kafka answers a duplicate with the stored batch's timestamp.
 * A foreign stamp means our rows were dropped as a "duplicate" of somebody else's. A topic that stamps records itself
 * (LogAppendTime) answers with its own time, never with -1: there, and where the type is not known, the place is read.
 */
function believe(
  flight: Flight,
  lastOffset: number,
  answer: Extract<ProduceOutcome, { kind: 'acked' }>,
  timestampType: TopicView['timestampType'],
): Verdict {
  if (answer.baseOffset <= lastOffset)
    return {
      kind: 'resolve',
      uncertain: true,
      cause: `acknowledged at ${answer.baseOffset}, not above ${lastOffset}`,
      newProducer: false,
    }
  const isFresh = timestampType !== 'LogAppendTime' && answer.appendTimeMs === -1
  if (timestampType !== 'CreateTime' && !isFresh) return { kind: 'verify', baseOffset: answer.baseOffset }
  if (answer.appendTimeMs !== -1 && answer.appendTimeMs !== flight.stampMs)
    return {
      kind: 'resolve',
      uncertain: true,
      cause: `duplicate of another batch (stamp ${answer.appendTimeMs}, ours ${flight.stampMs})`,
      newProducer: true,
    }
  return { kind: 'mark', baseOffset: answer.baseOffset }
}

/**
 * The timestamp is our stamp, so no message is bad for it. Too new, because the database's clock is ahead of the brokers' by
 * more than `message.timestamp.after.max.ms` (one hour): the same flight is taken when they have caught up, and another stamp
 * would only be newer. Too old, after a long wait: released, and claimed again under the stamp of then.
 */
function judgeStamp(
  flight: Flight,
  uncertainBefore: boolean,
  answer: Extract<ProduceOutcome, { kind: 'rejected' }>,
  nowMs: number,
): Verdict {
  const uncertain = uncertainBefore || answer.appended !== 'no'
  const cause = `${answer.code} ${answer.message}`
  if (nowMs - flight.stampMs < restampMs) return { kind: 'repeat', uncertain, cause }
  return { kind: 'resolve', uncertain, cause, newProducer: false }
}

function judgeRejection(uncertainBefore: boolean, answer: Extract<ProduceOutcome, { kind: 'rejected' }>): Verdict {
  const { code, message } = answer
  // An error may come after the append, and DUPLICATE_SEQUENCE_NUMBER says that an attempt of ours did get in.
  const uncertain = uncertainBefore || answer.appended !== 'no'
  const cause = `${code} ${message}`
  if (suspicionCodes.has(code)) return { kind: 'resolve', uncertain, cause, newProducer: false }
  if (clashCodes.has(code)) return { kind: 'resolve', uncertain, cause, newProducer: true }
  if (messageCodes.has(code)) {
    if (uncertain) return { kind: 'resolve', uncertain, cause: `${code}, maybe appended before`, newProducer: false }
    return {
      kind: 'reject',
      code,
      message,
      ...(answer.recordIndex === undefined ? {} : { recordIndex: answer.recordIndex }),
    }
  }
  return { kind: 'repeat', uncertain, cause }
}
