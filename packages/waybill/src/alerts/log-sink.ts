import type { AlertSink } from '../ports/alert-sink.js'
import type { Log } from '../ports/log.js'

/** Alerts as log lines: `error` when one opens, `info` when it is resolved. The sink is named `log`. */
export function logSink(log: Log): AlertSink {
  return {
    name: 'log',
    async deliver({ id, cause, kind, detail, openedAtMs, resolvedAtMs }, state) {
      const facts = { alert: id, kind, cause, detail, openedAt: isoTime(openedAtMs) }
      if (state === 'opened') log.error('alert opened', facts)
      else log.info('alert resolved', { ...facts, resolvedAt: isoTime(resolvedAtMs ?? openedAtMs) })
    },
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
