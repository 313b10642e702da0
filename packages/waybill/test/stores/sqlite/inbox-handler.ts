// A child process of inbox.test.ts: handles each message it is told, with an effect in the inbox's transaction.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import Database from 'libsql'
import { fromSqlite, sqliteInbox } from '../../../src/sqlite.js'

const [, , file = '', name = ''] = process.argv
const inbox = sqliteInbox(new Database(file))
const transactions = fromSqlite(new Database(file), { busyTimeoutMs: 20_000 })
await inbox.open()
writeSync(1, 'ready\n')

for await (const line of createInterface({ input: process.stdin })) {
  const messageId = Number(line).toString(16).padStart(32, '0')
  const entry = { group: 'board', source: 'shop', messageId, timeMs: 1_700_000_000_000 }
  const isNew = await transactions.run(async (tx) => {
    if (!(await inbox.accept(transactions, tx, entry))) return false
    await transactions.execute(tx, 'INSERT INTO effect (message, handler) VALUES (?, ?)', [Number(line), name])
    return true
  })
  writeSync(1, `${isNew ? 'new' : 'known'} ${line}\n`)
}
