import assert from 'node:assert/strict'
import test from 'node:test'
import { chosenArms, readOptions, relayArms } from '../../src/bench/options.js'
import { resultLine, tableText, thousands } from '../../src/bench/report.js'

test('a bench alone runs with the rounds and sizes that the documentation tells', () => {
  const relay = readOptions(['relay'])
  assert.deepEqual([relay.rounds, relay.count, relay.json], [5, 200_000, false])
  assert.deepEqual(relayArms(relay), ['limit', 'waybill', 'handwritten', 'debezium'])
  assert.equal(readOptions(['growth']).count, 1_000_000)
  assert.equal(readOptions(['latency']).seconds, 30)
  assert.equal(readOptions(['enqueue']).seconds, 5)
})

test('arms run in their order, whatever the order in which they were named', () => {
  const options = readOptions(['relay', '--arms', 'waybill,limit', '--rounds', '1', '--count', '50000', '-o', 'json'])
  assert.deepEqual(relayArms(options), ['limit', 'waybill'])
  assert.deepEqual([options.rounds, options.count, options.json], [1, 50_000, true])
})

test('what cannot be meant is refused with what is known', () => {
  assert.throws(() => readOptions([]), /which bench\? One of relay, latency, enqueue, growth, consume, fetch, memory/)
  assert.throws(() => readOptions(['relay', 'latency']), /which bench/)
  assert.throws(() => readOptions(['relay', '--rounds', '0']), /--rounds must be a whole number from 1/)
  assert.throws(() => readOptions(['relay', '--client', 'other']), /--client knows confluent/)
  assert.throws(() => readOptions(['relay', '-o', 'xml']), /--output is text or json/)
  assert.throws(() => chosenArms(['waybil'], ['waybill']), /--arms knows waybill, not 'waybil'/)
})

test('the table aligns, the last line is for machines', () => {
  const rows = [
    { arm: 'waybill', rate: thousands(80_123.4) },
    { arm: 'limit', rate: thousands(1_234_567) },
  ]
  assert.equal(tableText(rows), 'arm           rate\nwaybill     80 123\nlimit    1 234 567')
  assert.equal(
    resultLine('relay', { waybill: 80_123, 'vs-debezium': '4.10' }),
    'BENCH relay waybill=80123 vs-debezium=4.10',
  )
  assert.equal(thousands(Number.NaN), '-')
})
