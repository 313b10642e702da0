import { parseArgs } from 'node:util'
import { type ArmName, armNames } from './arm.js'
import { allKeys, usualKeys, type WorkName, workNames } from './consume/workload.js'
import { type ClientName, clientNames } from './handwritten-client.js'

/** The benches. */
export const benchNames = ['relay', 'latency', 'enqueue', 'growth', 'consume', 'fetch', 'memory'] as const
export type BenchName = (typeof benchNames)[number]

/** What the command line asks for. */
export interface BenchOptions {
  readonly help: boolean
  readonly bench: BenchName
  readonly rounds: number
  /** Rows of relay; the largest backlog of growth; records without work of consume. */
  readonly count: number
  /** Length of one run of latency and enqueue. */
  readonly seconds: number
  /** Only these arms; undefined: all. */
  readonly arms: readonly string[] | undefined
  /** Client of the hand-written relay; undefined: the fastest that is there. */
  readonly client: ClientName | undefined
  /** A folder for CPU profiles of the Node arms. */
  readonly profiles: string | undefined
  readonly json: boolean
  /** Workloads of consume. */
  readonly work: readonly WorkName[]
  /** Keys of W1, one run each. */
  readonly keys: readonly number[]
  /** All key counts of W1 and all works of W3. */
  readonly full: boolean
}

const usualSeconds: Readonly<Partial<Record<BenchName, string>>> = { latency: '30', memory: '60' }

/** The help text. */
export const usage: string = `npm run bench -- relay | latency | enqueue | growth | consume | fetch | memory [options]

Each bench starts three Kafka nodes and a PostgreSQL, runs waybill, the limit and the peers in one run, arm after arm in every
round, and prints medians. docs/benchmarks.md tells the rules.

  relay     committed rows into the topic: waybill, the wire adapter alone, a hand-written relay, Debezium
  latency   1000 transactions a second: from commit to visible for a consumer
  enqueue   business transactions a second without an outbox, with a hand-written insert, with waybill
  growth    the relay's rate with 10 000 to 1 000 000 waiting rows and 1 to 64 partitions
  consume   a topic until all of it is committed: waybill, Confluent's Parallel Consumer, plain Java, kafkajs, the compiled client
  fetch     records read and thrown away: waybill's adapter (with CRC), Java's client, kafkajs, @platformatic, the compiled client
  memory    waybill in front of a million records with 16 workers of 50 ms: resident memory

  --rounds <n>      rounds (default 5; growth, latency, consume and fetch 3; memory has one)
  --count <n>       rows of relay (default 200000), the largest backlog of growth, records of consume (without work), fetch and memory (1000000)
  --work <a,b>      workloads of consume: ${workNames.join(', ')} (default: all)
  --keys <a,b>      keys of W1 (default ${usualKeys.join(',')})
  --full            all keys of W1 (${allKeys.join(', ')}) and all works of W3
  --seconds <n>     length of one run of latency (default 30), enqueue (5) and memory (60)
  --arms <a,b>      only these arms, e.g. waybill,limit: no comparison then
  --client <name>   client of the hand-written relay: ${clientNames.join(', ')} (default: confluent where it compiles)
  --profiles <dir>  CPU profiles of the Node arms into this folder
  -o, --output <form>   text (default) or json: one JSON object at the end
  -h, --help        this text

Exit code: 0 the goals hold (or --arms left out what they compare), 1 they do not or the run failed, 2 wrong usage.
`

/** Reads the command line. Throws a TypeError that says which argument is wrong and what is expected. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      count: { type: 'string' },
      seconds: { type: 'string' },
      arms: { type: 'string' },
      client: { type: 'string' },
      profiles: { type: 'string' },
      work: { type: 'string' },
      keys: { type: 'string' },
      full: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [name = values.help ? 'relay' : '', ...more] = positionals
  const bench = benchNames.find((known) => known === name)
  if (!bench || more.length > 0)
    throw new TypeError(`which bench? One of ${benchNames.join(', ')}, not '${positionals.join(' ')}'`)
  if (values.output !== 'text' && values.output !== 'json')
    throw new TypeError(`--output is text or json, not '${values.output}'`)
  const isShort = bench !== 'relay' && bench !== 'enqueue'
  const isMillion = isShort && bench !== 'latency'
  return {
    help: values.help,
    bench,
    rounds: whole('--rounds', values.rounds ?? (isShort ? '3' : '5'), 1, 100),
    count: whole('--count', values.count ?? (isMillion ? '1000000' : '200000'), 1000, 5_000_000),
    seconds: whole('--seconds', values.seconds ?? usualSeconds[bench] ?? '5', 1, 600),
    arms: values.arms?.split(','),
    client: values.client === undefined ? undefined : oneOf('--client', values.client, clientNames),
    profiles: values.profiles,
    json: values.output === 'json',
    work: chosen('--work', values.work?.split(','), workNames),
    keys: keysOf(values.keys, values.full),
    full: values.full,
  }
}

/** The arms asked for, in the order of `known`; all unless some were named. Throws a TypeError for an unknown name. */
export function chosenArms<Name extends string>(wanted: readonly string[] | undefined, known: readonly Name[]): Name[] {
  return chosen('--arms', wanted, known)
}

function chosen<Name extends string>(
  option: string,
  wanted: readonly string[] | undefined,
  known: readonly Name[],
): Name[] {
  if (!wanted) return [...known]
  const names = new Set(wanted.map((name) => oneOf(option, name, known)))
  return known.filter((name) => names.has(name))
}

function keysOf(text: string | undefined, full: boolean): readonly number[] {
  if (text !== undefined) return text.split(',').map((part) => whole('--keys', part, 1, 65_536))
  return full ? allKeys : usualKeys
}

/** The arms of the relay bench that the options ask for. */
export function relayArms({ arms }: BenchOptions): ArmName[] {
  return chosenArms(arms, armNames)
}

function oneOf<Name extends string>(option: string, name: string, known: readonly Name[]): Name {
  const found = known.find((candidate) => candidate === name)
  if (found === undefined) throw new TypeError(`${option} knows ${known.join(', ')}, not '${name}'`)
  return found
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value
  throw new TypeError(`${name} must be a whole number from ${min} to ${max}, not '${text}'`)
}
