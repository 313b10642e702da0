// A child process of crash.test.ts: sends or relays until it is killed. Prints what is surely committed, never more.
import { writeSync } from 'node:fs'
import Database from 'libsql'
import type { FlightRef } from '../../../src/model/flight.js'
import type { WaitingRow } from '../../../src/model/message.js'
import type { LaneState, Step } from '../../../src/ports/outbox-store.js'
import { fromSqlite, sqlite } from '../../../src/sqlite.js'

const [, , role = '', file = '', name = ''] = process.argv
const store = sqlite(new Database(file))
const report = (line: string): void => void writeSync(1, `${line}\n`)

/** Two messages a transaction, and a business row with them: all three or none. */
async function send(): Promise<void> {
  const application = new Database(file)
  const transactions = fromSqlite(application)
  for (let number = 0; ; number++) {
    const half = (part: number): string =>
      Buffer.from(`${name}${String(number).padStart(13, '0')}${part}`)
        .toString('hex')
        .slice(0, 32)
    const messages = [0, 1].map((part) => ({
      ...{ lane: number % 4, messageId: half(part), topic: 'orders', key: null, headers: [] },
      value: new Uint8Array(500).fill(part),
    }))
    await transactions.run(async (tx) => {
      await transactions.execute(tx, 'INSERT INTO orders (name, number) VALUES (?, ?)', [name, number])
      await store.enqueue(transactions, tx, messages)
    })
    report(`sent ${name} ${number}`)
  }
}

/** Claims and marks as a relay does, with the partition's end as the offset. */
async function relay(): Promise<void> {
  const states = await store.take(name, 4, 1)
  const offsets = new Map(states.map((state) => [state.lease.lane, (state.streams[0]?.lastOffset ?? -1) + 1]))
  for (const state of states)
    for (const flight of state.flights) await mark(state, flight, flight.rowIds.length, offsets)
  const ends = new Map(states.map((state) => [state.lease.lane, state.streams[0]]))
  for (let epoch = 0; ; epoch++) {
    const { rows } = await store.read(
      states.map((state) => ({ lane: state.lease.lane, afterId: 0 })),
      { rows: 20, bytes: 1e9 },
    )
    for (const state of states) {
      const lane = state.lease.lane
      const own = rows.filter((row) => row.lane === lane)
      if (own.length > 0) await fly(state, own, (ends.get(lane)?.incarnation.producerEpoch ?? -1) + 1 + epoch, offsets)
    }
    if (rows.length === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function fly(
  state: LaneState,
  rows: readonly WaitingRow[],
  producerEpoch: number,
  offsets: Map<number, number>,
): Promise<void> {
  const { lane, fence } = state.lease
  const place = {
    lane,
    topic: 'orders',
    partition: lane,
    incarnation: { producerId: 1000 + fence, producerEpoch },
    firstSequence: 0,
  }
  const rowIds = rows.map((row) => row.id)
  await step({ kind: 'claim', ...place, fence, topicId: 't', rowIds, openedAtOffset: -1 })
  await mark(state, place, rowIds.length, offsets)
}

async function mark(state: LaneState, flight: FlightRef, count: number, offsets: Map<number, number>): Promise<void> {
  const { lane, fence } = state.lease
  const baseOffset = offsets.get(lane) ?? 0
  const { topic, partition, incarnation, firstSequence } = flight
  const ref = { lane, topic, partition, incarnation, firstSequence }
  await step({ kind: 'mark', fence, flight: ref, baseOffset, leaderEpoch: 0 })
  offsets.set(lane, baseOffset + count)
  report(`marked ${lane} ${baseOffset + count}`)
}

async function step(one: Step): Promise<void> {
  const [result] = await store.advance([one])
  if (result?.kind !== 'done') throw new Error(`${one.kind}: ${JSON.stringify(result)}`)
}

await (role === 'send' ? send() : relay())
