import { noLongerNeeded } from '../model/abort-reason.js'
import { causeText } from '../model/errors.js'
import type { AlertSink } from '../ports/alert-sink.js'
import type { Alert } from '../ports/outbox-store.js'
import type { RelayContext } from './relay-context.js'

const deliverMs = 10_000
const reserveMs = 30_000
const perRound = 20

/**
 * Delivers alert rows to the sinks, each with its own tries. A sink that fails gets the alert again when its reservation
 * has run out; a relay that dies leaves it to the others. At least once, never lost.
 */
export class AlertCourier {
  readonly #context: RelayContext
  readonly #sinks: readonly AlertSink[]

  constructor(context: RelayContext, sinks: readonly AlertSink[]) {
    this.#context = context
    this.#sinks = sinks
  }

  /** One round over all sinks; never rejects for a sink's fault. */
  async round(signal: AbortSignal): Promise<void> {
    for (const sink of this.#sinks) {
      const due = await this.#context.store.dueAlerts(sink.name, reserveMs, perRound)
      for (const { alert, state } of due) if (!signal.aborted) await this.#deliver(sink, alert, state, signal)
    }
  }

  async #deliver(sink: AlertSink, alert: Alert, state: 'opened' | 'resolved', signal: AbortSignal): Promise<void> {
    const limit = new AbortController()
    const stop = (): void => limit.abort(noLongerNeeded)
    signal.addEventListener('abort', stop, { once: true })
    try {
      const late = this.#context.clock.sleep(deliverMs, limit.signal).then(() => {
        throw new Error(`no answer within ${deliverMs} ms`)
      })
      const delivery = Promise.resolve(sink.deliver(alert, state, limit.signal))
      await Promise.race([delivery, late])
      await this.#context.store.alertDelivered(sink.name, alert.id, state)
    } catch (error) {
      this.#context.log.warn('an alert was not delivered, it is due again later', {
        sink: sink.name,
        cause: alert.cause,
        error: causeText(error),
      })
    } finally {
      limit.abort(noLongerNeeded)
      signal.removeEventListener('abort', stop)
    }
  }
}
