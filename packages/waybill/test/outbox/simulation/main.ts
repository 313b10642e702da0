import { explore } from './property.js'

// node main.js RUNS SEED [PATH], SIM_TRACE=1 tells the story: one line, exit code 0 when all promises held, 1 when one broke.
const runs = Number(process.argv[2] ?? 2000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
const outcome = await explore(runs, seed, process.argv[4])
console.log(
  outcome.failed ? `BROKEN after ${outcome.runs} runs: ${outcome.report}` : `held ${outcome.runs} runs, seed ${seed}`,
)
process.exit(outcome.failed ? 1 : 0)
