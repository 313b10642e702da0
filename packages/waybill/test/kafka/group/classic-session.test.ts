import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClassicSession } from '../../../src/kafka/group/classic-session.js'
import type { Clock } from '../../../src/ports/clock.js'

/** A clock that is set by hand. */
class HandClock implements Pick<Clock, 'monotonicMs'> {
  nowMs = 0

  monotonicMs(): number {
    return this.nowMs
  }
}

function at(clock: HandClock, sessionTimeoutMs: number, rebalanceTimeoutMs: number): ClassicSession {
  return new ClassicSession(clock as unknown as Clock, sessionTimeoutMs, rebalanceTimeoutMs)
}

describe('the session of a classic member', () => {
  it('ends a little before the coordinator’s, counted from the sending of the newest answered request', () => {
    const clock = new HandClock()
    const session = at(clock, 10_000, 60_000)
    session.answered(1_000, true)
    session.answered(500, true) // an older request is answered late
    clock.nowMs = 10_499
    assert.equal(session.whyOver(false), undefined)
    clock.nowMs = 10_500
    assert.match(session.whyOver(false) ?? '', /session timeout/)
  })

  it('ends when a rebalance may have passed without us, unless our JoinGroup waits at the coordinator', () => {
    const clock = new HandClock()
    const session = at(clock, 10_000, 5_000)
    session.answered(0, true)
    clock.nowMs = 4_000
    session.answered(4_000, false) // told of a rebalance
    clock.nowMs = 4_500
    assert.match(session.whyOver(false) ?? '', /joined again/)
    assert.equal(session.whyOver(true), undefined)
    session.answered(4_400, true)
    assert.equal(session.whyOver(false), undefined)
  })

  it('has ten heartbeats in a session and five in a rebalance timeout, at most 3 s apart', () => {
    const intervalMs = (session: number, rebalance: number): number =>
      at(new HandClock(), session, rebalance).intervalMs
    assert.deepEqual(
      [intervalMs(45_000, 45_000), intervalMs(6_000, 45_000), intervalMs(45_000, 1_000)],
      [3_000, 600, 200],
    )
  })

  it('is looked at again before it can end', () => {
    const clock = new HandClock()
    const session = at(clock, 10_000, 5_000)
    session.answered(0, true)
    clock.nowMs = 4_200
    assert.equal(session.nextLookMs(), 300)
  })
})
