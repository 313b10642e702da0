import fc from 'fast-check'

/** Outcome of many interleavings. */
export interface Outcome {
  readonly runs: number
  readonly failed: boolean
  readonly report: string
}

/**
 * Runs `runs` interleavings of plans from `seed` (at `path`, to replay one failure). `run` returns the broken promises. The
 * report of a failure names seed, path and plan.
 */
export async function explore<Plan>(
  plans: fc.Arbitrary<Plan>,
  run: (plan: Plan, scheduler: fc.Scheduler) => Promise<readonly string[]>,
  { runs, seed, path }: { readonly runs: number; readonly seed: number; readonly path: string | undefined },
): Promise<Outcome> {
  const property = fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
    const broken = await run(plan, scheduler)
    if (broken.length > 0) throw new Error(broken.join('; '))
  })
  const options = { numRuns: runs, seed, endOnFailure: true, ...(path === undefined ? {} : { path }) }
  const details = await fc.check(property, options)
  const report = details.failed
    ? `seed ${seed}, path "${details.counterexamplePath}": ${String(details.errorInstance)}; plan ${JSON.stringify(details.counterexample?.[0])}`
    : ''
  return { runs: details.numRuns, failed: details.failed, report }
}

/** `node main.js RUNS SEED [PATH]`: one line, exit code 0 when all promises held, 1 when one broke. */
export async function exploreFromCommandLine<Plan>(
  plans: fc.Arbitrary<Plan>,
  run: (plan: Plan, scheduler: fc.Scheduler) => Promise<readonly string[]>,
): Promise<void> {
  const runs = Number(process.argv[2] ?? 2000)
  const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
  const outcome = await explore(plans, run, { runs, seed, path: process.argv[4] })
  console.log(
    outcome.failed ? `BROKEN after ${outcome.runs} runs: ${outcome.report}` : `held ${outcome.runs} runs, seed ${seed}`,
  )
  process.exit(outcome.failed ? 1 : 0)
}
