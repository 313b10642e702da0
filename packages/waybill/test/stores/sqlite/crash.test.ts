import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { sqlite } from '../../../src/sqlite.js'
import type { SqliteHandle } from '../../../src/sqlite.js'
import { folder, select } from '../sqlite-world.js'

const writer = join(import.meta.dirname, 'writer.js')
const deadlineMs = 20_000

class Child {
  readonly lines: string[] = []
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  #errors = ''

  constructor(...args: readonly string[]) {
    this.#process = spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    this.#process.stdout?.on('data', (data: Buffer) => {
      const parts = (rest + data.toString()).split('\n')
      rest = parts.pop() ?? ''
      this.lines.push(...parts)
    })
    this.#process.stderr?.on('data', (data: Buffer) => {
      this.#errors += data.toString()
    })
    this.#ended = new Promise((resolve) => this.#process.once('close', () => resolve()))
  }

  /** Waits until it reported `count` lines more. */
  async reports(count: number): Promise<void> {
    const wanted = this.lines.length + count
    const until = performance.now() + deadlineMs
    while (this.lines.length < wanted) {
      assert(performance.now() < until, `${this.lines.length} of ${wanted} reports; ${this.#errors}`)
      assert.equal(this.#process.exitCode, null, this.#errors)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
    assert.equal(this.#errors, '')
  }
}

const count = (database: SqliteHandle, sql: string): number => Number(select(database, sql)[0]?.n)

/** What must hold at any moment, whatever was killed. */
function checkWhole(database: SqliteHandle, children: readonly Child[]): void {
  assert.deepEqual(
    select(database, 'PRAGMA integrity_check').map((row) => row.integrity_check),
    ['ok'],
  )
  const orders = count(database, 'SELECT count(*) AS n FROM orders')
  const waiting = count(database, 'SELECT count(*) AS n FROM outbox')
  const sent = count(database, 'SELECT count(*) AS n FROM outbox_sent')
  assert.equal(waiting + sent, orders * 2, 'two messages for each order, each in one table')
  assert.equal(
    count(
      database,
      'SELECT count(DISTINCT message_id) AS n FROM (SELECT message_id FROM outbox UNION ALL SELECT message_id FROM outbox_sent)',
    ),
    orders * 2,
  )
  const reported = children.flatMap((child) => child.lines).filter((line) => line.startsWith('sent '))
  const kept = new Set(
    select(database, 'SELECT name, number FROM orders').map((row) => `sent ${row.name} ${row.number}`),
  )
  assert.deepEqual(
    reported.filter((line) => !kept.has(line)),
    [],
    'what was reported as committed is there',
  )
  for (const row of select(
    database,
    'SELECT partition, count(*) AS n, min(offset) AS low, max(offset) AS high, count(DISTINCT offset) AS d FROM outbox_sent GROUP BY partition',
  ))
    assert.deepEqual([row.low, Number(row.high) + 1, row.d], [0, row.n, row.n], 'offsets without gap or double')
  const flying = select(database, 'SELECT row_ids FROM outbox_flight').flatMap(
    (row) => JSON.parse(String(row.row_ids)) as number[],
  )
  const there = new Set(select(database, 'SELECT id FROM outbox').map((row) => row.id))
  assert.deepEqual(
    flying.filter((id) => !there.has(id)),
    [],
    'rows of open flights wait',
  )
}

test('kill -9 in the middle of enqueue and advance: what was committed is there, nothing half', {
  timeout: 60_000,
}, async () => {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const database = new Database(file)
  database.exec('CREATE TABLE orders (name TEXT, number INTEGER)')
  await sqlite(database).migrate({ source: 'shop', lanes: 4 })
  const all: Child[] = []
  const start = (...args: readonly string[]): Child => {
    const child = new Child(...args)
    all.push(child)
    return child
  }
  for (let round = 0; round < 4; round++) {
    const children = [start('send', file, 'ab'[round % 2] + `${round}`), start('relay', file, `r${round}`)]
    // An odd number of reports, so that the kill meets another moment each time.
    await Promise.all(children.map((child, i) => child.reports(15 + 7 * round + i)))
    await Promise.all(children.map((child) => child.kill()))
    checkWhole(database, all)
  }
  assert(count(database, 'SELECT count(*) AS n FROM outbox_sent') > 50, 'relays did work')
  database.close()
  home.remove()
})
