import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/system/clock.js'
import { eventually, ScriptedGroup, setting } from './scripted-group.js'

describe('a session', () => {
  it('whose heartbeats are not answered ends before the coordinator ends it', async () => {
    let isSilent = false
    await using group = await ScriptedGroup.start({
      sessionTimeoutMs: 900,
      beat: (beat) => (isSilent ? 'silence' : beat.epoch === 0 ? { assigned: [0] } : {}),
    })
    let lostMs = 0
    const member = await group.join({
      lost: () => {
        lostMs = systemClock.monotonicMs()
      },
    })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    isSilent = true
    const startMs = systemClock.monotonicMs()
    await eventually(
      () => lostMs > 0,
      () => 'the loss',
    )
    assert.deepEqual(member.owned(), [])
    assert.ok(lostMs - startMs > 700 && lostMs - startMs < 900, `${lostMs - startMs} ms`)
  })

  it('lasts as long as the broker says where the group has no setting of its own', async () => {
    let asked = 0
    const extra = { 32: () => setting(asked++ === 0 ? undefined : '700') }
    let isSilent = false
    await using group = await ScriptedGroup.start({
      extra,
      beat: (beat) => (isSilent && beat.epoch > 0 ? 'silence' : { assigned: [0] }),
    })
    const losses: string[] = []
    await group.join({ lost: (cause) => losses.push(cause) })
    isSilent = true
    const startMs = systemClock.monotonicMs()
    await eventually(
      () => losses.length > 0,
      () => 'the loss',
    )
    assert.ok(systemClock.monotonicMs() - startMs < 1200)
  })

  it('lasts nine heartbeat intervals where no setting may be read', async () => {
    let isSilent = false
    await using group = await ScriptedGroup.start({
      extra: { 32: () => setting(undefined) },
      beat: (beat) => (isSilent && beat.epoch > 0 ? 'silence' : { assigned: [0], intervalMs: 60 }),
    })
    const losses: string[] = []
    await group.join({ lost: (cause) => losses.push(cause) })
    isSilent = true
    const startMs = systemClock.monotonicMs()
    await eventually(
      () => losses.length > 0,
      () => 'the loss',
    )
    assert.ok(systemClock.monotonicMs() - startMs < 1200)
  })

  it('of a process whose event loop was blocked is over when it looks again', async () => {
    await using group = await ScriptedGroup.start({ sessionTimeoutMs: 400 })
    const losses: string[] = []
    const member = await group.join({ lost: (cause) => losses.push(cause) })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    const untilMs = systemClock.monotonicMs() + 500
    while (systemClock.monotonicMs() < untilMs); // blocked
    assert.deepEqual(member.owned(), [])
    assert.equal(losses.length, 1)
    const [outcome] = await member.commit([
      { topic: 't', topicId: '', partition: 0, offset: 1, leaderEpoch: 0, metadata: '' },
    ])
    assert.equal(outcome?.kind, 'fenced')
  })
})
