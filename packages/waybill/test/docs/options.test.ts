import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumeSettings } from '../../src/consume/options.js'
import { consumeDefaults, consumeSettings } from '../../src/consume/options.js'
import { kafkaSettings } from '../../src/kafka/options.js'
import type { RelayOptions } from '../../src/outbox/options.js'
import { relayDefaults, relayOptions } from '../../src/outbox/options.js'
import { checkOptions } from '../../src/options.js'
import { codeIn, page, tableBelow } from './markdown.js'

const readme = page('README.md')

/** Numbers are written with thin groups of three: `10 000`. */
const plain = (text: string): string => text.replaceAll(/(?<=\d) (?=\d)/g, '')

const namesIn = (rows: readonly string[][]): string[] => rows.map(([name]) => codeIn(name))

/** Limits that a table tells as "1 to 100", each tried at both ends and one step beyond; returns how many there are. */
function tryLimits(heading: string, check: (given: Readonly<Record<string, number>>) => unknown): number {
  let checked = 0
  for (const [name = '', , unit, text = ''] of tableBelow(readme, heading)) {
    const [, least, most] = /(\d+) to (\d+)/.exec(plain(text)) ?? []
    if (least === undefined || most === undefined) continue
    const option = codeIn(name)
    for (const good of [Number(least), Number(most)]) check({ [option]: good })
    for (const bad of [Number(least) - 1, Number(most) + 1])
      assert.throws(() => check({ [option]: bad }), { code: 'WB_OPTION_INVALID' }, `${name} ${unit} ${bad}`)
    checked++
  }
  return checked
}

test('the relay options in the README are those of the code, with their defaults', () => {
  const rows = tableBelow(readme, 'Relay options')
  assert.deepEqual(namesIn(rows).toSorted(), Object.keys(relayDefaults).toSorted())
  for (const [name, value] of rows)
    assert.equal(plain(codeIn(value)), String(relayDefaults[codeIn(name) as keyof RelayOptions]), name)
})

test('the settings of consume in the README are those of the code, with their defaults', () => {
  const rows = tableBelow(readme, 'Consume settings')
  assert.deepEqual(namesIn(rows).toSorted(), Object.keys(consumeDefaults).toSorted())
  for (const [name, value] of rows)
    assert.equal(plain(codeIn(value)), String(consumeDefaults[codeIn(name) as keyof ConsumeSettings]), name)
})

test('a limit that the README tells is the one that is checked', () => {
  const relay = tryLimits('Relay options', relayOptions)
  assert.ok(relay >= 6, `${relay} limits of the relay`)
  // With a rebalance timeout that leaves room for any drain: the pair is checked, too.
  const consumer = tryLimits('Consume settings', (given) => consumeSettings({ drainMs: 0, ...given }))
  assert.ok(consumer >= 5, `${consumer} limits of the consumer`)
})

test('what the README says of settings that bind each other, and of choices, is refused by the code', () => {
  const text = (name: string): string =>
    tableBelow(readme, 'Consume settings').find(([cell]) => codeIn(cell) === name)?.[3] ?? assert.fail(name)
  const refused = { code: 'WB_OPTION_INVALID' }
  assert.match(text('drainMs'), /less than `rebalanceTimeoutMs`/)
  assert.throws(() => consumeSettings({ drainMs: 1_000, rebalanceTimeoutMs: 1_000 }), refused)
  assert.match(text('backoffMaxMs'), /not less than `backoffMinMs`/)
  assert.throws(() => consumeSettings({ backoffMinMs: 2, backoffMaxMs: 1 }), refused)
  for (const name of ['order', 'onLoss', 'onFailure'] as const) {
    const told = [...text(name).matchAll(/`([a-z-]+)`/g)].map(([, choice]) => choice)
    let known = ''
    try {
      consumeSettings({ [name]: 'nonsense' })
    } catch (error) {
      known = /one of (.*)$/.exec(String(error))?.[1] ?? ''
    }
    assert.deepEqual(told, known.split(', '), name)
  }
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
