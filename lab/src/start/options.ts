import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface StartOptions {
  readonly help: boolean
  readonly seed: number
  readonly count: number
  readonly faults: boolean
  readonly powerLoss: boolean
  readonly fullDisk: boolean
  readonly broker: boolean
  /** Runs the consumer that is usually written beside ours. */
  readonly naive: boolean
  /** Undefined: a temporary folder that is removed at the end. */
  readonly dir: string | undefined
  readonly json: boolean
}

/** The help text. */
export const usage: string = `npm start -- [options]

20 000 real flights go from SQLite transactions into a Kafka topic and from there onto an arrivals board in another SQLite
file, while the relay is killed five times, the board's consumer twice, 20 answers of the broker are dropped and the broker
itself is killed once. An independent checker then proves that nothing was lost, doubled or reordered, and that every
message has exactly one effect.

  --seed <n>      the same faults at the same flights (default: random, printed)
  --count <n>     flights to write, 100 to 200000 (default 20000)
  --naive         beside it runs the consumer that is usually written (auto-commit and a pool of workers), is killed at the
                  same flights, and loses messages: both are in the table
  --no-faults     nothing is broken; the airline writes as fast as it can
  --power-loss    the broker also loses power once and with it what it had acknowledged but not flushed (Kafka's defaults
                  allow that): these messages are found and named
  --full-disk     the broker's disk is also full for about two seconds
  --no-broker     no broker is started: the airline goes on, its messages wait
  --dir <dir>     keeps the data there (default: a temporary folder); a folder of an earlier run is continued
  -o, --output <form>   text (default) or json: one JSON object at the end
  -h, --help      this text

Exit code: 0 the proof holds, 1 it does not or the run failed, 2 wrong usage.
`

const seedMax = 2 ** 32 - 1

/** Reads the command line. Throws a TypeError that says which argument is wrong and what is expected. */
export function readOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      count: { type: 'string', default: '20000' },
      'no-faults': { type: 'boolean', default: false },
      'power-loss': { type: 'boolean', default: false },
      'full-disk': { type: 'boolean', default: false },
      naive: { type: 'boolean', default: false },
      'no-broker': { type: 'boolean', default: false },
      dir: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.output !== 'text' && values.output !== 'json')
    throw new TypeError(`--output is text or json, not '${values.output}'`)
  if (values.dir === '') throw new TypeError('--dir needs the path of a folder')
  const broker = !values['no-broker']
  if (!broker && (values['power-loss'] || values['full-disk']))
    throw new TypeError('--no-broker leaves no broker that --power-loss or --full-disk could strike')
  for (const other of ['no-broker', 'no-faults', 'power-loss'] as const)
    if (values.naive && values[other])
      throw new TypeError(`--naive compares under the usual faults, so without --${other}`)
  return {
    help: values.help,
    seed: values.seed === undefined ? randomInt(1, 1_000_000) : whole('--seed', values.seed, 0, seedMax),
    count: whole('--count', values.count, 100, 200_000),
    faults: broker && !values['no-faults'],
    powerLoss: values['power-loss'],
    fullDisk: values['full-disk'],
    broker,
    naive: values.naive,
    dir: values.dir,
    json: values.output === 'json',
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value
  throw new TypeError(`${name} must be a whole number from ${min} to ${max}, not '${text}'`)
}
