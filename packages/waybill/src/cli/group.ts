import { groupLines, groupStatus } from '../operate/group-status.js'
import { totalsOf } from '../operate/group-totals.js'
import { systemClock } from '../system/clock.js'
import type { Call, Command } from './command.js'
import { executeOption, needed, outputOption, textOf, UsageError } from './command.js'
import { dead } from './group-dead.js'
import { lagJson, linesJson, statusJson } from './group-json.js'
import { lagScreen, linesScreen, statusScreen } from './group-screen.js'
import { kafkaOptions } from './kafka-settings.js'
import { json } from './output.js'
import { type GroupKafka, withKafka } from './with-kafka.js'

/** Exit code of an answer with holes: something could not be looked at. Never 0, or a script would take blind for good. */
const inPart = 3

/** Consumer groups for people on call. */
export const group: Command = {
  summary: 'consumer groups: state, lag, what is really unhandled; dead letters and their way back',
  usage: [
    'group status --brokers LIST [--group G] [-o table|json]',
    'group lag    --brokers LIST --group G [-o table|json]',
    'group dead list    --brokers LIST --group G --topic T [--limit 50] [--offset|--error|--since|--key …]',
    'group dead redrive --brokers LIST --group G --topic T (--offset|--error|--since|--key … | --all) [--execute]',
  ],
  options: {
    ...kafkaOptions,
    group: { type: 'string', short: 'g', value: 'G', help: 'the consumer group' },
    topic: { type: 'string', value: 'T', help: 'dead: letters of this topic, in <topic>.<group>.dead' },
    'dead-topic': { type: 'string', value: 'T', help: 'dead: the dead-letter topic, where it has another name' },
    offset: { type: 'string', multiple: true, value: 'P:O', help: 'dead: the letter at this place; may be repeated' },
    error: {
      type: 'string',
      value: 'TEXT',
      help: "dead: of this error class, or with this text in the error's message",
    },
    since: { type: 'string', value: 'TIME', help: 'dead: buried since 30min, 2h, 3d or 2026-11-24T01:00:00Z' },
    key: { type: 'string', value: 'KEY', help: 'dead: with this key; bytes as 0x…' },
    all: { type: 'boolean', help: 'dead redrive: every letter of the group' },
    limit: { type: 'string', value: 'N', help: 'dead: most letters (list: 50, up to 1000; redrive: up to 10000)' },
    unclear: {
      type: 'string',
      value: 'WHAT',
      help: 'dead redrive: letters whose fate nobody can tell: stop, sent, again',
    },
    ...executeOption,
    ...outputOption,
  },
  run(call) {
    const words = call.words.length === 0 ? 'status' : call.words.join(' ')
    const work = works[words]
    if (work === undefined)
      throw new UsageError(
        `group takes status, lag, dead list or dead redrive, not ${JSON.stringify(call.words.join(' '))}`,
      )
    return withKafka(call, (kafka) => work(call, kafka))
  },
}

const works: Readonly<Record<string, (call: Call, kafka: GroupKafka) => Promise<number>>> = {
  status,
  lag,
  'dead list': (call, kafka) => dead(call, kafka, 'list'),
  'dead redrive': (call, kafka) => dead(call, kafka, 'redrive'),
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
