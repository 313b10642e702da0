import type { DeadLetter, LetterPlace } from '../operate/dead-letter.js'
import { deadTopicView, type LetterChoice, lettersIn } from '../operate/dead-letters.js'
import { deadTopicOf, redriveGroupOf } from '../operate/group-status.js'
import { redrive, type Unclear } from '../operate/redrive.js'
import { memoryOf, planRedrive } from '../operate/redrive-plan.js'
import { systemClock } from '../system/clock.js'
import { silentLog } from '../system/log.js'
import type { Call, Values } from './command.js'
import { isSet, listOf, needed, textOf, UsageError, wholeOf } from './command.js'
import { lettersJson, lettersScreen, redriveJson, redriveScreen } from './group-dead-screen.js'
import { json } from './output.js'
import { stopSignal } from './stop-signal.js'
import type { GroupKafka } from './with-kafka.js'

/** Letters of one run: what is chosen is listed, and held in memory without values. */
const chosenMax = 10_000
const unclearChoices: readonly Unclear[] = ['stop', 'sent', 'again']

/** Dead letters of a group, and the way back to their topic. */
export function dead(call: Call, kafka: GroupKafka, what: string): Promise<number> {
  return what === 'list' ? list(call, kafka) : sendBack(call, kafka)
}

async function list({ values, out }: Call, kafka: GroupKafka): Promise<number> {
  const { deadTopic, choice } = letterOptions(values)
  const limit = wholeOf(textOf(values, 'limit') ?? '50', 'limit', 1, 1_000)
  const view = await deadTopicView(kafka, deadTopic)
  const sent = await sentBack(kafka, view, choice.group)
  const shown: (DeadLetter & { readonly redriven: boolean | undefined })[] = []
  let [more, others, foreign] = [0, 0, 0]
  for await (const met of lettersIn(kafka, view, choice, new AbortController().signal)) {
    if (met.kind === 'others') others++
    else if (met.kind === 'foreign') foreign++
    else if (met.isChosen && shown.length === limit) more++
    else if (met.isChosen) shown.push({ ...met.letter, redriven: sent?.(met.letter.at) })
  }
  const seen = { group: choice.group, deadTopic, letters: shown, more, others, foreign }
  out.write(out.json ? json(lettersJson(seen)) : lettersScreen(seen, systemClock.wallMs()))
  return 0
}

/** Tells which letters were sent back; `undefined` where that cannot be known. */
async function sentBack(
  kafka: GroupKafka,
  view: Awaited<ReturnType<typeof deadTopicView>>,
  group: string,
): Promise<((at: LetterPlace) => boolean) | undefined> {
  try {
    const positions = await kafka.groupPositions(redriveGroupOf(group))
    const memories = view.partitions.map(({ partition }) => {
      const own = positions.find((each) => each.topic === view.topic && each.partition === partition)
      return memoryOf(own, view, partition, 0, group)
    })
    return ({ partition, offset }) => memories[partition]?.has(offset) ?? false
  } catch {
    // Listing takes no right on that group.
    return undefined
  }
}

async function sendBack({ values, out }: Call, kafka: GroupKafka): Promise<number> {
  const { deadTopic, choice } = letterOptions(values)
  const filters = [choice.places, choice.error, choice.sinceMs, choice.key].some((each) => each !== undefined)
  if (isSet(values, 'all') === filters)
    throw new UsageError('choose letters by --offset, --error, --since, --key (what is given must all fit), or --all')
  const most = wholeOf(textOf(values, 'limit') ?? String(chosenMax), 'limit', 1, chosenMax)
  const unclear = unclearOf(values)
  const stop = stopSignal(silentLog)
  try {
    const plan = await planRedrive(kafka, deadTopic, choice, { most, signal: stop.signal })
    const execute = isSet(values, 'execute')
    const nothing = plan.chosen.length === 0 && plan.open.length === 0
    const done =
      execute && !nothing
        ? await redrive({ kafka, clock: systemClock }, plan, { unclear, signal: stop.signal })
        : undefined
    const seen = { plan, deadTopic, executed: execute, done }
    out.write(out.json ? json(redriveJson(seen)) : redriveScreen(seen, systemClock.wallMs()))
    return done && (done.stopped !== undefined || done.ends.some(({ kind }) => kind !== 'sent')) ? 1 : 0
  } finally {
    stop.dispose()
  }
}

function letterOptions(values: Values): { readonly deadTopic: string; readonly choice: LetterChoice } {
  const group = needed(textOf(values, 'group'), '--group')
  const topic = textOf(values, 'topic')
  const given = textOf(values, 'dead-topic')
  if (topic === undefined && given === undefined) throw new UsageError('--topic (or --dead-topic) is missing')
  const places = listOf(values, 'offset', true).map(placeOf)
  const [error, since, key] = [textOf(values, 'error'), textOf(values, 'since'), textOf(values, 'key')]
  const choice = {
    group,
    ...(topic !== undefined && { topic: needed(topic, '--topic') }),
    ...(places.length > 0 && { places }),
    ...(error !== undefined && { error: needed(error, '--error') }),
    ...(since !== undefined && { sinceMs: timeOf(since, systemClock.wallMs()) }),
    ...(key !== undefined && { key: bytesOf(key) }),
  }
  return { deadTopic: given ?? deadTopicOf(topic ?? '', group), choice }
}

/** `3:17`, or `17` in partition 0. */
function placeOf(text: string): LetterPlace {
  const [, partition = '0', offset] = /^(?:(\d{1,9}):)?(\d{1,16})$/.exec(text) ?? []
  if (offset !== undefined) return { partition: Number(partition), offset: Number(offset) }
  throw new UsageError(`--offset is ${JSON.stringify(text)}; it must be partition:offset, as in the column LETTER`)
}

const units: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time as `30min`, `2h`, `3d` before now, or as ISO 8601. */
export function timeOf(text: string, nowMs: number): number {
  const [, count, unit = ''] = /^(\d{1,9}) ?(s|min|h|d)$/.exec(text) ?? []
  if (count !== undefined) return nowMs - Number(count) * (units[unit] ?? 0)
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(at)) return at
  throw new UsageError(`--since is ${JSON.stringify(text)}; it must be like 30min, 2h, 3d or 2026-11-24T01:00:00Z`)
}

/** Text, or bytes as `0x…`, as the tables show them. */
function bytesOf(text: string): Uint8Array {
  return /^0x(?:[0-9a-f]{2})+$/.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text)
}

function unclearOf(values: Values): Unclear {
  const text = textOf(values, 'unclear') ?? 'stop'
  const choice = unclearChoices.find((one) => one === text)
  if (choice) return choice
  throw new UsageError(`--unclear is ${JSON.stringify(text)}; it must be one of ${unclearChoices.join(', ')}`)
}
