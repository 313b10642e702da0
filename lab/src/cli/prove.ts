// `npm run prove -- exactly-once | consume | outage | snapshot`: experiments on real servers.
import {
  consumeCases,
  describe as describeConsume,
  proveConsume,
  tableText as consumeTable,
} from '../proofs/consume/consume.js'
import { describe, exactlyOnceCases, proveExactlyOnce, tableText, usualText } from '../proofs/exactly-once.js'
import { proveOutage } from '../proofs/outage/outage.js'
import { type ProveOptions, readOptions, usage } from '../proofs/options.js'
import { proveSnapshot } from '../proofs/snapshot/snapshot.js'

async function main(): Promise<number> {
  let options: ProveOptions
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  switch (options.proof) {
    case 'exactly-once':
      return exactlyOnce(options)
    case 'consume':
      return consume(options)
    case 'outage':
      return shown(options, (say) => proveOutage({ ...options, downMs: 60_000 }, say))
    case 'snapshot':
      return shown(options, (say) => proveSnapshot({ ...options, rounds: 3, rows: 80_000 }, say))
  }
}

async function exactlyOnce({ seed, words, json }: ProveOptions): Promise<number> {
  const chosen = exactlyOnceCases.filter(({ name }) => words.every((word) => name.includes(word)))
  const say = json ? console.error : console.log
  say(`seed ${seed}, ${chosen.length} of ${exactlyOnceCases.length} cases`)
  const startMs = performance.now()
  const proof = await proveExactlyOnce(chosen, seed, (report) => say(describe(report)))
  const seconds = (performance.now() - startMs) / 1000
  if (json) console.log(JSON.stringify({ seed, seconds, ...proof }))
  else
    console.log(`\n${tableText(proof.reports)}\n\n${usualText(proof.reports)}\nseed ${seed}, ${seconds.toFixed(0)} s`)
  say(proof.line)
  return proof.holds ? 0 : 1
}

async function consume({ seed, words, json }: ProveOptions): Promise<number> {
  const chosen = consumeCases.filter(({ name }) => words.every((word) => name.includes(word)))
  const say = json ? console.error : console.log
  say(`seed ${seed}, ${chosen.length} of ${consumeCases.length} cases`)
  const startMs = performance.now()
  const proof = await proveConsume(chosen, seed, (report) => say(describeConsume(report)))
  const seconds = (performance.now() - startMs) / 1000
  if (json) console.log(JSON.stringify({ seed, seconds, ...proof }))
  else console.log(`\n${consumeTable(proof.reports)}\n\nseed ${seed}, ${seconds.toFixed(0)} s`)
  say(proof.line)
  return proof.holds ? 0 : 1
}

async function shown<Proof extends { readonly holds: boolean; readonly line: string }>(
  { seed, json }: ProveOptions,
  prove: (say: (line: string) => void) => Promise<Proof>,
): Promise<number> {
  const say = json ? console.error : console.log
  say(`seed ${seed}`)
  const startMs = performance.now()
  const proof = await prove(say)
  const seconds = (performance.now() - startMs) / 1000
  if (json) console.log(JSON.stringify({ seed, seconds, ...proof }))
  say(`seed ${seed}, ${seconds.toFixed(0)} s`)
  say(proof.line)
  return proof.holds ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
