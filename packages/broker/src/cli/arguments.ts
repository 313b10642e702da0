import { parseArgs } from 'node:util'
import type { BrokerOptions, TopicOptions } from '../options.js'

/** The help text of the command. */
export const USAGE: string = `waybill-broker: a Kafka-protocol broker for development and tests

  --port <n>              port to listen on (default 9092; 0 = a free one)
  --data <dir>            where it keeps its files (default: a temporary directory, removed at the end)
  --topic <spec>          name:partitions[:config=value,...]; may be given several times
  --config <name=value>   a broker config as in server.properties; may be given several times
  --flush-messages <n>    the same as --config log.flush.interval.messages=<n>
  --faults-port <n>       opens the HTTP control of the fault switches (0 = a free port)
  -o, --output <form>     text (default) or json: how the line is written that says it listens
  -v, --verbose           says on standard error what it refuses and why
  -h, --help              this text

SIGTERM and SIGINT stop it in order. It has no authentication: keep it on 127.0.0.1.
`

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean
  readonly json: boolean
  readonly verbose: boolean
  readonly options: BrokerOptions
}

/** Reads the command line. Throws a TypeError that says which argument is wrong and what is expected. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '9092' },
      data: { type: 'string' },
      topic: { type: 'string', multiple: true, default: [] },
      config: { type: 'string', multiple: true, default: [] },
      'flush-messages': { type: 'string' },
      'faults-port': { type: 'string' },
      output: { type: 'string', short: 'o', default: 'text' },
      verbose: { type: 'boolean', short: 'v', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.output !== 'text' && values.output !== 'json')
    throw new TypeError(`--output is text or json, not '${values.output}'`)
  const flush = values['flush-messages']
  const faults = values['faults-port']
  const configs = Object.fromEntries(values.config.map(configOf))
  if (flush !== undefined) configs['log.flush.interval.messages'] = String(whole('--flush-messages', flush))
  const options: BrokerOptions = {
    port: whole('--port', values.port),
    topics: values.topic.map(topicOf),
    configs,
    ...(values.data === undefined ? {} : { dataDir: values.data }),
    ...(faults === undefined ? {} : { faultsPort: whole('--faults-port', faults) }),
  }
  return { help: values.help, json: values.output === 'json', verbose: values.verbose, options }
}

function whole(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new TypeError(`${name} must be a whole number, not '${text}'`)
}

function configOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new TypeError(`'${text}' is not of the form name=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function topicOf(spec: string): TopicOptions {
  const [name = '', partitions = '1', ...rest] = spec.split(':')
  if (name === '' || rest.length > 1)
    throw new TypeError(`--topic ${spec}: name:partitions[:config=value,...] is expected`)
  const configs: [string, string][] = []
  for (const part of (rest[0] ?? '').split(',').filter((p) => p !== '')) {
    const last = configs.at(-1)
    // A value may hold commas itself (cleanup.policy=compact,delete): what has no '=' belongs to the value before.
    if (!part.includes('=') && last) last[1] += `,${part}`
    else configs.push(configOf(part))
  }
  return { name, partitions: whole(`--topic ${spec}: partitions`, partitions), configs: Object.fromEntries(configs) }
}
