// `npm test`: everything that must hold. `-- --fast`: no servers, nothing but Node. `-- name…`: only the test files whose path
// contains one of the names, without the format and lint checks (for the one who is at work on them).
import { join, relative } from 'node:path'
import { build } from './build.mjs'
import { install } from './install.mjs'
import { provision } from './provision.mjs'
import { bin, filesBelow, root, run, step } from './steps.mjs'

const args = process.argv.slice(2)
const isFast = args.includes('--fast')
const names = args.filter((argument) => !argument.startsWith('--'))

// The runner's limit for one file (and for each test in it): the slowest lab file starts three brokers several times.
const fileTimeoutMs = isFast ? 60_000 : 600_000
// One file a core: the machine has two, and with more the brokers' start-up would eat the deadlines of the other tests.
const concurrency = 2

// Tests of minutes that need no server skip themselves in the fast run, with the reason in their name.
if (isFast) process.env.WAYBILL_FAST = '1'

const workspaces = ['packages/waybill', 'packages/broker', ...(isFast ? [] : ['lab'])]

/** Node 20's runner takes no globs: the list is made here. */
function testFiles() {
  const all = workspaces.flatMap((workspace) => filesBelow(join(root, workspace, 'dist', 'test')))
  return all
    .filter((path) => path.endsWith('.test.js'))
    .map((path) => relative(root, path))
    .filter((path) => names.length === 0 || names.some((name) => path.includes(name)))
}

function runTests() {
  const files = testFiles()
  if (files.length === 0) {
    console.error('no compiled test matches')
    return 1
  }
  console.log(`${files.length} test files, ${concurrency} at a time, at most ${fileTimeoutMs / 1000} s each`)
  return run(process.execPath, [
    '--test',
    '--test-reporter=spec',
    '--enable-source-maps',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileTimeoutMs}`,
    ...files,
  ])
}

const seconds = {}
const timed = async (name, work) => (seconds[name] = await step(name, work))
await timed('install', install)
if (!isFast) await timed('provision', provision)
await timed('build', build)
if (names.length === 0) {
  await timed('format', () => run(bin('biome'), ['format', '--reporter=summary', '.']))
  await timed('lint', () => run(bin('oxlint'), ['--type-aware']))
}
const shown = Object.entries(seconds).map(([name, value]) => `${name} ${value} s`)
console.log(`before the tests: ${shown.join(', ')}`)
process.exitCode = await runTests() // its summary must be the last thing printed
