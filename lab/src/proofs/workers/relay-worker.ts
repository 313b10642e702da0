// waybill's relay, a process of its own; its fate comes with the settings.
import pg from 'pg'
import { createWaybill, jsonLog } from 'waybill'
import type { RejectPolicy, RelayOptions } from 'waybill'
import { webhookSink } from 'waybill/alerts'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { fail, leave, tellParent } from '../../start/messages.js'
import { type Fate, failpointsOf } from './fate.js'
import { lanes, source } from './scene.js'

/** The first argument, as JSON. */
export interface RelaySettings {
  readonly database: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly fate?: Fate
  readonly relay: Partial<RelayOptions>
  readonly onReject: RejectPolicy
  /** Where alerts are sent, and the secret that signs them. */
  readonly webhook?: { readonly url: string; readonly secret: string }
}

/** Short, so that a stop with open flights reaches its end with them. */
const stopDrainMs = 300
const told: ReadonlySet<string> = new Set(['acked', 'lanes', 'unanswered', 'resolved', 'finding'])

/** In the log beside waybill's own words, for whoever looks into a failed case. */
const noted: ReadonlySet<string> = new Set(['unanswered', 'refused', 'resolved', 'finding'])

async function run({ database, brokers, topic, fate, relay, onReject, webhook }: RelaySettings): Promise<void> {
  const pool = new pg.Pool({ connectionString: database, max: 10 })
  pool.on('error', () => undefined) // a connection that was cut while idle; the next one is new
  let acknowledged = 0
  const waybill = createWaybill({
    source,
    brokers,
    lanes,
    store: postgres(pool),
    transactions: fromPg<pg.PoolClient>(pool),
    relay,
    topics: { [topic]: { onReject } },
    alerts: webhook ? [webhookSink(webhook)] : [],
    log: jsonLog('info'),
    failpoints: failpointsOf(fate),
    onEvent: (event) => {
      if (event.kind === 'acked') acknowledged += event.count
      if (told.has(event.kind)) tellParent({ kind: 'event', event })
      if (noted.has(event.kind)) console.error(JSON.stringify(event))
    },
  })
  process.once('SIGTERM', () => {
    waybill
      .stop({ drainMs: stopDrainMs })
      .then(() => pool.end())
      .then(() => leave({ kind: 'tally', acknowledged, unanswered: 0 }, 0))
      .catch(fail)
  })
  await waybill.start()
  tellParent({ kind: 'ready' })
}

run(JSON.parse(process.argv[2] ?? '{}') as RelaySettings).catch(fail)
