import { groupLines, groupStatus } from '../operate/group-status.js'
import { totalsOf } from '../operate/group-totals.js'
import { systemClock } from '../system/clock.js'
import type { Call, Command } from './command.js'
import { needed, outputOption, textOf, UsageError } from './command.js'
import { lagJson, linesJson, statusJson } from './group-json.js'
import { lagScreen, linesScreen, statusScreen } from './group-screen.js'
import { kafkaOptions } from './kafka-settings.js'
import { json } from './output.js'
import { type GroupKafka, withKafka } from './with-kafka.js'

/** Exit code of an answer with holes: something could not be looked at. Never 0, or a script would take blind for good. */
const inPart = 3

/** Consumer groups for people on call. */
export const group: Command = {
  summary: 'consumer groups: state, lag, what is really unhandled, dead letters',
  usage: [
    'group status --brokers LIST [--group G] [-o table|json]',
    'group lag    --brokers LIST --group G [-o table|json]',
  ],
  options: {
    ...kafkaOptions,
    group: { type: 'string', short: 'g', value: 'G', help: 'the consumer group' },
    ...outputOption,
  },
  run(call) {
    const [what = 'status', ...more] = call.words
    const work = { status, lag }[what]
    if (work === undefined || more.length > 0)
      throw new UsageError(`group takes status or lag, not ${JSON.stringify(call.words.join(' '))}`)
    return withKafka(call, (kafka) => work(call, kafka))
  },
}

async function status(call: Call, kafka: GroupKafka): Promise<number> {
  const { values, out } = call
  const name = textOf(values, 'group')
  if (name !== undefined)
    return ofGroup(call, kafka, needed(name, '--group'), { screen: statusScreen, data: statusJson })
  const { lines, blind } = await groupLines(kafka)
  out.write(out.json ? json(linesJson(lines, blind)) : linesScreen(lines, blind))
  return blind.length > 0 || lines.some(({ trouble }) => trouble !== undefined) ? inPart : 0
}

function lag(call: Call, kafka: GroupKafka): Promise<number> {
  return ofGroup(call, kafka, needed(textOf(call.values, 'group'), '--group'), { screen: lagScreen, data: lagJson })
}

async function ofGroup(
  { out }: Call,
  kafka: GroupKafka,
  name: string,
  show: { readonly screen: typeof statusScreen; readonly data: typeof statusJson },
): Promise<number> {
  const seen = await groupStatus(kafka, name, new AbortController().signal)
  const nowMs = systemClock.wallMs()
  out.write(out.json ? json(show.data(seen, nowMs)) : show.screen(seen, nowMs))
  const isBlind = seen.partitions.some(({ troubles }) => troubles.length > 0)
  const isUnknown = totalsOf(seen.partitions).unknown > 0 || seen.deadLetters.some(({ count }) => count === undefined)
  return isBlind || isUnknown || seen.troubles.length > 0 ? inPart : 0
}
