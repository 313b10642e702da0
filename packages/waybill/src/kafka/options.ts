import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SASLOptions } from '@platformatic/kafka'
import { WaybillError } from '../model/errors.js'

/** How to reach a Kafka cluster. */
export interface KafkaOptions {
  /** `host:port` of brokers to start from; also the list to fall back to when every known broker is gone. */
  readonly brokers: readonly string[]
  /** Name shown in the broker's logs and quotas. Default `waybill`. */
  readonly clientId?: string
  /** Node's TLS options; given (even empty): TLS with verification. The server name is the broker's host name. */
  readonly tls?: TlsOptions
  /** PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; user, password and token may be functions, asked per connection. */
  readonly sasl?: SASLOptions
  /** Longest wait for a TCP connection including TLS and SASL, ms. Default 5000. */
  readonly connectTimeoutMs?: number
  /** Longest wait for one answer to anything but Produce, ms. Default 10000. */
  readonly requestTimeoutMs?: number
  /** Longest time one call of the port may take with all its retries, ms. Default 30000. */
  readonly callTimeoutMs?: number
  /** How much longer than the broker we wait for a Produce answer before it counts as unknown, ms. Default 3000. */
  readonly produceGraceMs?: number
  /** Age at which a topic's partitions and leaders are asked again, ms. Default 5000. */
  readonly metadataMaxAgeMs?: number
  /** Age at which a topic's settings are asked again, ms. Default 60000. */
  readonly configMaxAgeMs?: number
}

/** A broker's address. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** The options with their defaults, checked. */
export interface KafkaSettings {
  readonly seeds: readonly Address[]
  readonly clientId: string
  readonly tls: TlsOptions | undefined
  readonly sasl: SASLOptions | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly callTimeoutMs: number
  readonly produceGraceMs: number
  readonly metadataMaxAgeMs: number
  readonly configMaxAgeMs: number
}

const timeDefaults = {
  connectTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  callTimeoutMs: 30_000,
  produceGraceMs: 3000,
  metadataMaxAgeMs: 5000,
  configMaxAgeMs: 60_000,
} as const

const known = new Set(['brokers', 'clientId', 'tls', 'sasl', ...Object.keys(timeDefaults)])

/** Checks the options and fills in defaults. Throws WB_OPTION_INVALID naming the option and the fix. */
export function kafkaSettings(options: KafkaOptions): KafkaSettings {
  for (const name of Object.keys(options)) if (!known.has(name)) throw invalid(name, `is not an option of kafka()`)
  if (!Array.isArray(options.brokers) || options.brokers.length === 0)
    throw invalid('brokers', 'must be a list such as ["localhost:9092"]')
  return {
    seeds: options.brokers.map(parseAddress),
    clientId: options.clientId ?? 'waybill',
    tls: options.tls,
    sasl: options.sasl,
    connectTimeoutMs: time(options, 'connectTimeoutMs'),
    requestTimeoutMs: time(options, 'requestTimeoutMs'),
    callTimeoutMs: time(options, 'callTimeoutMs'),
    produceGraceMs: time(options, 'produceGraceMs'),
    metadataMaxAgeMs: time(options, 'metadataMaxAgeMs'),
    configMaxAgeMs: time(options, 'configMaxAgeMs'),
  }
}

function time(options: KafkaOptions, name: keyof typeof timeDefaults): number {
  const value = options[name] ?? timeDefaults[name]
  if (!Number.isFinite(value) || value < 1 || value > 3_600_000)
    throw invalid(name, `must be between 1 and 3600000 ms, not ${value}`)
  return value
}

/** `host:port`, `[ipv6]:port`; 9092 where no port is given. */
function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? 9092)
  if (host === undefined || port < 1 || port > 65535)
    throw invalid('brokers', `has ${JSON.stringify(text)}, which is not host:port`)
  return { host, port }
}

function invalid(option: string, problem: string): WaybillError {
  return new WaybillError('WB_OPTION_INVALID', `${option} ${problem}`, { facts: { option } })
}

/** `host:port`, for messages and keys. */
export function addressText(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
