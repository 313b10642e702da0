import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.js'
import { metricTable } from '../../src/telemetry/metric-table.js'
import type { MetricDefinition } from '../../src/telemetry/metric-table.js'
import { codeIn, page, tableBelow } from './markdown.js'

const operations = page('docs/operations.md')
const definitions: Readonly<Record<string, MetricDefinition>> = metricTable

test('the metrics in docs/operations.md are those of the code: name, type, where from, label', () => {
  const rows = tableBelow(operations, 'Metrics')
  assert.deepEqual(
    rows.map(([name]) => codeIn(name)),
    Object.keys(definitions),
  )
  for (const [cell, type, from, meaning = ''] of rows) {
    const definition = definitions[codeIn(cell)]
    assert.deepEqual([type, from], [definition?.type, definition?.from], cell)
    const [, label] = /label `([a-z]+)`/.exec(meaning) ?? []
    assert.equal(label, definition?.label, cell)
  }
})

test('alert rules name metrics that exist, store gauges as a maximum, labelled counters without increase', () => {
  const rules = [
    ...tableBelow(operations, 'Metrics').flatMap(([, , , , rule = '']) =>
      [...rule.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
    ),
    ...[...operations.text.matchAll(/^ +expr: (.+)$/gm)].map(([, text = '']) => text),
  ]
  assert(rules.length >= 15, `${rules.length} rules`)
  for (const rule of rules) {
    const names = [...rule.matchAll(/waybill_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''))
    assert(names.length > 0, rule)
    for (const name of names) {
      const definition = definitions[name]
      assert(definition, `${name} in ${rule}`)
      if (definition.from === 'store') assert.match(rule, /max\(|absent\(/, rule)
      if (definition.label !== undefined) assert.doesNotMatch(rule, /increase\(|rate\(/, rule)
    }
  }
})

test('docs/operations.md tells every command, and every option of the relay is there or in its help', () => {
  const told = new Set([...operations.text.matchAll(/`waybill ([a-z]+)/g)].map(([, name]) => name))
  for (const name of Object.keys(commands)) assert(told.has(name) || name === 'relay', name)
  const table = tableBelow(operations, 'The relay as a process of its own').flatMap(([cell = '']) =>
    [...cell.matchAll(/`--([a-z-]+)`/g)].map(([, option = '']) => option),
  )
  assert.deepEqual(table.toSorted(), Object.keys(commands.relay?.options ?? {}).toSorted())
})
