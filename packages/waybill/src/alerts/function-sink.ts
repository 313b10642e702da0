import type { AlertSink } from '../ports/alert-sink.js'

/**
 * A sink of your own code. `name` stands in the store: keep it stable. `deliver` is called until it resolves, at least once
 * for each state of an alert, `opened` before `resolved`; what it throws is a failed try.
 */
export function functionSink(name: string, deliver: AlertSink['deliver']): AlertSink {
  return { name, deliver: async (alert, state, signal) => deliver(alert, state, signal) }
}
