import fc from 'fast-check'
import type { Plan } from './run.js'
import { actionKinds, busySteps, runPlan } from './run.js'

const planArbitrary: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  messages: fc.integer({ min: 2, max: 14 }),
  restore: fc.constantFrom('none', 'none', 'noticed', 'noticed', 'unnoticed', 'unnoticed'),
  backupAt: fc.integer({ min: 220, max: 340 }),
  restoreAt: fc.integer({ min: 340, max: busySteps - 180 }),
  actions: fc.array(
    fc.record({ at: fc.integer({ min: 40, max: busySteps - 10 }), kind: fc.constantFrom(...actionKinds) }),
    {
      maxLength: 6,
    },
  ),
})

/** Outcome of many interleavings. */
export interface Outcome {
  readonly runs: number
  readonly failed: boolean
  readonly report: string
}

/** Runs `runs` interleavings from `seed` (at `path`, to replay one failure); the report of a failure names seed, path and plan. */
export async function explore(runs: number, seed: number, path?: string): Promise<Outcome> {
  const property = fc.asyncProperty(planArbitrary, fc.scheduler(), async (plan, scheduler) => {
    const broken = await runPlan(plan, scheduler)
    if (broken.length > 0) throw new Error(broken.join('; '))
  })
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    endOnFailure: true,
    ...(path === undefined ? {} : { path }),
  })
  const report = details.failed
    ? `seed ${seed}, path "${details.counterexamplePath}": ${String(details.errorInstance)}; plan ${JSON.stringify(details.counterexample?.[0])}`
    : ''
  return { runs: details.numRuns, failed: details.failed, report }
}
