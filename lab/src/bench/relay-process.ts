// waybill's relay and nothing else, as the daemon runs it.
import { Pool } from 'pg'
import { createWaybill, jsonLog } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { serve } from './serve.js'
import { lanes as defaultLanes, source } from './work.js'

/** The first argument, as JSON. */
export interface RelaySettings {
  readonly brokers: readonly string[]
  readonly database: string
  readonly lanes?: number
}

serve<RelaySettings>(async ({ brokers, database, lanes = defaultLanes }) => {
  const pool = new Pool({ connectionString: database, max: 10 })
  const waybill = createWaybill({
    source,
    brokers,
    lanes,
    store: postgres(pool),
    transactions: fromPg(pool),
    log: jsonLog('warn'),
  })
  return {
    go: () => waybill.start(),
    async stop() {
      await waybill.stop()
      await pool.end()
    },
  }
})
