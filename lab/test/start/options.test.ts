import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions, usage } from '../../src/start/options.js'

test('without arguments: 20 000 flights, all faults, a random seed', () => {
  const { seed, ...options } = readOptions([])
  const expected = {
    help: false,
    count: 20_000,
    faults: true,
    powerLoss: false,
    fullDisk: false,
    broker: true,
    naive: false,
  }
  assert.deepEqual(options, { ...expected, dir: undefined, json: false })
  assert.ok(Number.isSafeInteger(seed) && seed > 0)
  assert.ok([1, 2, 3, 4].some(() => readOptions([]).seed !== seed))
})

test('every option is read', () => {
  const all = [
    '--seed',
    '7',
    '--count',
    '1500',
    '--no-faults',
    '--power-loss',
    '--full-disk',
    '--dir',
    'here',
    '-o',
    'json',
  ]
  const options = readOptions(all)
  const expected = {
    help: false,
    seed: 7,
    count: 1_500,
    faults: false,
    powerLoss: true,
    fullDisk: true,
    broker: true,
    naive: false,
  }
  assert.deepEqual(options, { ...expected, dir: 'here', json: true })
  assert.equal(readOptions(['--no-broker']).faults, false)
  assert.equal(readOptions(['--naive']).naive, true)
  assert.equal(readOptions(['--help']).help, true)
})

test('what cannot be meant is refused, with the argument in the message', () => {
  const refused: readonly (readonly [args: readonly string[], named: RegExp])[] = [
    [['--sede', '7'], /--sede/],
    [['word'], /word/],
    [['--seed', 'x'], /--seed .*'x'/],
    [['--seed', '-1'], /--seed/],
    [['--seed', '4294967296'], /--seed .*4294967296/],
    [['--count', '99'], /--count .*99/],
    [['--count', '200001'], /--count/],
    [['--count', '1e3'], /--count/],
    [['--dir', ''], /--dir/],
    [['-o', 'xml'], /--output .*xml/],
    [['--no-broker', '--power-loss'], /--no-broker/],
    [['--no-broker', '--full-disk'], /--no-broker/],
    [['--naive', '--no-broker'], /--naive .*--no-broker/],
    [['--naive', '--no-faults'], /--naive .*--no-faults/],
    [['--naive', '--power-loss'], /--naive .*--power-loss/],
  ]
  for (const [args, named] of refused) assert.throws(() => readOptions(args), named, args.join(' '))
})

test('the help names every option', () => {
  for (const name of [
    'seed',
    'count',
    'naive',
    'no-faults',
    'power-loss',
    'full-disk',
    'no-broker',
    'dir',
    'output',
    'help',
  ])
    assert.match(usage, new RegExp(`--${name}\\b`))
})
