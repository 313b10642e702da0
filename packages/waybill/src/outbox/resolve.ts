import { causeText, WaybillError } from '../model/errors.js'
import type { Stream } from '../model/flight.js'
import { streamId } from '../model/flight.js'
import type { WaitingRow } from '../model/message.js'
import type { TopicView } from '../ports/broker.js'
import type { OpenFlight, OwnedLane, StreamState } from './lane-state.js'
import { because, placeOf } from './obstacles.js'
import { isAt, lateArrivals, readBack } from './read-back.js'
import type { ReadBack, Recognize, Span } from './read-back.js'
import type { RelayContext } from './relay-context.js'
import { backoffMs } from './relay-context.js'

/** Why a flight is being resolved. */
export interface Doubt {
  readonly cause: string
  /** Somebody else writes under the lane's producer id: the lane needs a new one. */
  readonly newProducer: boolean
}

/**
 * Finds out whether an uncertain flight that may not be repeated is in the topic: waits until its last attempt is older
 * than `drainMs` (nothing recalls a request once sent), then reads back. Tries until it can read; `undefined` when the
 * lane is gone first. A flight whose every attempt was answered needs no drain.
 */
export async function resolveFlight(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
  open: OpenFlight,
): Promise<ReadBack | undefined> {
  if (open.unansweredAtMs !== undefined) await drain(context, lane, open.unansweredAtMs)
  return readUntilDone(context, lane, state, open)
}

/**
 * Reads a stream's span back without a flight: its incarnation is not the lane's any more, so the database may be an older
 * one (restored from a backup), whose waiting rows lie in the topic already, or will when the last request of the life that
 * the database has forgotten arrives: hence the drain, counted from the take. `undefined` when the lane is gone first.
 */
export async function rereadStream(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
): Promise<ReadBack | undefined> {
  await drain(context, lane, lane.takenAtMs)
  return readUntilDone(context, lane, state, { rows: [] })
}

/**
 * Before a stream's first claim: what waits may lie in the partition already, when the database was restored from a backup
 * older than the stream. It can only lie above the first record that is as old as the oldest waiting row, because a record's
 * stamp is the database's time at its claim. Nearly always nothing is there. Rejects when the partition cannot be read now.
 */
export async function readBeforeOpening(
  context: RelayContext,
  lane: OwnedLane,
  { key, queue }: StreamState,
  view: TopicView,
): Promise<{ readonly openedAtOffset: number; readonly readBack: ReadBack }> {
  if (lane.isForgotten) await drain(context, lane, lane.takenAtMs)
  const oldestMs = queue.reduce((oldest, { createdAtMs }) => Math.min(oldest, createdAtMs), Number.POSITIVE_INFINITY)
  const openedAtOffset = (await context.broker.offsetAt(key.topic, key.partition, oldestMs)) - 1
  const stream: Stream = {
    ...{ lane: lane.lane, topic: key.topic, partition: key.partition, topicId: view.topicId },
    ...{ incarnation: { producerId: -1, producerEpoch: -1 }, nextSequence: 0 },
    ...{ lastOffset: openedAtOffset, lastLeaderEpoch: -1, lastStampMs: 0 },
  }
  return { openedAtOffset, readBack: await readBack(spanOf(context, lane, stream), { rows: [] }, view) }
}

function spanOf(context: RelayContext, lane: OwnedLane, stream: Stream): Span {
  const { broker, source, store } = context
  const { topic, partition } = stream
  const recognize: Recognize = async (messages) => {
    const { fence } = lane.lease
    const step = { kind: 'recognize', lane: lane.lane, fence, topic, partition, messages } as const
    const [result] = await store.advance([step])
    return result?.kind === 'done' ? (result.rowIds ?? []) : []
  }
  return { broker, stream, source, signal: lane.gone.signal, recognize }
}

async function drain({ clock, options }: RelayContext, { gone }: OwnedLane, sinceMs: number): Promise<void> {
  const until = sinceMs + options.drainMs
  while (clock.monotonicMs() < until && !gone.signal.aborted)
    await clock.sleep(until - clock.monotonicMs(), gone.signal)
}

async function readUntilDone(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
  flight: { readonly rows: readonly WaitingRow[] },
): Promise<ReadBack | undefined> {
  const { clock, broker, failpoints, log } = context
  const { signal } = lane.gone
  const { topic } = state.key
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      await failpoints.hit('resolve:before-read')
      const { stream } = state
      if (!stream) throw new WaybillError('WB_INTERNAL', `nothing to read back without a stream: ${state.id}`)
      const view = await broker.describeTopic(topic, { fresh: true })
      if (!view) throw new WaybillError('WB_TOPIC_UNKNOWN', `topic ${topic} does not exist`)
      const answer = await readBack(spanOf(context, lane, stream), flight, view)
      await failpoints.hit('resolve:after-read')
      if (
        answer.kind === 'read' &&
        answer.strangers &&
        clock.monotonicMs() < lane.takenAtMs + context.options.drainMs
      ) {
        // The database has forgotten a life of this lane, whose last request may still be under way.
        await drain(context, lane, lane.takenAtMs)
        continue
      }
      return answer
    } catch (error) {
      log.warn('reading back failed, trying again', { stream: state.id, cause: causeText(error) })
      context.obstacles.met(state.id, because(`${placeOf(state.key)} must be read back`, causeText(error)))
      await clock.sleep(backoffMs(tries, context), signal)
    }
  }
  return undefined
}

/**
 * On a LogAppendTime topic Kafka answers a duplicate with its own time, so the stamp tells nothing: the place that was
 * acknowledged is read. `undefined` when the lane is gone first.
 */
export async function verifyFlight(
  context: RelayContext,
  lane: OwnedLane,
  open: OpenFlight,
  baseOffset: number,
): Promise<boolean | undefined> {
  const signal = lane.gone.signal
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      return await isAt(context.broker, open.flight, open.rows, baseOffset, signal)
    } catch (error) {
      // Deleted meanwhile: the resolve that follows says so.
      if (error instanceof WaybillError && error.facts['kafka'] === 'OFFSET_OUT_OF_RANGE') return false
      context.log.warn('verifying an acknowledgement failed, trying again', { cause: causeText(error) })
      const what = `${placeOf(open.flight)} must be read back`
      context.obstacles.met(streamId(open.flight), because(what, causeText(error)))
      await context.clock.sleep(backoffMs(tries, context), signal)
    }
  }
  return undefined
}

/**
 * After the first acknowledgement of a new incarnation: did the former one still get in? Then its messages are doubled,
 * which is found and reported, never hidden. Best effort: a relay that dies here leaves it to the audit.
 */
export async function checkSpan(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
  toOffset: number,
): Promise<void> {
  const span = state.spanCheck
  if (!span) return
  state.spanCheck = undefined
  const { topic, partition } = state.key
  const late = await lateArrivals(context.broker, topic, partition, span, toOffset, lane.gone.signal)
  if (late.length === 0) return
  const detail = `${late.length} messages are doubled in ${topic}/${partition}: ${late.slice(0, 5).join(', ')}`
  context.events.emit({ kind: 'finding', finding: 'duplicate', stream: state.key, detail })
  await context.store.openAlert({ cause: `duplicate ${state.id} ${span.fromOffset}`, kind: 'duplicate', detail })
}

/** Gets a producer id for the lane and stores it; false when the lane is gone first. */
export async function ensureProducerId(context: RelayContext, lane: OwnedLane): Promise<boolean> {
  const signal = lane.gone.signal
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const producerId = await context.broker.initProducerId()
      if (!(await context.store.setProducerId(lane.lease, producerId))) return false
      lane.lease = { ...lane.lease, producerId }
      context.obstacles.passed(`lane ${lane.lane}`)
      return true
    } catch (error) {
      context.log.warn('no producer id yet, trying again', { lane: lane.lane, cause: causeText(error) })
      context.obstacles.met(`lane ${lane.lane}`, because(`no producer id for lane ${lane.lane}`, causeText(error)))
      await context.clock.sleep(backoffMs(tries, context), signal)
    }
  }
  return false
}
