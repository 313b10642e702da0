import type { DeadLetter } from '../operate/dead-letter.js'
import type { LetterEnd, Redriven } from '../operate/redrive.js'
import type { RedrivePlan, Target } from '../operate/redrive-plan.js'
import { jsonSchema } from './group-json.js'
import { bytesJson, bytesText, duration, isoTime, screenFact, screenTable } from './output.js'

/** Letters of a plan on a screen; JSON has all. */
const plannedShown = 50

/** What `dead list` found. */
export interface LettersSeen {
  readonly group: string
  readonly deadTopic: string
  readonly letters: readonly (DeadLetter & { readonly redriven: boolean | undefined })[]
  /** Letters that were left out. */
  readonly more: number
  /** Letters of other groups, records that are no letters. */
  readonly others: number
  readonly foreign: number
}

/** What `dead redrive` planned and did. */
export interface RedriveSeen {
  readonly plan: RedrivePlan
  readonly deadTopic: string
  readonly executed: boolean
  readonly done: Redriven | undefined
}

/** Dead letters for people. */
export function lettersScreen({ deadTopic, letters, more, others, foreign }: LettersSeen, nowMs: number): string {
  const rows = letters.map((letter) => [
    ...cellsOf(letter, nowMs),
    letter.redriven === undefined ? '?' : letter.redriven ? 'yes' : letter.cameBack ? 'again' : 'no',
    `${letter.error}: ${letter.message}`,
  ])
  const head = ['LETTER', 'FROM', 'KEY', 'DIED', 'TRIES', 'SENT BACK', 'ERROR']
  const text =
    rows.length === 0 ? `no dead letter in ${deadTopic}\n` : screenTable(head, rows, { elastic: elasticColumns })
  return text + (more > 0 ? `and ${more} more: --limit shows up to 1000\n` : '') + leftOut(others, foreign)
}

const elasticColumns = ['FROM', 'KEY', 'ERROR']

function cellsOf({ at, origin, key, buriedAtMs, attempts }: DeadLetter, nowMs: number): string[] {
  return [
    ...[`${at.partition}:${at.offset}`, `${origin.topic}/${origin.partition}:${origin.offset}`, bytesText(key)],
    ...[`${duration(nowMs - buriedAtMs)} ago`, attempts === undefined ? '?' : String(attempts)],
  ]
}

function leftOut(others: number, foreign: number): string {
  return (
    (others > 0 ? `left out: ${others} letters of other groups\n` : '') +
    (foreign > 0 ? `left out: ${foreign} records that are no dead letters of waybill\n` : '')
  )
}

/** Dead letters for programs. */
export function lettersJson({ letters, ...seen }: LettersSeen): unknown {
  const told = letters.map(({ redriven, ...letter }) => ({ ...letterJson(letter), redriven: redriven ?? null }))
  return { schema: jsonSchema, ...seen, letters: told }
}

function letterJson({ at, origin, buriedAtMs, key, messageId, attempts, ...rest }: DeadLetter): object {
  const { timestampMs, ...from } = origin
  return {
    at,
    buriedAt: timeText(buriedAtMs),
    origin: { ...from, timestamp: timestampMs === undefined ? null : timeText(timestampMs) },
    key: bytesJson(key),
    messageId: messageId ?? null,
    attempts: attempts ?? null,
    ...rest,
  }
}

/** Timestamps are what producers wrote: some are no date. */
function timeText(ms: number): string | null {
  return Math.abs(ms) <= 8.64e15 ? isoTime(ms) : null
}

/** The plan, and what became of it, for people. */
export function redriveScreen({ plan, deadTopic, executed, done }: RedriveSeen, nowMs: number): string {
  const ends = new Map(done?.ends.map((end) => [`${end.at.partition}:${end.at.offset}`, end]))
  const rows = plan.chosen.slice(0, plannedShown).map(({ letter, target }) => {
    const end = ends.get(`${letter.at.partition}:${letter.at.offset}`)
    return [...cellsOf(letter, nowMs), end ? endText(end) : executed ? 'not tried' : targetText(target), letter.error]
  })
  const head = ['LETTER', 'FROM', 'KEY', 'DIED', 'TRIES', executed ? 'BECAME' : 'TO', 'ERROR']
  const hidden = plan.chosen.length - plannedShown
  return [
    rows.length === 0 ? '' : screenTable(head, rows, { elastic: [...elasticColumns, 'BECAME', 'TO'] }),
    hidden > 0 ? `and ${hidden} more: -o json has all\n` : '',
    ...troubles(plan, deadTopic),
    ...(done?.ends ?? []).flatMap((end) => failureText(end)),
    summary({ plan, executed, done, deadTopic }),
  ].join('')
}

function troubles(
  { open, others, foreign, already, doubles, isCut, isFirst, alsoReadBy, chosen }: RedrivePlan,
  deadTopic: string,
): string[] {
  const places = open.map(({ partition, offset }) => `${partition}:${offset}`).join(', ')
  return [
    open.length > 0
      ? screenFact('', `an earlier run was cut off at ${places}: what became of it is found out first`)
      : '',
    doubles > 0 ? `left out: ${doubles} second letters of the same records\n` : '',
    already > 0 ? `left out: ${already} that were sent back before\n` : '',
    leftOut(others, foreign),
    isCut ? `these are the first ${chosen.length}; run it again for the rest\n` : '',
    isFirst && chosen.length > 0
      ? `nothing is known of an earlier redrive of ${deadTopic} (kept for 7 days after the last)\n`
      : '',
    chosen.length > 0 ? screenFact('', readersText(alsoReadBy)) : '',
  ]
}

function readersText(alsoReadBy: readonly string[] | undefined): string {
  if (alsoReadBy === undefined) return 'who else reads these topics is not known; they would get the messages once more'
  if (alsoReadBy.length === 0) return 'no other group has a position in these topics'
  return `these groups get the messages once more, too: ${alsoReadBy.join(', ')}`
}

function summary({ plan, executed, done }: RedriveSeen): string {
  const { chosen, open } = plan
  if (!executed) return `would send back: ${chosen.length}. Nothing was changed; add --execute to act.\n`
  if (!done) return chosen.length === 0 && open.length === 0 ? 'sent back: 0, nothing fits\n' : ''
  const count = (kind: LetterEnd['kind']): number => done.ends.filter((end) => end.kind === kind).length
  const rest = [`refused: ${count('refused')}`, `open: ${count('open')}`].filter((text) => !text.endsWith(': 0'))
  const stopped = done.stopped === undefined ? '' : screenFact('', `stopped early: ${done.stopped}; run it again`)
  return `${[`sent back: ${count('sent')}`, ...rest].join(', ')}\n${stopped}`
}

function targetText(target: Target): string {
  return 'cause' in target ? `nowhere: ${target.cause}` : `${target.topic}/${target.partition}`
}

function endText(end: LetterEnd): string {
  return end.kind === 'sent' ? `${end.to.topic}/${end.to.partition}:${end.to.offset}` : end.kind
}

function failureText(end: LetterEnd): string[] {
  if (end.kind === 'sent') return []
  const why = end.kind === 'open' ? 'nobody knows yet whether it was sent' : 'it stays'
  return [screenFact('', `${end.at.partition}:${end.at.offset} ${end.kind}, ${why}: ${end.cause}`)]
}

/** The same for programs. */
export function redriveJson({ plan, deadTopic, executed, done }: RedriveSeen): unknown {
  const { group, chosen, alsoReadBy, view: _view, ...rest } = plan
  return {
    schema: jsonSchema,
    ...{ group, deadTopic, executed, ...rest, alsoReadBy: alsoReadBy ?? null },
    chosen: chosen.map(({ letter, target }) => ({
      ...letterJson(letter),
      target: 'cause' in target ? target : { topic: target.topic, partition: target.partition },
    })),
    ends: done?.ends ?? [],
    stopped: done?.stopped ?? null,
  }
}
