import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

/** The proofs by name. */
export const proofNames = ['exactly-once', 'consume', 'outage', 'snapshot'] as const

/** One of them. */
export type ProofName = (typeof proofNames)[number]

/** What the command line asks for. */
export interface ProveOptions {
  readonly help: boolean
  readonly proof: ProofName
  readonly seed: number
  /** Only cases whose name contains all of these words. */
  readonly words: readonly string[]
  readonly json: boolean
}

/** The help text. */
export const usage: string = `npm run prove -- exactly-once | consume | outage | snapshot [options]

Experiments on three real Kafka nodes and a real PostgreSQL, which are started in a temporary folder on free loopback ports.

  exactly-once   kills, freezes and cuts of everything, at every failpoint; an independent oracle compares what the service
                 committed, what the outbox claims and what lies in the topic. The usual SKIP LOCKED relay runs the same cases
  consume        kills at every failpoint, freezes, rebalances, and faults of brokers, group and topic under the consumer, with and
                 without the inbox; an independent oracle compares the topic with the effects of the handlers. Three consumers
                 that are usually written run the kills, too, and must be seen to lose
  outage         all brokers down for a minute while the service commits; then a message that Kafka refuses, per policy
  snapshot       transactions that stay open for the whole run: the relay's rate with and without them

  --seed <n>            the same orders and the same failpoint hits (default: random, printed)
  --cases <words>       only cases whose name contains all of these words
  -o, --output <form>   text (default) or json: one JSON object at the end
  -h, --help            this text

Exit code: 0 the proof holds, 1 it does not or the run failed, 2 wrong usage.
`

const seedMax = 2 ** 31 - 1

/** Reads the command line. Throws a TypeError that says which argument is wrong and what is expected. */
export function readOptions(args: readonly string[]): ProveOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      cases: { type: 'string', default: '' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [proof, ...more] = positionals
  const known = proofNames.find((name) => name === proof)
  if (!values.help && (known === undefined || more.length > 0))
    throw new TypeError(
      `say which proof: ${proofNames.join(', ')}${proof === undefined ? '' : `, not '${positionals.join(' ')}'`}`,
    )
  if (values.output !== 'text' && values.output !== 'json')
    throw new TypeError(`--output is text or json, not '${values.output}'`)
  return {
    help: values.help,
    proof: known ?? 'exactly-once',
    seed: values.seed === undefined ? randomInt(1, 1_000_000) : whole('--seed', values.seed),
    words: values.cases.split(/\s+/).filter((word) => word !== ''),
    json: values.output === 'json',
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value <= seedMax) return value
  throw new TypeError(`${name} must be a whole number from 0 to ${seedMax}, not '${text}'`)
}
