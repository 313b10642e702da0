// A relay, a process of its own; its fate comes with the settings.
import { createWaybill, jsonLog } from 'waybill'
import type { RejectPolicy } from 'waybill'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import { fail, leave, tellParent } from '../start/messages.js'
import { connect } from './booking.js'
import { type Fate, failpointsOf } from '../proofs/workers/fate.js'
import { lanes, relayOptions, source, topic } from './scene.js'

/** The first argument, as JSON. */
export interface RelaySettings {
  readonly database: string
  readonly brokers: readonly string[]
  readonly fate?: Fate
  readonly onReject: RejectPolicy
}

/** Short, so that a stop with open flights reaches its end with them. */
const stopDrainMs = 300

async function run({ database, brokers, fate, onReject }: RelaySettings): Promise<void> {
  const connection = connect(database)
  let acknowledged = 0
  const waybill = createWaybill({
    source,
    brokers,
    lanes,
    store: sqlite(connection),
    transactions: fromSqlite(connection),
    relay: relayOptions,
    topics: { [topic]: { onReject } },
    log: jsonLog('warn'),
    failpoints: failpointsOf(fate),
    onEvent: (event) => {
      if (event.kind === 'acked') acknowledged += event.count
      if (event.kind === 'acked' || event.kind === 'lanes') tellParent({ kind: 'event', event })
    },
  })
  process.once('SIGTERM', () => {
    waybill
      .stop({ drainMs: stopDrainMs })
      .then(() => leave({ kind: 'tally', acknowledged, unanswered: 0 }, 0))
      .catch(fail)
  })
  await waybill.start()
  tellParent({ kind: 'ready' })
}

run(JSON.parse(process.argv[2] ?? '{}') as RelaySettings).catch(fail)
