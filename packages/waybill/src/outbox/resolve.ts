import { causeText, WaybillError } from '../model/errors.js'
import type { WaitingRow } from '../model/message.js'
import type { OpenFlight, OwnedLane, StreamState } from './lane-state.js'
import { isAt, lateArrivals, readBack } from './read-back.js'
import type { ReadBack, Recognize } from './read-back.js'
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
  const { clock } = context
  const { signal } = lane.gone
  if (open.unansweredAtMs !== undefined) {
    const until = open.unansweredAtMs + context.options.drainMs
    while (clock.monotonicMs() < until && !signal.aborted) await clock.sleep(until - clock.monotonicMs(), signal)
  }
  return readUntilDone(context, lane, state, open)
}

/**
 * Reads a stream's span back without a flight: its incarnation is not the lane's any more, so the database may be an older
 * one (restored from a backup), whose waiting rows lie in the topic already. `undefined` when the lane is gone first.
 */
export function rereadStream(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
): Promise<ReadBack | undefined> {
  return readUntilDone(context, lane, state, { rows: [] })
}

async function readUntilDone(
  context: RelayContext,
  lane: OwnedLane,
  state: StreamState,
  flight: { readonly rows: readonly WaitingRow[] },
): Promise<ReadBack | undefined> {
  const { clock, broker, failpoints, log, source } = context
  const { signal } = lane.gone
  const { topic, partition } = state.key
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      await failpoints.hit('resolve:before-read')
      const { stream } = state
      if (!stream) throw new WaybillError('WB_INTERNAL', `nothing to read back without a stream: ${state.id}`)
      const view = await broker.describeTopic(topic, { fresh: true })
      if (!view) throw new WaybillError('WB_TOPIC_UNKNOWN', `topic ${topic} does not exist`)
      const recognize: Recognize = async (messages) => {
        const step = {
          kind: 'recognize',
          lane: lane.lane,
          fence: lane.lease.fence,
          topic,
          partition,
          messages,
        } as const
        const [result] = await context.store.advance([step])
        return result?.kind === 'done' ? (result.rowIds ?? []) : []
      }
      const answer = await readBack({ broker, stream, source, signal, recognize }, flight, view)
      await failpoints.hit('resolve:after-read')
      return answer
    } catch (error) {
      log.warn('reading back failed, trying again', { stream: state.id, cause: causeText(error) })
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
      context.log.warn('verifying an acknowledgement failed, trying again', { cause: causeText(error) })
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
      return true
    } catch (error) {
      context.log.warn('no producer id yet, trying again', { lane: lane.lane, cause: causeText(error) })
      await context.clock.sleep(backoffMs(tries, context), signal)
    }
  }
  return false
}
