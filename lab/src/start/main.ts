// `npm start`: see `usage` in options.ts. Starts everything, shows it, proves it, and leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { displayOn, thousands } from './display.js'
import { type StartOptions, readOptions, usage } from './options.js'
import { type Outcome, faultsOf, jsonText, lossesText, naiveLine, proofLine } from './report.js'
import { runStart } from './run.js'
import { placesIn } from './scene.js'
import { tableText } from './table.js'

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
const lossesShown = 10
const impatientMs = 500

/** A request to stop. */
class Stopped extends Error {
  readonly signalName: keyof typeof signalNumbers

  constructor(signalName: keyof typeof signalNumbers) {
    super(`stopped by ${signalName}`)
    this.signalName = signalName
  }
}

async function main(): Promise<number> {
  const options = wanted()
  if (!options) return 2
  if (options.help) {
    console.log(usage)
    return 0
  }
  const stop = new AbortController()
  let stoppedMs = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Impatient: a second one ends us at once; the exit hooks still end the children and remove the folder. One that
      // comes at the same moment is the same Ctrl-C, handed on by npm or scripts/start.mjs.
      const again = stop.signal.aborted && performance.now() - stoppedMs > impatientMs
      if (again) process.exit(128 + signalNumbers[name])
      if (!stop.signal.aborted) stoppedMs = performance.now()
      stop.abort(new Stopped(name))
    })
  }
  const temporaryFolder = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'waybill-start-')) : undefined
  if (temporaryFolder)
    process.once('exit', () => rmSync(temporaryFolder, { recursive: true, force: true, maxRetries: 5 }))
  const places = placesIn(resolve(temporaryFolder ?? options.dir ?? '.'))
  const display = displayOn(options.json ? process.stderr : process.stdout, options.json)
  try {
    if (!options.json)
      console.log(`seed ${options.seed}, ${thousands(options.count)} flights, files in ${places.folder}`)
    const outcome = await runStart({ options, places, temporaryFolder, display, signal: stop.signal })
    print(outcome)
    return faultsOf(outcome).length === 0 ? 0 : 1
  } catch (error) {
    if (error instanceof Stopped) {
      console.error(`${error.message}: no process is left${temporaryFolder ? ', the files are removed' : ''}`)
      return 128 + signalNumbers[error.signalName]
    }
    console.error(`start failed: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

function wanted(): StartOptions | undefined {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

function print(outcome: Outcome): void {
  if (outcome.options.json) {
    console.log(jsonText(outcome))
    return
  }
  console.log(`\n${tableText(outcome)}\n`)
  console.log(`${outcome.seconds.toFixed(1)} s, ${thousands(outcome.perSecond)} messages a second`)
  if (outcome.options.powerLoss && outcome.found.lost.length > 0)
    console.log(`acknowledged by the broker and lost by it:\n${lossesText(outcome, lossesShown)}`)
  for (const problem of faultsOf(outcome)) console.log(`BROKEN ${problem}`)
  const naive = naiveLine(outcome)
  if (naive !== undefined) console.log(naive)
  console.log(proofLine(outcome))
}

process.exitCode = await main()
// Nothing that is still open (a socket of a client, say) may hold up the end.
process.exit()
