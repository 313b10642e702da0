import { type Import, importsOf } from './imports.js'
import { at, code, type Rule } from './source-file.js'

const core = ['model', 'ports'] as const
const all = '*'

/**
 * Who may import whom between the folders of packages/waybill/src; a folder may always import itself. `(root)` are the
 * files in src itself: waybill.ts, which joins all parts, and the entry points beside it.
 */
const arrows: Readonly<Record<string, readonly string[] | typeof all>> = {
  model: [],
  ports: ['model'],
  // engines: never each other
  outbox: core,
  produce: core,
  consume: core,
  audit: core,
  doctor: core,
  operate: core,
  // adapters: never an engine, never each other
  stores: [...core, 'generated'],
  kafka: core,
  transactions: core,
  system: core,
  telemetry: core,
  alerts: core,
  generated: [],
  '(root)': [
    'outbox',
    'produce',
    'consume',
    'audit',
    'doctor',
    'operate',
    'stores',
    'kafka',
    'transactions',
    'system',
    'telemetry',
    'alerts',
    ...core,
  ],
  // the two faces; a command opens the store and the cluster that its arguments name
  console: ['(root)', ...core],
  cli: ['(root)', 'console', 'stores', 'kafka', 'doctor', 'operate', 'system', ...core],
  testing: all,
}

// These run in the user's process whatever driver, framework or broker there is: no package, and in the first two nothing at all.
const withoutPackages = new Set(['model', 'ports', 'outbox', 'produce', 'consume', 'audit', 'doctor', 'operate'])
const withoutAnything = new Set(['model', 'ports'])

const home = 'packages/waybill/src/'

/** Imports against the arrows between the folders of packages/waybill/src, and of waybill by the broker. */
export const wrongArrows: Rule = (files) =>
  code(files)
    .flatMap(importsOf)
    .flatMap((found) => {
      const wrong = found.file.path.startsWith(home) ? wrongInWaybill(found) : wrongInBroker(found)
      return wrong === undefined ? [] : [at(found.file, found.offset, wrong)]
    })

function wrongInWaybill({ file, specifier, target }: Import): string | undefined {
  const from = folderOf(file.path)
  const allowed = arrows[from]
  if (allowed === undefined) return `is in the folder '${from}', which has no row in the table of arrows`
  if (target === undefined) {
    if (withoutAnything.has(from)) return `${from} imports nothing, not '${specifier}'`
    if (withoutPackages.has(from) && !specifier.startsWith('node:'))
      return `${from} imports no package, not '${specifier}'`
    return undefined
  }
  if (!target.startsWith(home)) return `imports '${specifier}' from outside packages/waybill/src`
  const to = folderOf(target)
  // The entry point `waybill/testing`; no other root file may pull the suites into an application.
  if (to === 'testing' && file.path === `${home}testing.ts`) return undefined
  if (to === from || allowed === all || allowed.includes(to)) return undefined
  return `${from} must not import ${to}: '${specifier}'`
}

function wrongInBroker({ file, specifier, target }: Import): string | undefined {
  if (!file.path.startsWith('packages/broker/src/')) return undefined
  const isWaybill =
    specifier === 'waybill' || specifier.startsWith('waybill/') || target?.startsWith('packages/waybill/')
  return isWaybill ? `the broker must not import waybill: '${specifier}'` : undefined
}

/** Cycles between the folders of packages/waybill/src: the shortest one through each folder that is in one. */
export const folderCycles: Rule = (files) => {
  const edges = new Map<string, Set<string>>()
  for (const { file, target } of code(files).flatMap(importsOf)) {
    if (!file.path.startsWith(home) || !target?.startsWith(home)) continue
    const [from, to] = [folderOf(file.path), folderOf(target)]
    if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to))
  }
  return [...edges.keys()].flatMap((folder) => {
    const way = wayBack(edges, folder)
    return way === undefined ? [] : [`${home} cycle: ${way.join(' → ')}`]
  })
}

function wayBack(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const seen = new Set<string>()
  const ways = [[start]]
  for (const way of ways) {
    for (const to of edges.get(way.at(-1) ?? start) ?? []) {
      if (to === start) return [...way, to]
      if (seen.has(to)) continue
      seen.add(to)
      ways.push([...way, to])
    }
  }
  return undefined
}

// Entry points that do no more than hand out a folder of their name count as part of that folder.
const entryPoints = new Set(['testing', 'console', 'cli'])

function folderOf(path: string): string {
  const [first = '', rest] = path.slice(home.length).split('/', 2)
  if (rest !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return entryPoints.has(name) ? name : '(root)'
}
