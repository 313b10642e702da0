import { WaybillError } from '../model/errors.js'
import type { Log } from '../ports/log.js'
import { systemClock } from '../system/clock.js'
import { metrics } from '../telemetry.js'
import { createWaybill } from '../waybill.js'
import type { RelayOptions, Waybill, WaybillOptions } from '../waybill.js'
import type { Database } from './database.js'
import type { Answer, Listen } from './endpoint.js'
import { Endpoint, isLoopback } from './endpoint.js'
import { RelayWatch } from './readiness.js'
import { stopSignal } from './stop-signal.js'

const retryMinMs = 500
const retryMaxMs = 10_000

/** What the command line asks for. */
export interface RelaySettings extends Pick<WaybillOptions<unknown>, 'brokers' | 'topics' | 'alerts'> {
  readonly relay: Partial<RelayOptions>
  readonly listen: Listen | undefined
  readonly drainMs: number
  readonly log: Log
}

/** Relays until SIGTERM or SIGINT; resolves with the exit code once everything is given back. */
export async function relayUntilStopped(database: Database, settings: RelaySettings): Promise<number> {
  const { log, listen, drainMs } = settings
  const stop = stopSignal(log)
  const seen = metrics({ store: database.store })
  const watch = new RelayWatch(database, systemClock, log)
  const endpoint = new Endpoint(routes(watch, seen), systemClock)
  let waybill: Waybill<unknown> | undefined
  try {
    if (listen) {
      const port = await endpoint.listen(listen)
      log.info('HTTP endpoint', { host: listen.host, port, paths: '/live /ready /metrics' })
      if (!isLoopback(listen))
        log.warn('anyone who reaches this port can read the metrics', { host: listen.host, port })
    }
    waybill = await started(database, settings, stop.signal, (event) => {
      seen.onEvent(event)
      watch.note(event)
    })
    if (waybill) {
      watch.phase('running')
      log.info('relay runs', { database: database.name })
      await stop.wait()
    }
    watch.phase('stopping')
  } finally {
    await waybill?.stop({ drainMs })
    await endpoint.close()
    stop.dispose()
  }
  log.info('relay stopped')
  return 0
}

function routes(watch: RelayWatch, seen: ReturnType<typeof metrics>): ReadonlyMap<string, () => Promise<Answer>> {
  const type = 'application/json; charset=utf-8'
  return new Map<string, () => Promise<Answer>>([
    ['/live', async () => ({ status: 200, type, body: '{"live":true}\n' })],
    [
      '/ready',
      async () => {
        const readiness = await watch.look()
        return { status: readiness.ready ? 200 : 503, type, body: `${JSON.stringify(readiness)}\n` }
      },
    ],
    ['/metrics', async () => ({ status: 200, type: seen.contentType, body: await seen.text() })],
  ])
}

/**
 * A started instance; waits for a database that does not answer, and tells so. What waiting cannot mend (no tables, a newer
 * schema, an unsafe setting) rejects. `undefined` when it was told to stop meanwhile.
 */
async function started(
  database: Database,
  settings: RelaySettings,
  stopped: AbortSignal,
  onEvent: NonNullable<WaybillOptions<unknown>['onEvent']>,
): Promise<Waybill<unknown> | undefined> {
  const { store, admin, transactions, name } = database
  const { brokers, topics = {}, alerts = [], relay: relaySettings, log } = settings
  for (let pauseMs = retryMinMs; !stopped.aborted; pauseMs = Math.min(retryMaxMs, pauseMs * 2)) {
    try {
      const shape = await admin.shape()
      if (!shape)
        throw new WaybillError(
          'WB_SCHEMA_MISSING',
          `there is no outbox in ${name}; make it with waybill migrate --execute`,
        )
      const options = { ...shape, brokers, store, transactions, topics, alerts, relay: relaySettings, log, onEvent }
      const waybill = createWaybill({ ...options, migrate: false })
      await waybill.start()
      return waybill
    } catch (error) {
      if (!(error instanceof WaybillError) || error.retryable !== 'yes') throw error
      log.warn('waiting for the database', { database: name, cause: error.message, retryMs: pauseMs })
      await systemClock.sleep(pauseMs, stopped)
    }
  }
  return undefined
}
