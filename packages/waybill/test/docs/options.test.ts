import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafkaSettings } from '../../src/kafka/options.js'
import type { RelayOptions } from '../../src/outbox/options.js'
import { relayDefaults, relayOptions } from '../../src/outbox/options.js'
import { checkOptions } from '../../src/options.js'
import { codeIn, page, tableBelow } from './markdown.js'

const readme = page('README.md')

/** Numbers are written with thin groups of three: `10 000`. */
const plain = (text: string): string => text.replaceAll(/(?<=\d) (?=\d)/g, '')

const namesIn = (rows: readonly string[][]): string[] => rows.map(([name]) => codeIn(name))

test('the relay options in the README are those of the code, with their defaults', () => {
  const rows = tableBelow(readme, 'Relay options')
  assert.deepEqual(namesIn(rows).toSorted(), Object.keys(relayDefaults).toSorted())
  for (const [name, value] of rows)
    assert.equal(plain(codeIn(value)), String(relayDefaults[codeIn(name) as keyof RelayOptions]), name)
})

test('a limit that the README tells is the one that is checked', () => {
  let checked = 0
  for (const [name = '', , unit, text = ''] of tableBelow(readme, 'Relay options')) {
    const [, least, most] = /(\d+) to (\d+)/.exec(plain(text)) ?? []
    if (least === undefined || most === undefined) continue
    const option = codeIn(name)
    for (const good of [Number(least), Number(most)]) relayOptions({ [option]: good })
    for (const bad of [Number(least) - 1, Number(most) + 1])
      assert.throws(() => relayOptions({ [option]: bad }), { code: 'WB_OPTION_INVALID' }, `${name} ${unit} ${bad}`)
    checked++
  }
  assert.ok(checked >= 6, `${checked} limits`)
})

test('the options of createWaybill in the README are those it knows', () => {
  const rows = tableBelow(readme, 'Options of createWaybill')
  const unknown = { store: 0, transactions: 0, brokers: 0, nonsense: 0 }
  let known = ''
  try {
    checkOptions(unknown)
  } catch (error) {
    known = /known: (.*)$/.exec(String(error))?.[1] ?? ''
  }
  assert.deepEqual(namesIn(rows).toSorted(), known.split(', ').toSorted())
})

test('the Kafka connection options in the README are those of the code, with their defaults', () => {
  const rows = tableBelow(readme, 'Kafka connection options')
  const settings = kafkaSettings({ brokers: ['localhost'] })
  const defaults = Object.entries(settings).filter(([name]) => name !== 'seeds')
  assert.deepEqual(namesIn(rows).toSorted(), ['brokers', ...defaults.map(([name]) => name)].toSorted())
  for (const [name, value] of defaults) {
    const row = rows.find(([cell]) => codeIn(cell) === name)
    if (value !== undefined) assert.equal(plain(codeIn(row?.[1])), String(value), name)
  }
})
