import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { failpointNames } from '../src/ports/failpoint.js'
import { killAt } from '../src/system/failpoints.js'

const engines = fileURLToPath(new URL('../src/', import.meta.url))

test('every failpoint in the table is somewhere in the code, so that no crash proof enumerates an empty name', () => {
  const code = readdirSync(engines, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js') && !path.includes('failpoint'))
    .map((path) => readFileSync(join(engines, path), 'utf8'))
    .join('\n')
  for (const name of failpointNames) {
    const [subject = '', moment = ''] = name.split(':')
    const isBuilt = code.includes(`\${kind}:${moment}`) && ['claim', 'mark', 'release'].includes(subject)
    assert.ok(code.includes(`'${name}'`) || isBuilt, name)
  }
})

test('killAt without a text does nothing', () => {
  assert.equal(killAt(undefined).hit('claim:before-commit'), undefined)
})
