// `npm start`: from a fresh clone to the running demonstration. Arguments are passed through.
import { join } from 'node:path'
import { build } from './build.mjs'
import { install } from './install.mjs'
import { root, run, step } from './steps.mjs'

await step('install', install)
await step('build', build)
const main = join(root, 'lab', 'dist', 'src', 'start', 'main.js')
process.exitCode = await run(process.execPath, [main, ...process.argv.slice(2)], { input: 'inherit' })
