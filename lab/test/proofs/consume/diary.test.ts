import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WaybillEvent } from 'waybill'
import { atRiskOf, Diary, readDiary } from '../../../src/proofs/consume/diary.js'

const place = { topic: 'board', partition: 3 }
const name = 'board/3'
const handled: WaybillEvent = { kind: 'handled', ...place, offset: 1, already: false }
const committed: WaybillEvent = { kind: 'committed', ...place, offset: 2 }

function written(work: (diary: Diary) => void, more = ''): ReturnType<typeof readDiary> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-diary-test-'))
  try {
    const file = join(folder, 'diary')
    work(new Diary(file))
    appendFileSync(file, more)
    return readDiary(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function atRisk(entries: ReturnType<typeof readDiary>, effects: number, died: boolean): number {
  return atRiskOf(entries, new Map([[name, effects]]), { workers: 8, died })
}

test('a commit covers what was handled when it was made, not when it was answered', () => {
  const entries = written((diary) => {
    diary.told(handled)
    diary.told(handled)
    diary.commitBegins()
    diary.told(handled)
    diary.told(committed)
  })
  assert.deepEqual(entries, [{ kind: 'covered', place: name, handled: 2 }])
  assert.equal(atRisk(entries, 3, false), 1)
})

test('a process that died also had in flight what its workers held', () => {
  assert.equal(atRisk([], 5, true), 5 + 8)
})

test('a process that committed all it did puts nothing at risk', () => {
  const entries = written((diary) => {
    diary.told(handled)
    diary.commitBegins()
    diary.told(committed)
  })
  assert.equal(atRisk(entries, 1, false), 0)
})

test('a partition that is lost puts at risk what was not covered and what runs, once', () => {
  const entries = written((diary) => {
    diary.told(handled)
    diary.told(handled)
    diary.begin(name)
    diary.told({ kind: 'lost', partitions: [place] })
    diary.end(name)
    diary.told(handled)
    diary.commitBegins()
    diary.told(committed)
  })
  assert.equal(atRisk(entries, 3, false), 3)
})

test('a dead letter counts as an effect until a commit covers it', () => {
  const letter: WaybillEvent = { kind: 'dead-lettered', ...place, offset: 1, receipt: { ...place, offset: 7 } }
  const entries = written((diary) => diary.told(letter))
  assert.equal(atRisk(entries, 0, false), 1)
  const covered = written((diary) => {
    diary.told(letter)
    diary.commitBegins()
    diary.told(committed)
  })
  assert.equal(atRisk(covered, 0, false), 0)
})

test('a line that a kill cut off is left out', () => {
  const finding: WaybillEvent = { kind: 'finding', finding: 'gap', stream: place, detail: 'a gap' }
  const entries = written((diary) => diary.told(finding), '{"kind":"cover')
  assert.deepEqual(entries, [{ kind: 'finding', finding: 'gap', place: name, detail: 'a gap' }])
})
