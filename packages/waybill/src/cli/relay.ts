import { functionSink, logSink, webhookSink } from '../alerts.js'
import type { AlertSink } from '../ports/alert-sink.js'
import { systemClock } from '../system/clock.js'
import { jsonLog } from '../system/log.js'
import type { RejectPolicy, RelayOptions, WaybillOptions } from '../waybill.js'
import { calmLog } from './calm-log.js'
import type { Call, Command } from './command.js'
import { databaseOptions, listOf, needed, textOf, UsageError, wholeOf } from './command.js'
import { openDatabase } from './database.js'
import { listenOf } from './endpoint.js'
import { kafkaOf, kafkaOptions } from './kafka-settings.js'
import type { RelaySettings } from './relay-daemon.js'

const levels = ['debug', 'info', 'warn', 'error'] as const
const policies: readonly RejectPolicy[] = ['hold-key', 'park', 'stop']
/** Pipelines read and write at the same time, and one connection listens for announcements. */
const connections = 8

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
    // Loaded only here: Kafka's client takes half a second, and no other command needs it.
    const { relayUntilStopped } = await import('./relay-daemon.js')
    const database = await openDatabase(call, { connections })
    try {
      return await relayUntilStopped(database, settings)
    } finally {
      await database.close()
    }
  },
}

function settingsOf(call: Call): RelaySettings {
  const { values, words } = call
  if (words.length > 0) throw new UsageError(`relay takes no ${JSON.stringify(words[0])}`)
  const level = textOf(values, 'log-level') ?? 'info'
  const known = levels.find((one) => one === level)
  if (!known) throw new UsageError(`--log-level must be one of ${levels.join(', ')}`)
  return {
    brokers: kafkaOf(call),
    topics: topicsOf(listOf(values, 'on-reject')),
    relay: relayOf(listOf(values, 'set')),
    // Not the calm log: it leaves lines out, and a sink must not.
    alerts: [functionSink('daemon-log', logSink(jsonLog(known)).deliver), ...webhooksOf(call)],
    listen: listenOf(textOf(values, 'listen') ?? '127.0.0.1:9464'),
    drainMs: wholeOf(textOf(values, 'drain-ms') ?? '10000', 'drain-ms', 0, 600_000),
    log: calmLog(jsonLog(known), systemClock),
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

function webhooksOf({ values, env }: Call): readonly AlertSink[] {
  const url = textOf(values, 'alert-webhook') ?? env.WAYBILL_ALERT_WEBHOOK
  if (url === undefined) return []
  const secret = needed(env.WAYBILL_ALERT_SECRET, 'WAYBILL_ALERT_SECRET (environment; whsec_ and base64)')
  return [webhookSink({ url, secret })]
}
