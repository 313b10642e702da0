import type { MigrationPlan } from '../ports/outbox-admin.js'
import type { Call, Command } from './command.js'
import { databaseOptions, executeOption, isSet, needed, outputOption, textOf, UsageError, wholeOf } from './command.js'
import type { Database } from './database.js'
import { withDatabase } from './database.js'
import { json } from './output.js'

const lanesMax = 1024

/** Makes or upgrades the tables, or prints the SQL that would. */
export const migrate: Command = {
  summary: 'make or upgrade the tables; --plan prints the SQL',
  usage: [
    'migrate --database URL --source NAME --lanes N --plan',
    'migrate --database URL --source NAME --lanes N --execute',
  ],
  options: {
    ...databaseOptions,
    source: { type: 'string', value: 'NAME', help: 'the sending application; not needed when the tables are there' },
    lanes: { type: 'string', value: 'N', help: `lanes, 1 to ${lanesMax}, fixed by the first migration (default 32)` },
    plan: { type: 'boolean', help: 'print the SQL that is missing, change nothing (default)' },
    execute: executeOption.execute,
    ...outputOption,
  },
  run(call) {
    if (isSet(call.values, 'plan') && isSet(call.values, 'execute'))
      throw new UsageError('--plan and --execute exclude each other')
    const lanes = textOf(call.values, 'lanes')
    const given = lanes === undefined ? undefined : wholeOf(lanes, 'lanes', 1, lanesMax)
    return isSet(call.values, 'execute')
      ? withDatabase(call, (database) => execute(call, database, given), { missingFile: 'create' })
      : withDatabase(call, (database) => plan(call, database), { missingFile: 'imagine' })
  },
}

async function plan({ out }: Call, { admin, name }: Database): Promise<number> {
  const found = await admin.plan()
  out.write(out.json ? json(found) : planText(found, name))
  return 0
}

function planText({ version, target, pending }: MigrationPlan, name: string): string {
  if (pending.length === 0) return `-- ${name}: version ${version}, nothing to do\n`
  const head = `-- ${name}: version ${version}, this waybill needs ${target}. Nothing was changed; --execute applies it.\n`
  const parts = pending.map((one) => {
    const what = one.breaking ? ' (breaking: older waybills refuse to work afterwards)' : ''
    return `\n-- version ${one.version}${what}\n${one.sql.trim()}\n`
  })
  return head + parts.join('')
}

async function execute(
  { values, out }: Call,
  { store, admin, name }: Database,
  lanes: number | undefined,
): Promise<number> {
  const before = await admin.plan()
  const shape = await admin.shape()
  const source = textOf(values, 'source') ?? shape?.source
  const wanted = { source: needed(source, '--source'), lanes: lanes ?? shape?.lanes ?? 32 }
  await store.migrate(wanted)
  await store.open(wanted)
  const { version } = await admin.plan()
  const result = { ...wanted, before: before.version, version }
  const did = before.version === version ? 'nothing to do' : `was version ${before.version}`
  out.write(
    out.json ? json(result) : `${name}: version ${version} (${did}), source ${wanted.source}, ${wanted.lanes} lanes\n`,
  )
  return 0
}
