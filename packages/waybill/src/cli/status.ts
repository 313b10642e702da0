import type { LaneStatus } from '../ports/outbox-admin.js'
import type { Alert, Backlog } from '../ports/outbox-store.js'
import { waybillVersion } from '../system/version.js'
import { alertJson } from './alerts.js'
import type { Command } from './command.js'
import { databaseOptions, outputOption } from './command.js'
import type { Database } from './database.js'
import { withOutbox } from './database.js'
import { duration, json, safe } from './output.js'

const holdsMax = 1_000
const alertsShown = 5

/** The outbox on one screen. */
export const status: Command = {
  summary: 'the outbox on one screen: waiting, held, parked, lanes, alerts, last error',
  usage: ['status --database URL [-o table|json]'],
  options: { ...databaseOptions, ...outputOption },
  run: (call) =>
    withOutbox(call, async (database, { source }) => {
      const view = await look(database)
      call.out.write(call.out.json ? json({ source, ...viewJson(view) }) : screen(source, view))
      return 0
    }),
}

interface View {
  readonly database: string
  readonly version: number
  readonly nowMs: number
  readonly backlog: Backlog
  readonly heldKeys: number
  readonly lanes: readonly LaneStatus[]
  readonly open: readonly Alert[]
  /** The newest alert, open or resolved. */
  readonly last: Alert | undefined
}

async function look({ store, admin, name }: Database): Promise<View> {
  const [last] = await admin.alerts(1)
  return {
    ...{ database: name, last, version: (await admin.plan()).version },
    nowMs: await store.nowMs(),
    backlog: await store.backlog(),
    heldKeys: (await admin.holds(holdsMax)).length,
    lanes: await admin.lanes(),
    open: await store.openAlerts(),
  }
}

interface Owner {
  readonly owner: string
  readonly lanes: number
  readonly leaseLeftMs: number
}

function isOwned({ owner, leaseLeftMs }: LaneStatus): boolean {
  return owner !== null && leaseLeftMs > 0
}

/** Relays that hold lanes, by name. */
function ownersOf(lanes: readonly LaneStatus[]): readonly Owner[] {
  const owners = new Map<string, Owner>()
  for (const lane of lanes.filter(isOwned)) {
    const owner = lane.owner ?? ''
    const before = owners.get(owner)
    const leaseLeftMs = Math.min(before?.leaseLeftMs ?? Infinity, lane.leaseLeftMs)
    owners.set(owner, { owner, lanes: (before?.lanes ?? 0) + 1, leaseLeftMs })
  }
  return [...owners.values()].sort((a, b) => (a.owner < b.owner ? -1 : 1))
}

function sum(lanes: readonly LaneStatus[], of: 'inFlight'): number {
  return lanes.reduce((total, lane) => total + lane[of], 0)
}

function viewJson({ database, version, backlog, heldKeys, lanes, open, last }: View): Record<string, unknown> {
  return {
    database,
    schemaVersion: version,
    waiting: backlog.waiting,
    oldestMs: backlog.oldestMs,
    inFlight: sum(lanes, 'inFlight'),
    held: backlog.held,
    heldKeys,
    parked: backlog.parked,
    lanes: { count: lanes.length, unowned: lanes.filter((lane) => !isOwned(lane)).length, list: lanes },
    relays: ownersOf(lanes),
    openAlerts: open.map(alertJson),
    lastAlert: last ? alertJson(last) : null,
  }
}

function screen(source: string, { database, version, nowMs, backlog, heldKeys, lanes, open, last }: View): string {
  const unowned = lanes.filter((lane) => !isOwned(lane))
  const oldest = backlog.waiting === 0 ? '' : `, the oldest for ${duration(backlog.oldestMs)}`
  const stranded = unowned.reduce((total, lane) => total + lane.waiting, 0)
  const lines: (readonly [string, string])[] = [
    ['outbox', `${source} in ${database} (schema ${version}, waybill ${waybillVersion()})`],
    ['waiting', `${backlog.waiting}${oldest}`],
    ['in flight', String(sum(lanes, 'inFlight'))],
    ['held', `${backlog.held}${backlog.held === 0 ? '' : ` behind ${heldKeys} refused (waybill holds)`}`],
    ['parked', `${backlog.parked}${backlog.parked === 0 ? '' : ' (waybill parked list)'}`],
    ['lanes', `${lanes.length}, ${unowned.length} without a relay${stranded === 0 ? '' : ` with ${stranded} waiting`}`],
    ...ownersOf(lanes).map(
      (relay) => ['', `relay ${relay.owner}: ${relay.lanes}, lease ${duration(relay.leaseLeftMs)}`] as const,
    ),
    ['alerts', `${open.length} open`],
    ...open
      .slice(-alertsShown)
      .map(
        (alert) =>
          ['', `${alert.id} ${alert.kind}, ${duration(nowMs - alert.openedAtMs)} ago: ${alert.detail}`] as const,
      ),
    ['last error', last ? `${duration(nowMs - last.openedAtMs)} ago, ${stateOf(last)}: ${last.detail}` : 'none'],
  ]
  return lines.map(([name, text]) => `${name.padEnd(10)}  ${safe(text)}\n`).join('')
}

function stateOf({ resolvedAtMs }: Alert): string {
  return resolvedAtMs === null ? 'still open' : 'resolved'
}
