import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions, usage } from '../../src/proofs/options.js'

test('a proof, a seed, words and a form are read', () => {
  const options = readOptions(['exactly-once', '--seed', '7', '--cases', 'kill  takeover', '-o', 'json'])
  assert.deepEqual(options, { help: false, proof: 'exactly-once', seed: 7, words: ['kill', 'takeover'], json: true })
})

test('without a seed it is drawn', () => {
  const seeds = new Set([1, 2, 3, 4, 5].map(() => readOptions(['outage']).seed))
  assert.ok(seeds.size > 1)
})

test('bad input names what is wrong', () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[], /say which proof: exactly-once, consume, outage, snapshot/],
    [['eactly'], /not 'eactly'/],
    [['outage', 'snapshot'], /not 'outage snapshot'/],
    [['outage', '--seed', 'x'], /--seed must be a whole number from 0 to 2147483647, not 'x'/],
    [['outage', '-o', 'yaml'], /--output is text or json, not 'yaml'/],
    [['outage', '--fast'], /Unknown option '--fast'/],
  ]
  for (const [args, message] of cases) assert.throws(() => readOptions(args), message)
})

test('help needs no proof', () => {
  assert.equal(readOptions(['--help']).help, true)
  assert.match(usage, /npm run prove --/)
})
