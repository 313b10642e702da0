import { readFileSync } from 'node:fs'
import type { KafkaOptions } from '../kafka/options.js'
import { kafkaSettings } from '../kafka/options.js'
import type { Call, OptionSpec } from './command.js'
import { isSet, listOf, needed, textOf, UsageError } from './command.js'

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** How a command reaches Kafka. */
export const kafkaOptions: Readonly<Record<string, OptionSpec>> = {
  brokers: { type: 'string', short: 'b', multiple: true, value: 'LIST', help: 'host:port,…; or WAYBILL_BROKERS' },
  'client-id': { type: 'string', value: 'NAME', help: "name in the brokers' logs (default waybill)" },
  tls: { type: 'boolean', help: 'TLS, certificates verified' },
  'tls-ca': { type: 'string', value: 'FILE', help: 'certificate authority (PEM); implies --tls' },
  'tls-cert': { type: 'string', value: 'FILE', help: 'client certificate (PEM); implies --tls' },
  'tls-key': { type: 'string', value: 'FILE', help: 'key of the client certificate (PEM)' },
  sasl: { type: 'string', value: 'MECHANISM', help: `${mechanisms.join(', ')}; password in WAYBILL_SASL_PASSWORD` },
  'sasl-user': { type: 'string', value: 'NAME', help: 'SASL user; or WAYBILL_SASL_USER' },
}

/** The connection options of the call, checked. A password comes from the environment only: arguments are in every `ps`. */
export function kafkaOf({ values, env }: Call): KafkaOptions {
  const given = listOf(values, 'brokers', true)
  const brokers = given.length > 0 ? given : needed(env.WAYBILL_BROKERS, '--brokers (or WAYBILL_BROKERS)').split(',')
  const clientId = textOf(values, 'client-id')
  const tls = tlsOf(values)
  const sasl = saslOf({ values, env })
  const options = { brokers, ...(clientId !== undefined && { clientId }), ...(tls && { tls }), ...(sasl && { sasl }) }
  kafkaSettings(options)
  return options
}

function tlsOf(values: Call['values']): KafkaOptions['tls'] {
  const file = (name: string): Buffer | undefined => {
    const path = textOf(values, name)
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      throw new UsageError(`--${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const [ca, cert, key] = [file('tls-ca'), file('tls-cert'), file('tls-key')]
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key belong together')
  if (!isSet(values, 'tls') && !ca && !cert) return undefined
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function saslOf({ values, env }: Pick<Call, 'values' | 'env'>): KafkaOptions['sasl'] {
  const name = textOf(values, 'sasl')?.toUpperCase()
  if (name === undefined) return undefined
  const mechanism = mechanisms.find((known) => known === name)
  if (!mechanism) throw new UsageError(`--sasl must be one of ${mechanisms.join(', ')}`)
  const username = needed(textOf(values, 'sasl-user') ?? env.WAYBILL_SASL_USER, '--sasl-user (or WAYBILL_SASL_USER)')
  return { mechanism, username, password: needed(env.WAYBILL_SASL_PASSWORD, 'WAYBILL_SASL_PASSWORD (environment)') }
}
