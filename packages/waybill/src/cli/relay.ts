import { webhookSink } from '../alerts.js'
import { WaybillError } from '../model/errors.js'
import type { AlertSink } from '../ports/alert-sink.js'
import type { Log } from '../ports/log.js'
import { systemClock } from '../system/clock.js'
import { jsonLog } from '../system/log.js'
import { metrics } from '../telemetry.js'
import { createWaybill } from '../waybill.js'
import type { RejectPolicy, RelayOptions, Waybill, WaybillOptions } from '../waybill.js'
import type { Call, Command } from './command.js'
import { databaseOptions, listOf, needed, textOf, UsageError, wholeOf } from './command.js'
import type { Database } from './database.js'
import { openDatabase } from './database.js'
import type { Answer } from './endpoint.js'
import { Endpoint, isLoopback, listenOf } from './endpoint.js'
import { kafkaOf, kafkaOptions } from './kafka-settings.js'
import { RelayWatch } from './readiness.js'
import { stopSignal } from './stop-signal.js'

const levels = ['debug', 'info', 'warn', 'error'] as const
const policies: readonly RejectPolicy[] = ['hold-key', 'park', 'stop']
/** Pipelines read and write at the same time, and one connection listens for announcements. */
const connections = 8
const retryMinMs = 500
const retryMaxMs = 10_000

/** The daemon: relays the outbox of a database until it is told to stop. */
export const relay: Command = {
  summary: 'run a relay: send what waits, deliver alerts, answer /live, /ready and /metrics',
  usage: [
    'relay --database URL --brokers LIST [--listen 127.0.0.1:9464] [--alert-webhook URL] [--on-reject TOPIC=POLICY …]',
  ],
  options: {
    ...databaseOptions,
    ...kafkaOptions,
    listen: {
      type: 'string',
      value: 'ADDRESS',
      help: 'host:port of the HTTP endpoint, or none (default 127.0.0.1:9464)',
    },
    'alert-webhook': { type: 'string', value: 'URL', help: 'alerts as signed POSTs; secret in WAYBILL_ALERT_SECRET' },
    'on-reject': {
      type: 'string',
      multiple: true,
      value: 'TOPIC=POLICY',
      help: `${policies.join(', ')} (default hold-key)`,
    },
    set: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'a relay option, e.g. leaseMs=5000' },
    'drain-ms': { type: 'string', value: 'N', help: 'how long open flights may end after SIGTERM (default 10000)' },
    'log-level': { type: 'string', value: 'LEVEL', help: `${levels.join(', ')} (default info)` },
  },
  async run(call) {
    const settings = settingsOf(call)
    const database = await openDatabase(call, { connections })
    try {
      return await relayUntilStopped(database, settings)
    } finally {
      await database.close()
    }
  },
}

interface Settings extends Pick<WaybillOptions<unknown>, 'brokers' | 'topics' | 'alerts'> {
  readonly relay: Partial<RelayOptions>
  readonly listen: ReturnType<typeof listenOf>
  readonly drainMs: number
  readonly log: Log
}

function settingsOf(call: Call): Settings {
  const { values, words } = call
  if (words.length > 0) throw new UsageError(`relay takes no ${JSON.stringify(words[0])}`)
  const level = textOf(values, 'log-level') ?? 'info'
  const known = levels.find((one) => one === level)
  if (!known) throw new UsageError(`--log-level must be one of ${levels.join(', ')}`)
  return {
    brokers: kafkaOf(call),
    topics: topicsOf(listOf(values, 'on-reject')),
    relay: relayOf(listOf(values, 'set')),
    alerts: sinksOf(call),
    listen: listenOf(textOf(values, 'listen') ?? '127.0.0.1:9464'),
    drainMs: wholeOf(textOf(values, 'drain-ms') ?? '10000', 'drain-ms', 0, 600_000),
    log: jsonLog(known),
  }
}

function pairOf(text: string, name: string): readonly [string, string] {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1)
    throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be name=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function topicsOf(given: readonly string[]): NonNullable<WaybillOptions<unknown>['topics']> {
  const pairs = given.map((text) => {
    const [topic, policy] = pairOf(text, 'on-reject')
    const onReject = policies.find((one) => one === policy)
    if (!onReject) throw new UsageError(`--on-reject ${topic}: the policy must be one of ${policies.join(', ')}`)
    return [topic, { onReject }] as const
  })
  return Object.fromEntries(pairs)
}

/** Names and limits are checked by the relay itself (WB_OPTION_INVALID). */
function relayOf(given: readonly string[]): Partial<RelayOptions> {
  const pairs = given.map((text) => {
    const [name, value] = pairOf(text, 'set')
    const isFlag = value === 'true' || value === 'false'
    return [name, isFlag ? value === 'true' : /^\d+(\.\d+)?$/.test(value) ? Number(value) : value] as const
  })
  return Object.fromEntries(pairs)
}

function sinksOf({ values, env }: Call): readonly AlertSink[] {
  const url = textOf(values, 'alert-webhook') ?? env.WAYBILL_ALERT_WEBHOOK
  if (url === undefined) return []
  const secret = needed(env.WAYBILL_ALERT_SECRET, 'WAYBILL_ALERT_SECRET (environment; whsec_ and base64)')
  return [webhookSink({ url, secret })]
}

async function relayUntilStopped(database: Database, settings: Settings): Promise<number> {
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
  settings: Settings,
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
