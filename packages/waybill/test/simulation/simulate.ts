import { execFile } from 'node:child_process'

/** What the simulation said. */
export interface Judgement {
  /** True when a promise was broken. */
  readonly caught: boolean
  readonly report: string
}

const limitMs = 400_000

/**
 * Runs a simulation's main.js in a process of its own. Inside node:test its promises would all pass through the runner's
 * async hooks: 500 runs took more than 5 minutes there instead of 8 seconds (Node 20).
 */
export function simulate(main: string, runs: number, seed: number): Promise<Judgement> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, String(runs), String(seed)], { timeout: limitMs }, (error, stdout, stderr) => {
      const report = stdout.trim()
      // Only the simulation's own verdict counts: a mutant that cannot even run proves nothing.
      if (report.startsWith('BROKEN')) resolve({ caught: true, report })
      else if (!error && report.startsWith('held')) resolve({ caught: false, report })
      else reject(new Error(`the simulation did not run: ${error?.message ?? ''} ${report} ${stderr.slice(0, 2000)}`))
    })
  })
}
