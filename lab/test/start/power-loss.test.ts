import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartProcess } from './start-process.js'

const runMs = 90_000

interface Said {
  readonly proof: string
  readonly holds: boolean
  readonly relayFindings: number
  readonly brokerLost: readonly number[]
  readonly found: { readonly lost: readonly { readonly number: number; readonly receipt?: object }[] }
}

test('what the broker acknowledged and lost with its power is named, message by message, and everything else arrives', async (t) => {
  const start = StartProcess.start(t, ['--count', '2000', '--seed', '3', '--power-loss', '-o', 'json'])
  assert.equal(await start.ended(runMs), 0, start.output)
  const said = JSON.parse(start.output) as Said
  assert.equal(said.holds, true)
  const { lost } = said.found
  // The topic is flushed every 40 records, so each of its 8 partitions loses 39 at most.
  assert.ok(lost.length > 0 && lost.length <= 8 * 39, `${lost.length} lost`)
  assert.deepEqual(
    lost.map(({ number }) => number),
    [...said.brokerLost].sort((a, b) => a - b),
  )
  assert.ok(lost.every(({ receipt }) => receipt !== undefined))
  assert.ok(said.relayFindings > 0, 'the relay must notice that acknowledged records are gone')
  const figures = `in-topic=${2_000 - lost.length} lost=${lost.length} broker-lost=${lost.length} duplicates=0 reordered=0`
  assert.equal(said.proof, `PROOF start committed=2000 ${figures} kills=5 seed=3`)
})
