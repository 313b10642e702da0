import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mutations as consumerMutations } from '../consume/simulation/mutations.js'
import { mutations as outboxMutations } from '../outbox/simulation/mutations.js'
import { codeIn, page, root, tableBelow } from './markdown.js'

for (const [heading, mutations] of [
  ['Mutations of the outbox', outboxMutations],
  ['Mutations of the consumer', consumerMutations],
] as const)
  test(`docs/proofs.md names the ${heading.toLowerCase()}, all of them and no other`, () => {
    const rows = tableBelow(page('docs/proofs.md'), heading)
    assert.deepEqual(
      rows.map(([name]) => name),
      mutations.map(({ name }) => name),
    )
    const counts = [page('README.md'), page('DESIGN.md')].flatMap(({ text }) => [
      ...text.matchAll(/\[(\d+) [a-z]+\]\(docs\/proofs\.md#([a-z-]+)\)/g),
    ])
    const told = counts.filter(([, , anchor]) => anchor === heading.toLowerCase().replaceAll(' ', '-'))
    assert.ok(told.length >= 2, heading)
    for (const [link, count] of told) assert.equal(Number(count), mutations.length, link)
  })

test('the README names the findings that a consumer reports, all of them and no other', () => {
  const source = (path: string): string => readFileSync(join(root, 'packages/waybill/src', path), 'utf8')
  // findingOf: the sightings that are findings come before those that are none.
  const [sequences = ''] = source('model/finding.ts').split("case 'ok'")
  const losses = source('consume/fetch-loop.ts') + source('consume/resume.ts')
  const reported = new Set([
    ...[...sequences.matchAll(/case '([a-z-]+)'/g)].map(([, kind = '']) => kind),
    ...[...losses.matchAll(/'(retention|truncated|topic-recreated|tail)'/g)].map(([, kind = '']) => kind),
  ])
  assert.ok(reported.size >= 6, [...reported].join())
  const told = tableBelow(page('README.md'), 'Losses and findings').map(([kind]) => codeIn(kind))
  assert.deepEqual(told.toSorted(), [...reported].toSorted())
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
