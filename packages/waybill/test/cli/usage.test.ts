import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { commands } from '../../src/cli/commands.js'
import { folder } from '../stores/sqlite-world.js'
import { withShop } from './shop.js'
import { waybill } from './waybill-process.js'

test('help names every command, and a command every option', async () => {
  const all = await waybill(['help'])
  assert.equal(all.code, 0)
  for (const name of Object.keys(commands)) assert.match(all.stdout, new RegExp(`^  ${name} `, 'm'))
  const one = await waybill(['relay', '--help'])
  assert.equal(one.code, 0)
  for (const option of Object.keys(commands.relay?.options ?? {})) assert(one.stdout.includes(`--${option}`), option)
  assert.equal((await waybill([])).code, 2)
})

test('--version is the version of the package', async () => {
  const text = readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8')
  const { stdout, code } = await waybill(['--version'])
  assert.deepEqual([stdout, code], [`${(JSON.parse(text) as { version: string }).version}\n`, 0])
})

test('what cannot be understood ends with 2 and says what is wrong', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['stats'], /no command "stats"/],
    [['constructor'], /no command/],
    [['status', '--nonsense'], /Unknown option '--nonsense'/],
    [['status'], /--database \(or WAYBILL_DATABASE\) is missing/],
    [['status', '-d', 'shop.db'], /must be postgres:\/\/.* or sqlite:/],
    [['status', '-d', 'mysql://x'], /must be postgres/],
    [['status', '-d', 'sqlite::memory:'], /path of a file/],
    [['status', '-d', 'sqlite:x', '-o', 'xml'], /table or json/],
    [['holds', '-d', 'sqlite:x', '--schema', 's'], /--schema is for PostgreSQL/],
    [['migrate', '-d', 'sqlite:x', '--lanes', '0'], /--lanes is "0"; it must be a whole number from 1 to 1024/],
    [['migrate', '-d', 'sqlite:x', '--plan', '--execute'], /exclude each other/],
    [['relay', '-d', 'sqlite:x'], /--brokers \(or WAYBILL_BROKERS\) is missing/],
    [['relay', '-d', 'sqlite:x', '-b', 'a:b:c'], /WB_OPTION_INVALID.*not host:port/],
    [['relay', '-d', 'sqlite:x', '-b', 'a:1', '--listen', 'x:y:z'], /--listen/],
    [['relay', '-d', 'sqlite:x', '-b', 'a:1', '--on-reject', 'orders=drop'], /hold-key, park, stop/],
    [['relay', '-d', 'sqlite:x', '-b', 'a:1', '--alert-webhook', 'http://h/'], /WAYBILL_ALERT_SECRET/],
    [['relay', '-d', 'sqlite:x', '-b', 'a:1', '--sasl', 'plain', '--sasl-user', 'u'], /WAYBILL_SASL_PASSWORD/],
    [['parked', 'drop', '-d', 'sqlite:x'], /list, show, requeue or discard/],
  ]
  const results = await Promise.all(cases.map(([args]) => waybill(args)))
  for (const [at, [args, text]] of cases.entries()) {
    assert.match(results[at]?.stderr ?? '', text, args.join(' '))
    assert.deepEqual([results[at]?.code, results[at]?.stdout], [2, ''], args.join(' '))
  }
})

test('a database that is missing, empty, newer or none at all is told with its code and the fix', async () => {
  const home = folder()
  const missing = join(home.path, 'none.db')
  const foreign = join(home.path, 'foreign.db')
  writeFileSync(foreign, 'this is text, not a database, and long enough to be looked at'.repeat(100))
  try {
    const none = await waybill(['status', '-d', `sqlite:${missing}`])
    assert.deepEqual([none.code, existsSync(missing)], [1, false], 'a wrong path makes no file')
    assert.match(none.stderr, /WB_SCHEMA_MISSING.*no file.*waybill migrate/)
    assert.match((await waybill(['status', '-d', `sqlite:${foreign}`])).stderr, /WB_STORE_CORRUPT/)
    assert.match((await waybill(['status', '-d', `sqlite:${home.path}`])).stderr, /WB_STORE_FAILED/)
  } finally {
    home.remove()
  }
  await withShop(async (shop) => {
    shop.sql("UPDATE outbox_meta SET value = '1' WHERE name = 'schema_version'")
    assert.match((await waybill(['status', ...shop.args])).stderr, /WB_SCHEMA_MISSING.*version 1/)
    assert.match(
      (await waybill(['status', ...shop.args, '--prefix', 'other'])).stderr,
      /WB_SCHEMA_MISSING.*waybill migrate/,
    )
    shop.sql("UPDATE outbox_meta SET value = '99' WHERE name LIKE 'schema_%'")
    for (const command of ['status', 'migrate']) {
      const { code, stderr } = await waybill([command, ...shop.args, '-o', 'json'])
      const { error } = JSON.parse(stderr) as { error: Record<string, unknown> }
      assert.deepEqual([code, error.code, error.retryable], [1, 'WB_SCHEMA_NEWER', 'no'])
    }
  })
})

test('neither user nor password of a URL are printed when the server is not there', async () => {
  const { code, stdout, stderr } = await waybill(['status'], {
    WAYBILL_DATABASE: 'postgres://anna:s3cret@127.0.0.1:1/shop',
  })
  assert.equal(code, 1)
  assert.match(stderr, /WB_STORE_UNREACHABLE/)
  assert.doesNotMatch(stdout + stderr, /s3cret|anna/)
})
