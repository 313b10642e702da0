// `npm start` as a newcomer runs it, with fewer flights.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { StartProcess, dirIn, homeFor } from './start-process.js'

const runMs = 90_000

test('under kills of relay, consumer and broker and 20 dropped answers every flight is in the topic once, in order, with one effect', async (t) => {
  const start = StartProcess.start(t, ['--count', '1500', '--seed', '7'])
  const code = await start.ended(runMs)
  const proof =
    'PROOF start committed=1500 in-topic=1500 handled=1500 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=7 seed=7'
  assert.equal(start.lastLine, proof, start.output)
  assert.equal(code, 0)
  assert.match(start.output, /answers dropped +20 /)
  assert.match(start.output, /broker killed +1 /)
  assert.match(start.output, /consumer killed +2 /)
  assert.equal(start.output.match(/ consumer killed \(kill -9\) while it handled flight \d+/g)?.length, 2)
  assert.match(start.output, /Kafka unreachable for \d+ s, \d+ waiting, 0 lost/)
  assert.equal(start.output.match(/relay killed \(kill -9\) with \d+ open flight/g)?.length, 5)
  await start.nothingRuns()
})

test('--naive: auto-commit and a pool lose messages under the same kills, which is said beside ours', async (t) => {
  const start = StartProcess.start(t, ['--naive', '--count', '1500', '--seed', '7'])
  assert.equal(await start.ended(runMs), 0, start.output)
  const [naive = '', proof = ''] = start.output.trimEnd().split('\n').slice(-2)
  const [, handled, lost] = /^NAIVE start handled=(\d+) lost=(\d+) doubled=\d+ kills=2 seed=7$/.exec(naive) ?? []
  assert.ok(Number(lost) > 0 && Number(handled) + Number(lost) === 1_500, naive)
  const ours = 'in-topic=1500 handled=1500 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=7 seed=7'
  assert.equal(proof, `PROOF start committed=1500 ${ours}`)
  assert.match(start.output, new RegExp(`not handled +0 +${Number(lost)} `))
  await start.nothingRuns()
})

test('--dir keeps the data and a second run goes on where the first one ended', async (t) => {
  const home = homeFor(t)
  const args = ['--no-faults', '--count', '300', '--seed', '1', '--dir', dirIn(home)]
  for (const committed of [300, 600]) {
    const start = StartProcess.start(t, args, home)
    assert.equal(await start.ended(runMs), 0, start.output)
    const proof = `PROOF start committed=${committed} in-topic=${committed} handled=${committed} lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=0 seed=1`
    assert.equal(start.lastLine, proof)
  }
  const kept = readdirSync(dirIn(home))
  for (const name of ['airline.db', 'arrivals.db', 'broker']) assert.ok(kept.includes(name), kept.join())
})

test('-o json prints one object and nothing else on standard output', async (t) => {
  const start = StartProcess.start(t, ['--no-faults', '--count', '200', '--seed', '1', '-o', 'json'])
  assert.equal(await start.ended(runMs), 0, start.output)
  const said = JSON.parse(start.output) as {
    proof: string
    holds: boolean
    found: { inTopic: number; lost: unknown[] }
  }
  assert.equal(
    said.proof,
    'PROOF start committed=200 in-topic=200 handled=200 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=0 seed=1',
  )
  assert.equal(said.holds, true)
  assert.equal(said.found.inTopic, 200)
  assert.deepEqual(said.found.lost, [])
})

// At work, and in the moments when a relay or a consumer is dead and the next one is being started.
for (const [signal, code, moment] of [
  ['SIGINT', 130, /acknowledged [1-9]/],
  ['SIGTERM', 143, /acknowledged [1-9]/],
  ['SIGINT', 130, /relay killed/],
  ['SIGINT', 130, /\* consumer killed/],
  ['SIGTERM', 143, /\* naive consumer killed/],
] as const)
  test(`${signal} after "${moment.source}" leaves no process and no file behind`, async (t) => {
    const start = StartProcess.start(t, ['--seed', '7', '--count', '2000', '--naive'])
    await start.says(moment)
    assert.ok(start.processes().length >= 2, start.processes().join('\n'))
    start.kill(signal)
    assert.equal(await start.ended(10_000), code, start.output)
    await start.nothingRuns()
  })

test('kill -9 of the orchestrator leaves no process and no file behind', async (t) => {
  // Without faults: with them a relay may be dead, and its successor not yet started, just when the list is read.
  const start = StartProcess.start(t, ['--seed', '7', '--no-faults'])
  await start.says(/acknowledged [1-9]/)
  assert.equal(start.processes().length, 4, start.processes().join('\n'))
  start.kill('SIGKILL')
  assert.equal(await start.ended(10_000), 'SIGKILL')
  await start.nothingRuns()
})
