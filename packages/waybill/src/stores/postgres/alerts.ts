import type { OutboxStore } from '../../ports/outbox-store.js'
import type { Database } from './database.js'
import { alertOf, numberOf, plainText } from './rows.js'

type Alerts = Pick<OutboxStore, 'openAlert' | 'resolveAlert' | 'openAlerts' | 'dueAlerts' | 'alertDelivered'>

/** The part of the store that keeps alerts until every sink has confirmed them. */
export function alerts(db: Database): Alerts {
  return {
    async openAlert({ cause, kind, detail }) {
      await db.rows('alert-open', plainText(cause), plainText(kind), plainText(detail))
    },
    async resolveAlert(cause) {
      await db.rows('alert-resolve', plainText(cause))
    },
    openAlerts: async () => (await db.rows('alerts-open')).map(alertOf),
    dueAlerts: (sink, reserveMs, limit) =>
      db.transaction('due alerts', async (tx) => {
        await tx.rows('alerts-lock', db.lockClass('alerts'))
        const rows = await tx.rows('alerts-due', sink, reserveMs, limit)
        return rows.map((row) => ({
          alert: alertOf(row),
          state: row[6] === 'opened' ? 'opened' : 'resolved',
          tries: numberOf(row[7]),
        }))
      }),
    async alertDelivered(sink, alertId, state) {
      await db.rows('alert-delivered', sink, alertId, state)
    },
  }
}
