import { hostname, userInfo } from 'node:os'
import type { ParkedMessage } from '../ports/outbox-admin.js'
import type { Call, Command, Values } from './command.js'
import {
  databaseOptions,
  executeOption,
  idsOf,
  isSet,
  needed,
  outputOption,
  textOf,
  UsageError,
  wholeOf,
} from './command.js'
import type { Database } from './database.js'
import { withOutbox } from './database.js'
import { bytesJson, bytesText, duration, isoTime, json, safe, table } from './output.js'

/** Messages with their values that are in memory at once: each may have a megabyte. */
const pageRows = 20
/** Messages of one run: what is chosen is listed, and held in memory until it is done. */
const chosenMax = 10_000
/** Messages of one transaction. */
const actRows = 200
const shownBytes = 2_000

/** Lists, shows, requeues and discards messages that were set aside. */
export const parked: Command = {
  summary: 'messages set aside: list, show, requeue, discard',
  usage: [
    'parked [list] --database URL [--topic T] [--after ID] [--limit 50] [-o table|json]',
    'parked show --database URL --id N [-o table|json]',
    'parked requeue --database URL (--id N … | --topic T | --all) [--execute]',
    'parked discard --database URL (--id N … | --topic T | --all) --why TEXT [--execute]',
  ],
  options: {
    ...databaseOptions,
    topic: { type: 'string', value: 'T', help: 'messages of this topic' },
    id: { type: 'string', multiple: true, value: 'N', help: 'this message; may be repeated' },
    all: { type: 'boolean', help: 'every parked message' },
    after: { type: 'string', value: 'ID', help: 'list: only ids above this one' },
    limit: { type: 'string', value: 'N', help: 'list: most rows, 1 to 1000 (default 50)' },
    why: { type: 'string', value: 'TEXT', help: 'discard: the reason, kept in outbox_discarded with user and host' },
    ...executeOption,
    ...outputOption,
  },
  run(call) {
    const [what = 'list', ...more] = call.words
    const work = { list, show, requeue: act, discard: act }[what]
    if (work === undefined || more.length > 0)
      throw new UsageError(`parked takes list, show, requeue or discard, not ${JSON.stringify(call.words.join(' '))}`)
    return withOutbox(call, (database) => work(call, database))
  },
}

async function list({ values, out }: Call, { store, admin }: Database): Promise<number> {
  const limit = wholeOf(textOf(values, 'limit') ?? '50', 'limit', 1, 1_000)
  const afterId = wholeOf(textOf(values, 'after') ?? '0', 'after', 0, Number.MAX_SAFE_INTEGER)
  const found: ParkedMessage[] = []
  for await (const message of each({ admin }, textOf(values, 'topic'), afterId)) {
    if (found.length === limit + 1) break
    found.push({ ...message, value: null })
  }
  const shown = found.slice(0, limit)
  const next = found.length > limit ? shown.at(-1)?.id : undefined
  if (out.json) out.write(json({ parked: shown.map(summaryOf), next: next ?? null }))
  else if (shown.length === 0) out.write('nothing is parked\n')
  else {
    const nowMs = await store.nowMs()
    out.write(
      table(
        ['ID', 'TOPIC', 'KEY', 'PARKED', 'TRIES', 'REASON'],
        shown.map(({ id, topic, key, parkedAtMs, attempts, reason }) => [
          ...[String(id), topic, bytesText(key), `${duration(nowMs - parkedAtMs)} ago`, String(attempts), reason],
        ]),
      ),
    )
    if (next !== undefined) out.write(`more with --after ${next}\n`)
  }
  return 0
}

async function show({ values, out }: Call, { admin }: Database): Promise<number> {
  const [id, ...more] = idsOf(values)
  if (id === undefined || more.length > 0) throw new UsageError('parked show takes one --id')
  const message = await admin.parkedById(id)
  if (!message) {
    out.write(out.json ? json(null) : `message ${id} is not parked\n`)
    return 1
  }
  if (out.json) {
    const headers = message.headers.map(([name, value]) => ({ name, value: bytesJson(value) }))
    out.write(json({ ...summaryOf(message), headers, value: bytesJson(message.value) }))
    return 0
  }
  const { value } = message
  const short = value && value.length > shownBytes ? value.subarray(0, shownBytes) : value
  const size = value === null ? 'none (a tombstone)' : `${value.length} bytes`
  const facts: readonly (readonly [string, string])[] = [
    ['id', String(message.id)],
    ['message id', message.messageId],
    ['topic', message.topic],
    ['key', bytesText(message.key)],
    ['lane', String(message.lane)],
    ['created', isoTime(message.createdAtMs)],
    ['parked', isoTime(message.parkedAtMs)],
    ['tries', String(message.attempts)],
    ['reason', message.reason],
    ...message.headers.map(([name, content]) => [`header ${name}`, bytesText(content)] as const),
    ['value', size],
  ]
  out.write(facts.map(([name, text]) => `${safe(name).padEnd(12)}  ${safe(text)}\n`).join(''))
  if (short) out.write(`\n${safe(bytesText(short))}${short === value ? '' : ' …'}\n`)
  return 0
}

async function act(call: Call, database: Database): Promise<number> {
  const { values, out, words } = call
  const isDiscard = words[0] === 'discard'
  const why = isDiscard ? needed(textOf(values, 'why'), '--why') : ''
  const { chosen, missing } = await choose(values, database)
  const done = isSet(values, 'execute') ? await execute(chosen, isDiscard ? why : undefined, database) : []
  if (out.json) {
    out.write(json({ chosen, missing, done, executed: isSet(values, 'execute') }))
    return 0
  }
  const nowMs = await database.store.nowMs()
  const head = ['ID', 'TOPIC', 'KEY', 'PARKED', 'REASON']
  if (chosen.length > 0)
    out.write(
      table(
        head,
        chosen.map(({ id, topic, keyText, parkedAt, reason }) => [
          ...[String(id), topic, keyText, `${duration(nowMs - Date.parse(parkedAt))} ago`, reason],
        ]),
      ),
    )
  if (chosen.length === chosenMax) out.write(`these are the first ${chosenMax}; run it again for the rest\n`)
  for (const id of missing) out.write(`message ${id} is not parked\n`)
  const verb = isDiscard ? 'discard' : 'requeue'
  out.write(
    isSet(values, 'execute')
      ? `${verb}${isDiscard ? 'ed' : 'd'}: ${done.length}\n`
      : `would ${verb}: ${chosen.length}. Nothing was changed; add --execute to act.\n`,
  )
  return 0
}

type Chosen = ReturnType<typeof summaryOf> & { readonly keyText: string }

/** What the options select, as it is now: a message that is requeued and refused again gets another id and is not met twice. */
async function choose(values: Values, database: Database): Promise<{ chosen: Chosen[]; missing: number[] }> {
  const ids = idsOf(values)
  const topic = textOf(values, 'topic')
  if ([ids.length > 0, topic !== undefined, isSet(values, 'all')].filter(Boolean).length !== 1)
    throw new UsageError('choose messages by --id (or several), by --topic, or --all')
  const chosen: Chosen[] = []
  const add = (message: ParkedMessage): unknown =>
    chosen.push({ ...summaryOf(message), keyText: bytesText(message.key) })
  if (ids.length === 0)
    for await (const message of each(database, topic, 0)) {
      if (chosen.length === chosenMax) break
      add(message)
    }
  for (const id of new Set(ids)) {
    const message = await database.admin.parkedById(id)
    if (message) add(message)
  }
  return { chosen, missing: ids.filter((id) => !chosen.some((message) => message.id === id)) }
}

/** Acts in portions; ends the alerts of the messages, whose cause is gone. Returns the ids that were there. */
async function execute(
  chosen: readonly Chosen[],
  why: string | undefined,
  { store, admin }: Database,
): Promise<readonly number[]> {
  const done: number[] = []
  for (let from = 0; from < chosen.length; from += actRows) {
    const portion = chosen.slice(from, from + actRows)
    const ids = portion.map(({ id }) => id)
    const acted = why === undefined ? await admin.requeue(ids) : await admin.discard(ids, { who: operator(), why })
    if (why === undefined) store.announce?.()
    for (const { id, messageId } of portion) if (acted.includes(id)) await store.resolveAlert(`rejected ${messageId}`)
    done.push(...acted)
  }
  return done
}

async function* each(
  { admin }: Pick<Database, 'admin'>,
  topic: string | undefined,
  from: number,
): AsyncGenerator<ParkedMessage> {
  for (let afterId = from; ; ) {
    const page = await admin.parked({ afterId, limit: pageRows, ...(topic !== undefined && { topic }) })
    yield* page
    if (page.length < pageRows) return
    afterId = page.at(-1)?.id ?? afterId
  }
}

function summaryOf(message: ParkedMessage): {
  id: number
  messageId: string
  topic: string
  lane: number
  key: ReturnType<typeof bytesJson>
  createdAt: string
  parkedAt: string
  attempts: number
  reason: string
} {
  const { id, messageId, topic, lane, attempts, reason } = message
  const times = { createdAt: isoTime(message.createdAtMs), parkedAt: isoTime(message.parkedAtMs) }
  return { id, messageId, topic, lane, key: bytesJson(message.key), ...times, attempts, reason }
}

/** Who acts, for the audit table. */
function operator(): string {
  return `${userInfo().username}@${hostname()}`
}
