import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mutations } from '../outbox/simulation/mutations.js'
import { codeIn, page, root, tableBelow } from './markdown.js'

test('docs/proofs.md names the mutations of the outbox simulation, all of them and no other', () => {
  const rows = tableBelow(page('docs/proofs.md'), 'Mutations of the outbox')
  assert.deepEqual(
    rows.map(([name]) => name),
    mutations.map(({ name }) => name),
  )
})

test('docs/alerts.md names the kinds of alerts that the relay opens, all of them and no other', () => {
  const folder = join(root, 'packages/waybill/src/outbox')
  const source = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const places = [
    /kind: '([a-z-]+)',\s*detail/g, // openAlert({ cause, kind, detail })
    /finding\('([a-z-]+)'/g, // Settler's findings
    /#alertWhile\(\s*'[^']*',\s*'([a-z-]+)'/g, // Monitor's states
  ]
  const opened = new Set(places.flatMap((place) => [...source.matchAll(place)].map(([, kind = '']) => kind)))
  const told = tableBelow(page('docs/alerts.md'), 'Kinds').map(([kind]) => codeIn(kind))
  assert.ok(opened.size >= 10, [...opened].join())
  assert.deepEqual(told.toSorted(), [...opened].toSorted())
})
