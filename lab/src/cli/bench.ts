// `npm run bench -- relay | latency | enqueue | growth | consume | fetch | memory`.
import { consumeBench } from '../bench/consume/consume-bench.js'
import { enqueueBench } from '../bench/enqueue-bench.js'
import { fetchBench } from '../bench/fetch/fetch-bench.js'
import { growthBench } from '../bench/growth-bench.js'
import { latencyBench } from '../bench/latency-bench.js'
import { memoryBench } from '../bench/memory/memory-bench.js'
import { type BenchName, type BenchOptions, readOptions, usage } from '../bench/options.js'
import { relayBench } from '../bench/relay-bench.js'
import type { Result } from '../bench/report.js'

const benches: Readonly<Record<BenchName, (options: BenchOptions) => Promise<Result>>> = {
  relay: relayBench,
  latency: latencyBench,
  enqueue: enqueueBench,
  growth: growthBench,
  consume: consumeBench,
  fetch: fetchBench,
  memory: memoryBench,
}

async function main(): Promise<number> {
  let options: BenchOptions
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const { title, table, line, holds, details } = await benches[options.bench](options)
  if (options.json) console.log(JSON.stringify({ title, line, holds, details }))
  else console.log(`${title}\n\n${table}\n`)
  console.log(line)
  return holds ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
process.exitCode = await main()
