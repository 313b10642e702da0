// The relay, a process of its own: moves what the airline committed into Kafka. It holds nothing that its death could lose.
import Database from 'libsql'
import { createWaybill, jsonLog } from 'waybill'
import type { RelayOptions, WaybillEvent } from 'waybill'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import { type ChildMessage, fail, leave, tellParent } from './messages.js'
import { source } from './scene.js'

/** The first argument, as JSON. */
export interface RelaySettings {
  readonly database: string
  readonly brokers: readonly string[]
}

/** Shorter times than the defaults, so that five take-overs and an outage fit into half a minute. */
const options: Partial<RelayOptions> = {
  leaseMs: 1_500,
  requestTimeoutMs: 2_000,
  // The embedded broker is one process: when its connection is gone, no request of it is stuck anywhere.
  drainMs: 1_000,
  backoffMaxMs: 500,
}
const tallyMs = 200

let acknowledged = 0
let unanswered = 0

function onEvent(event: WaybillEvent): void {
  if (event.kind === 'acked') acknowledged += event.count
  else if (event.kind === 'unanswered') unanswered++
  else if (event.kind !== 'claimed' && event.kind !== 'backlog') tellParent({ kind: 'event', event })
}

async function run({ database, brokers }: RelaySettings): Promise<void> {
  const connection = new Database(database)
  connection.exec('PRAGMA journal_mode = WAL')
  connection.exec('PRAGMA synchronous = FULL')
  const waybill = createWaybill({
    source,
    brokers,
    store: sqlite(connection),
    transactions: fromSqlite(connection),
    relay: options,
    log: jsonLog('warn'),
    onEvent,
  })
  await waybill.start()
  tellParent({ kind: 'ready' })
  const tally = (): ChildMessage => ({ kind: 'tally', acknowledged, unanswered })
  const timer = setInterval(() => tellParent(tally()), tallyMs)
  process.once('SIGTERM', () => {
    clearInterval(timer)
    waybill.stop().then(() => leave(tally(), 0), fail)
  })
}

run(JSON.parse(process.argv[2] ?? '{}') as RelaySettings).catch(fail)
