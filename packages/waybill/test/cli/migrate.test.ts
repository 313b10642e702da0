import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { folder } from '../stores/sqlite-world.js'
import { waybill } from './waybill-process.js'

const tablesOf = (file: string): unknown[] => {
  const database = new Database(file)
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all()
  database.close()
  return rows
}

test('the plan is SQL that makes the same tables as --execute, and it changes nothing', async () => {
  const home = folder()
  const [file, other] = [join(home.path, 'shop.db'), join(home.path, 'other.db')]
  const args = ['--database', `sqlite:${file}`, '--prefix', 'mail_out', '--source', 'shop', '--lanes', '8']
  try {
    const plan = await waybill(['migrate', ...args, '--plan'])
    assert.deepEqual([plan.code, existsSync(file)], [0, false])
    const byHand = new Database(other)
    byHand.exec(plan.stdout)
    byHand.close()
    const executed = await waybill(['migrate', ...args, '--execute'])
    assert.equal(executed.code, 0, executed.stderr)
    assert.match(executed.stdout, /version (\d+) \(was version 0\), source shop, 8 lanes/)
    assert.deepEqual(tablesOf(other), tablesOf(file))
    const again = await waybill(['migrate', ...args.slice(0, 4), '--execute', '-o', 'json'])
    const result = JSON.parse(again.stdout) as { source: string; lanes: number; before: number; version: number }
    assert.deepEqual([result.source, result.lanes, result.before], ['shop', 8, result.version])
    assert.match((await waybill(['migrate', ...args])).stdout, /nothing to do/)
    const fewer = await waybill(['migrate', ...args.slice(0, 6), '--lanes', '4', '--execute'])
    assert.equal(fewer.code, 1)
    assert.match(fewer.stderr, /WB_LANES_MISMATCH.*8 lanes, not 4/)
  } finally {
    home.remove()
  }
})

test('the first --execute needs a source', async () => {
  const home = folder()
  try {
    const { code, stderr } = await waybill(['migrate', '-d', `sqlite:${join(home.path, 'shop.db')}`, '--execute'])
    assert.equal(code, 2)
    assert.match(stderr, /--source is missing/)
  } finally {
    home.remove()
  }
})
