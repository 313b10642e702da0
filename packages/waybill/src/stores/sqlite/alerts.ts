import type { OutboxStore } from '../../ports/outbox-store.js'
import type { SqliteConnection } from './connection.js'
import { numberOf } from './driver.js'
import { alertOf, plainText } from './rows.js'

type Alerts = Pick<OutboxStore, 'openAlert' | 'resolveAlert' | 'openAlerts' | 'dueAlerts' | 'alertDelivered'>

/** The part of the store that keeps alerts until every sink has confirmed them. */
export function alerts(db: SqliteConnection): Alerts {
  return {
    openAlert: ({ cause, kind, detail }) =>
      db.write('open alert', (nowMs) => {
        db.change('alert-open', plainText(cause), plainText(kind), plainText(detail), nowMs, plainText(cause))
      }),
    resolveAlert: (cause) =>
      db.write('resolve alert', (nowMs) => {
        db.change('alert-resolve', nowMs, plainText(cause))
      }),
    openAlerts: () => db.read('open alerts', () => db.rows('alerts-open').map(alertOf)),
    dueAlerts: (sink, reserveMs, limit) =>
      db.write('due alerts', (nowMs) =>
        db.rows('alerts-due', sink, sink, nowMs, nowMs, limit).map((row) => {
          const alert = alertOf(row)
          const state = row.state === 'opened' ? 'opened' : 'resolved'
          const tries = numberOf(db.row('alert-reserve', alert.id, sink, state, nowMs + reserveMs).tries)
          return { alert, state, tries }
        }),
      ),
    alertDelivered: (sink, alertId, state) =>
      db.write('alert delivered', () => {
        db.change('alert-delivered', sink, state, alertId)
      }),
  }
}
