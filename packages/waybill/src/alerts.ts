import { logSink as logSinkOn } from './alerts/log-sink.js'
import { webhookSink as webhookSinkAt } from './alerts/webhook-sink.js'
import type { WebhookOptions as WebhookSettings } from './alerts/webhook-sink.js'
import type { AlertSink } from './ports/alert-sink.js'
import type { Clock } from './ports/clock.js'
import type { Log } from './ports/log.js'
import { systemClock } from './system/clock.js'
import { jsonLog } from './system/log.js'

export { functionSink } from './alerts/function-sink.js'
export type { AlertSink } from './ports/alert-sink.js'

/** Options of `webhookSink`; `clock`: the machine's by default. */
export type WebhookOptions = Omit<WebhookSettings, 'clock'> & { readonly clock?: Clock }

/** Alerts as signed JSON POSTs (Standard Webhooks). Throws WB_OPTION_INVALID. */
export function webhookSink(options: WebhookOptions): AlertSink {
  return webhookSinkAt({ clock: systemClock, ...options })
}

/** Alerts as log lines; by default one JSON object a line on standard error. */
export function logSink(log: Log = jsonLog()): AlertSink {
  return logSinkOn(log)
}
