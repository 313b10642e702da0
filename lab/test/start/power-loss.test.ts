import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartProcess } from './start-process.js'

const runMs = 90_000

interface Said {
  readonly proof: string
  readonly holds: boolean
  readonly relayFindings: number
  readonly consumerFindings: number
  readonly board: {
    readonly handled: number
    readonly missing: readonly number[]
    readonly doubled: readonly unknown[]
  }
  readonly brokerLost: readonly number[]
  readonly found: { readonly lost: readonly { readonly number: number; readonly receipt?: object }[] }
}

test('what the broker acknowledged and lost with its power is named, message by message, and everything else arrives and is handled once', async (t) => {
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
  // What was handled before the broker lost it stays handled; nothing else may be without an effect.
  const { handled, missing, doubled } = said.board
  assert.ok(
    missing.every((number) => said.brokerLost.includes(number)),
    `${missing}`,
  )
  assert.deepEqual(doubled, [])
  assert.equal(handled, 2_000 - missing.length)
  const figures = `in-topic=${2_000 - lost.length} handled=${handled} lost=${lost.length} broker-lost=${lost.length}`
  const rest = 'duplicates=0 reordered=0 effects-doubled=0 kills=7 seed=3'
  assert.equal(said.proof, `PROOF start committed=2000 ${figures} ${rest}`)
})
