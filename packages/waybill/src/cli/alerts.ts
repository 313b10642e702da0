import type { Alert } from '../ports/outbox-store.js'
import type { Call, Command } from './command.js'
import { databaseOptions, executeOption, idsOf, isSet, outputOption, textOf, UsageError, wholeOf } from './command.js'
import type { Database } from './database.js'
import { withOutbox } from './database.js'
import { duration, isoTime, json, table } from './output.js'

/** Lists alerts, or resolves them by hand. */
export const alerts: Command = {
  summary: 'alerts, newest first; resolve those that end by hand',
  usage: [
    'alerts [list] --database URL [--limit 50] [-o table|json]',
    'alerts resolve --database URL (--id N … | --all) [--execute]',
  ],
  options: {
    ...databaseOptions,
    limit: { type: 'string', value: 'N', help: 'list: most rows, 1 to 1000 (default 50)' },
    id: { type: 'string', multiple: true, value: 'N', help: 'resolve: this alert; may be repeated' },
    all: { type: 'boolean', help: 'resolve: every open alert' },
    ...executeOption,
    ...outputOption,
  },
  run(call) {
    const [what = 'list', ...more] = call.words
    if (more.length > 0 || (what !== 'list' && what !== 'resolve'))
      throw new UsageError(`alerts takes list or resolve, not ${JSON.stringify(call.words.join(' '))}`)
    return withOutbox(call, (database) => (what === 'list' ? list(call, database) : resolve(call, database)))
  },
}

async function list({ values, out }: Call, { store, admin }: Database): Promise<number> {
  const found = await admin.alerts(wholeOf(textOf(values, 'limit') ?? '50', 'limit', 1, 1_000))
  if (out.json) out.write(json(found.map(alertJson)))
  else out.write(found.length === 0 ? 'no alert was ever opened\n' : alertTable(found, await store.nowMs()))
  return 0
}

async function resolve({ values, out }: Call, { store, admin }: Database): Promise<number> {
  const ids = idsOf(values)
  if (isSet(values, 'all') === ids.length > 0) throw new UsageError('alerts resolve takes --id (or several) or --all')
  const open = await store.openAlerts()
  const chosen = open.filter((alert) => ids.length === 0 || ids.includes(alert.id))
  const resolved = isSet(values, 'execute') ? await admin.resolve(chosen.map(({ id }) => id)) : []
  const notOpen = ids.filter((id) => !chosen.some((alert) => alert.id === id))
  if (out.json) out.write(json({ chosen: chosen.map(alertJson), resolved, notOpen }))
  else {
    if (chosen.length > 0) out.write(alertTable(chosen, await store.nowMs()))
    for (const id of notOpen) out.write(`alert ${id} is not open\n`)
    out.write(
      isSet(values, 'execute')
        ? `resolved: ${resolved.length}\n`
        : `would resolve: ${chosen.length}. Nothing was changed; add --execute to act.\n`,
    )
  }
  return 0
}

/** An alert for programs. */
export function alertJson({ openedAtMs, resolvedAtMs, ...rest }: Alert): unknown {
  return { ...rest, openedAt: isoTime(openedAtMs), resolvedAt: resolvedAtMs === null ? null : isoTime(resolvedAtMs) }
}

function alertTable(found: readonly Alert[], nowMs: number): string {
  return table(
    ['ID', 'STATE', 'KIND', 'OPENED', 'DETAIL'],
    found.map(({ id, kind, detail, openedAtMs, resolvedAtMs }) => [
      ...[String(id), resolvedAtMs === null ? 'open' : 'resolved', kind],
      ...[`${duration(nowMs - openedAtMs)} ago`, detail],
    ]),
  )
}
