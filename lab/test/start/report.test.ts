import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Findings, LostFlight } from '../../src/start/checker.js'
import type { Strikes } from '../../src/start/fault-runner.js'
import type { StartOptions } from '../../src/start/options.js'
import type { BoardFindings } from '../../src/start/board-checker.js'
import { type Outcome, faultsOf, jsonText, lossesText, naiveLine, proofLine } from '../../src/start/report.js'
import { tableText } from '../../src/start/table.js'

const found: Findings = {
  committed: 20_000,
  inTopic: 20_000,
  records: 20_000,
  receipts: 20_000,
  waiting: 0,
  parked: 0,
  lost: [],
  duplicates: [],
  reordered: [],
  phantoms: [],
  altered: [],
  wrongReceipts: [],
  withoutReceipt: [],
}
const options: StartOptions = {
  help: false,
  seed: 7,
  count: 20_000,
  faults: true,
  powerLoss: false,
  fullDisk: false,
  broker: true,
  naive: false,
  dir: undefined,
  json: false,
}
const strikes: Strikes = {
  kills: 5,
  misses: 1,
  openFlights: 40,
  consumerKills: 2,
  consumerMisses: 1,
  naiveKills: 0,
  brokerKills: 1,
  fullDisks: 0,
  powerLosses: 0,
  taken: [],
}
const board: BoardFindings = { handled: 20_000, missing: [], doubled: [], reordered: [], phantoms: [], altered: [] }
const sound: Outcome = {
  options,
  found,
  board,
  naive: undefined,
  strikes,
  goal: 20_000,
  takenBack: 500,
  dropped: 20,
  relayFindings: 0,
  consumerFindings: 0,
  brokerLost: new Set(),
  faultProblem: undefined,
  unread: [],
  seconds: 30,
  perSecond: 666,
}
const lostFlight = { number: 8, key: 'ATL', receipt: { messageId: '08', partition: 3, offset: 17 } }

/** A run with a power loss after which flight 8 is gone. */
function afterPowerLoss(brokerLost: readonly number[], lost: readonly LostFlight[] = [lostFlight]): Outcome {
  return {
    ...sound,
    options: { ...options, powerLoss: true },
    found: { ...found, inTopic: 20_000 - lost.length, lost },
    strikes: { ...strikes, powerLosses: 1 },
    brokerLost: new Set(brokerLost),
  }
}

test('the proof line of a sound run is the promised one', () => {
  const line =
    'PROOF start committed=20000 in-topic=20000 handled=20000 lost=0 duplicates=0 reordered=0 effects-doubled=0 kills=7 seed=7'
  assert.equal(proofLine(sound), line)
  assert.deepEqual(faultsOf(sound), [])
})

test('every kind of finding breaks the proof', () => {
  for (const name of ['duplicates', 'reordered', 'phantoms', 'altered', 'wrongReceipts', 'withoutReceipt'] as const) {
    const problems = faultsOf({ ...sound, found: { ...found, [name]: ['flight 8 (ATL) at 3/17'] } })
    assert.equal(problems.length, 1, name)
    assert.match(problems[0] ?? '', /flight 8/)
  }
  for (const name of ['waiting', 'parked'] as const)
    assert.equal(faultsOf({ ...sound, found: { ...found, [name]: 1 } }).length, 1, name)
  assert.match(faultsOf({ ...sound, found: { ...found, lost: [lostFlight] } }).join(), /flight 8 from ATL, .* 3\/17/)
  assert.equal(faultsOf({ ...sound, found: { ...found, committed: 19_999 } }).length, 1)
})

test('a proof under fewer faults than it claims does not hold', () => {
  assert.equal(faultsOf({ ...sound, strikes: { ...strikes, kills: 4 } }).length, 1)
  assert.equal(faultsOf({ ...sound, strikes: { ...strikes, brokerKills: 0 } }).length, 1)
  assert.equal(faultsOf({ ...sound, strikes: { ...strikes, consumerKills: 1 } }).length, 1)
  assert.equal(faultsOf({ ...sound, dropped: 19 }).length, 1)
  assert.equal(faultsOf({ ...sound, faultProblem: 'no flight to hit' }).length, 1)
})

test('after a power loss the proof holds when exactly what the broker lost is named', () => {
  const exact = afterPowerLoss([8])
  assert.deepEqual(faultsOf(exact), [])
  assert.match(proofLine(exact), /in-topic=19999 handled=20000 lost=1 broker-lost=1 duplicates=0/)
  assert.equal(lossesText(exact, 10), '  flight 8 from ATL, acknowledged at 3/17')
  assert.equal(faultsOf(afterPowerLoss([])).length, 1, 'a loss that the broker is not to blame for')
  const never = { number: 9, key: 'ORD', receipt: undefined }
  assert.match(faultsOf(afterPowerLoss([9], [never])).join(), /no receipt/)
  assert.equal(faultsOf({ ...exact, strikes }).length, 1, 'no power loss at all')
})

test('without a broker the proof holds when everything waits', () => {
  const waiting = { ...found, inTopic: 0, records: 0, receipts: 0, waiting: 20_000 }
  const quiet = { ...strikes, kills: 0, consumerKills: 0, brokerKills: 0 }
  const lonely: Outcome = {
    ...sound,
    options: { ...options, broker: false, faults: false },
    found: waiting,
    board: undefined,
    strikes: quiet,
    dropped: 0,
  }
  assert.deepEqual(faultsOf(lonely), [])
  assert.match(proofLine(lonely), /in-topic=0 waiting=20000 handled=0 lost=0/)
  assert.equal(faultsOf({ ...lonely, found: { ...waiting, waiting: 19_999 } }).length, 1)
})

test('table and JSON show what was done and found', () => {
  const table = tableText(sound)
  for (const row of [
    /flights committed +20 000 /,
    /lost +0 /,
    /relay killed +5 /,
    /consumer killed +2 /,
    /handled +20 000 /,
    /answers dropped +20 /,
  ])
    assert.match(table, row)
  const json = JSON.parse(jsonText(afterPowerLoss([8]))) as { holds: boolean; brokerLost: number[]; found: Findings }
  assert.equal(json.holds, true)
  assert.deepEqual(json.brokerLost, [8])
  assert.deepEqual(json.found.lost, [lostFlight])
})

test('every kind of finding on the board breaks the proof', () => {
  for (const name of ['doubled', 'reordered', 'phantoms', 'altered'] as const) {
    const problems = faultsOf({ ...sound, board: { ...board, [name]: ['flight 8 (ATL)'] } })
    assert.equal(problems.length, 1, name)
    assert.match(problems[0] ?? '', /flight 8/)
  }
  assert.match(
    faultsOf({ ...sound, board: { ...board, handled: 19_999, missing: [8] } }).join(),
    /unhandled: 1.*flight 8/,
  )
  assert.equal(faultsOf({ ...sound, board: undefined }).length, 1)
  assert.equal(faultsOf({ ...sound, unread: ['arrivals'] }).length, 1)
  assert.equal(faultsOf({ ...sound, consumerFindings: 1 }).length, 1)
})

test('after a power loss a message that the broker lost may be handled or not, any other must be', () => {
  const exact = afterPowerLoss([8])
  const unhandled = { ...board, handled: 19_999, missing: [8] }
  assert.deepEqual(faultsOf({ ...exact, consumerFindings: 3 }), [])
  assert.deepEqual(faultsOf({ ...exact, board: unhandled }), [])
  assert.equal(faultsOf({ ...exact, board: { ...unhandled, missing: [9] } }).length, 1)
  assert.match(tableText(exact), /handled, then lost +1 /)
  assert.match(tableText({ ...exact, board: unhandled }), /handled, then lost +0 /)
})

test('the naive consumer stands beside ours, and must have lost something', () => {
  const naive = { ...board, handled: 19_871, missing: Array.from({ length: 129 }, (_, at) => at + 1) }
  const both: Outcome = {
    ...sound,
    options: { ...options, naive: true },
    naive,
    strikes: { ...strikes, naiveKills: 2 },
  }
  assert.deepEqual(faultsOf(both), [])
  assert.equal(naiveLine(both), 'NAIVE start handled=19871 lost=129 doubled=0 kills=2 seed=7')
  assert.match(tableText(both), /not handled +0 +129 /)
  assert.equal(naiveLine(sound), undefined)
  assert.match(faultsOf({ ...both, naive: board }).join(), /lost nothing/)
  assert.equal(faultsOf({ ...both, unread: ['naive'] }).length, 1)
  assert.equal(faultsOf({ ...both, strikes: { ...strikes, naiveKills: 1 } }).length, 1)
})
