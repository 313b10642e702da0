import type { BoardFindings } from './board-checker.js'
import { thousands } from './display.js'
import type { Outcome } from './report.js'

/** The last one: the same of the naive consumer, in a column of its own. */
type Row = readonly [what: string, count: number | string, how: string, naive?: number | string]

/** The table: what, how many, how it was checked. */
export function tableText(outcome: Outcome): string {
  const all = [...factRows(outcome), ...boardRows(outcome), ...checkRows(outcome), ...faultRows(outcome)]
  const text = (count: number | string): string => (typeof count === 'number' ? thousands(count) : count)
  const rows = all.map(([what, count, how, naive = '']) => ({ what, count: text(count), naive: text(naive), how }))
  const width = (column: 'what' | 'count' | 'naive'): number => Math.max(...rows.map((row) => row[column].length))
  const [first, second, third] = [width('what'), width('count'), width('naive')]
  const beside = (naive: string): string => (outcome.naive ? `  ${naive.padStart(third)}` : '')
  return rows
    .map(({ what, count, naive, how }) => `  ${what.padEnd(first)}  ${count.padStart(second)}${beside(naive)}  ${how}`)
    .join('\n')
}

function factRows({ found, takenBack }: Outcome): Row[] {
  return [
    ['what', 'how many', 'how it was checked', 'naive'],
    ['flights committed', found.committed, "rows of the airline's own table, plain SQL"],
    ['transactions taken back', takenBack, 'written and sent, then rolled back by the airline'],
    ['messages in the topic', found.records, "records read with another Kafka client than waybill's"],
    ['receipts', found.receipts, 'rows of outbox_sent; each must point at its very record'],
  ]
}

function boardRows({ board, naive, brokerLost, options }: Outcome): Row[] {
  if (!board) return []
  const row = (what: string, of: (found: BoardFindings) => number, how: string): Row =>
    naive ? [what, of(board), how, of(naive)] : [what, of(board), how]
  const rows = [
    row('handled', ({ handled }) => handled, 'messages with an effect on the arrivals board, plain SQL'),
    row('not handled', ({ missing }) => missing.length, 'committed, but without an effect on the board'),
    row('effects doubled', ({ doubled }) => doubled.length, 'messages with a second effect'),
    row('effects reordered', ({ reordered }) => reordered.length, 'per airport: order of commit on the board'),
    row('effects of nothing', ({ phantoms }) => phantoms.length, 'effects of flights that were never committed'),
    row('effects altered', ({ altered }) => altered.length, 'the effect against the row'),
  ]
  if (options.powerLoss) {
    const missing = new Set(board.missing)
    const count = [...brokerLost].filter((number) => !missing.has(number)).length
    rows.push(['handled, then lost', count, 'lost by the broker when they had been handled already'])
  }
  return rows
}

function checkRows({ options, found, brokerLost }: Outcome): Row[] {
  const rows: Row[] = [
    ['lost', found.lost.length, 'committed, but neither in the topic nor waiting'],
    ['duplicates', found.duplicates.length, 'a message id or flight number at a second offset'],
    ['reordered', found.reordered.length, 'per airport: order of commit against order in the partition'],
    ['never committed', found.phantoms.length, 'records without a row (of a rolled-back transaction, say)'],
    ['altered', found.altered.length, 'key and every field of the record against the row'],
    ['wrong receipts', found.wrongReceipts.length, 'receipts that point elsewhere than at their message'],
    ['without a receipt', found.withoutReceipt.length, 'records that no receipt tells of'],
    ['still waiting', found.waiting, 'rows of outbox at the end'],
    ['set aside', found.parked, 'rows of outbox_parked'],
  ]
  if (options.powerLoss)
    rows.push(['lost by the broker', brokerLost.size, 'topic right before and after the power loss'])
  return rows
}

function faultRows({ options, strikes, dropped, relayFindings, consumerFindings }: Outcome): Row[] {
  const rows: Row[] = []
  if (options.faults) {
    const { kills, misses, openFlights, brokerKills } = strikes
    rows.push([
      'relay killed',
      kills,
      `kill -9 with ${openFlights} flights open in all; ${misses} kills that hit none were repeated`,
    ])
    const { consumerKills, consumerMisses, naiveKills } = strikes
    const hits = `kill -9 while a handler ran; ${consumerMisses} kills that hit none were repeated`
    rows.push(
      options.naive ? ['consumer killed', consumerKills, hits, naiveKills] : ['consumer killed', consumerKills, hits],
    )
    rows.push(['answers dropped', dropped, 'appended by the broker, answer never sent'])
    rows.push(['broker killed', brokerKills, 'kill -9, restarted on its files'])
  }
  if (options.fullDisk) rows.push(['disk full', strikes.fullDisks, 'every append refused for about two seconds'])
  if (options.powerLoss) {
    rows.push(['power lost', strikes.powerLosses, 'all that was not flushed is gone from the disk'])
    rows.push(['found by the relay', relayFindings, 'streams whose acknowledged records it found missing by itself'])
    rows.push([
      'found by the consumer',
      consumerFindings,
      'partitions found truncated; where the group forgot its positions, too, it cannot tell',
    ])
  }
  return rows
}
