import type { Alert, AlertDelivery } from '../../ports/outbox-store.js'
import type { MemoryState } from './state.js'

const states = ['opened', 'resolved'] as const
const deliveryId = (sink: string, alertId: number, state: AlertDelivery['state']): string =>
  `${alertId} ${state} ${sink}`

/** Opens an alert unless one with this cause is open. */
export function openAlert(state: MemoryState, alert: Pick<Alert, 'cause' | 'kind' | 'detail'>, nowMs: number): void {
  if (openAlerts(state).some((open) => open.cause === alert.cause)) return
  const { cause, kind, detail } = alert
  const id = state.nextAlertId++
  state.alerts.set(id, { id, cause, kind, detail, openedAtMs: nowMs, resolvedAtMs: null })
}

/** Resolves the open alert with this cause, if any. */
export function resolveAlert(state: MemoryState, cause: string, nowMs: number): void {
  for (const alert of openAlerts(state))
    if (alert.cause === cause) state.alerts.set(alert.id, { ...alert, resolvedAtMs: nowMs })
}

/** Open alerts, oldest first. */
export function openAlerts(state: MemoryState): readonly Alert[] {
  return [...state.alerts.values()].filter((alert) => alert.resolvedAtMs === null)
}

/** Reserves deliveries. A resolution is due only after its opening was confirmed: that is what keeps them in order. */
export function dueAlerts(
  state: MemoryState,
  sink: string,
  reserveMs: number,
  limit: number,
  nowMs: number,
): readonly AlertDelivery[] {
  const due: AlertDelivery[] = []
  for (const alert of state.alerts.values()) {
    const next = states.find((name) => !state.deliveries.get(deliveryId(sink, alert.id, name))?.delivered)
    if (due.length >= limit) break
    if (next === undefined || (next === 'resolved' && alert.resolvedAtMs === null)) continue
    const id = deliveryId(sink, alert.id, next)
    const cell = state.deliveries.get(id)
    if (cell && cell.reservedUntilMs > nowMs) continue
    const tries = (cell?.tries ?? 0) + 1
    state.deliveries.set(id, { tries, reservedUntilMs: nowMs + reserveMs, delivered: false })
    due.push({ alert, state: next, tries })
  }
  return due
}

/** Confirms one delivery. */
export function alertDelivered(state: MemoryState, sink: string, alertId: number, name: AlertDelivery['state']): void {
  const id = deliveryId(sink, alertId, name)
  const tries = state.deliveries.get(id)?.tries ?? 1
  if (state.alerts.has(alertId)) state.deliveries.set(id, { tries, reservedUntilMs: 0, delivered: true })
}
