// `npm run prove:crash [-- words]`: kills real processes at every failpoint. With words: only cases that have all of them.
import { failpointNames } from 'waybill/testing'
import { crashCases, nameOf } from './cases.js'
import { describe, proveCrashes } from './proof.js'

/** Two cores: more at once would only make leases run out for want of a core. */
const atATime = 2

const words = process.argv.slice(2)
const chosen = crashCases.filter((one) => words.every((word) => nameOf(one).includes(word)))
const startMs = performance.now()
const proof = await proveCrashes(chosen, atATime, (report) => console.log(describe(report)))
const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
console.log(`${chosen.length} of ${crashCases.length} cases, ${failpointNames.length} failpoints, ${seconds} s`)
console.log(proof.line)
process.exitCode = proof.holds ? 0 : 1
