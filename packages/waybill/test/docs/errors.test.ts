import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/model/errors.js'
import { errorCodes } from '../../src/model/errors.js'
import { page, root } from './markdown.js'

const sections = page('docs/errors.md')
  .text.split(/^## (?=`WB_)/m)
  .slice(1)
const codes = Object.keys(errorCodes) as ErrorCode[]

test('docs/errors.md tells for every code whether trying again helps, what became of the data, and the fix', () => {
  for (const code of codes) {
    const section = sections.find((text) => text.startsWith(`\`${code}\``)) ?? assert.fail(`${code} has no section`)
    assert.ok(section.includes(`**Try again:** ${errorCodes[code]}`), `${code} is "${errorCodes[code]}"`)
    for (const label of ['**When:**', '**Data:**', '**Fix:**']) assert.ok(section.includes(label), `${code}: ${label}`)
  }
})

test('every code is thrown somewhere', () => {
  const folder = join(root, 'packages/waybill/src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('testing') && path !== join('model', 'errors.ts'),
  )
  const source = files.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n')
  const dead = codes.filter((code) => !new RegExp(`new WaybillError\\(\\s*'${code}'`).test(source))
  assert.deepEqual(dead, [])
})
