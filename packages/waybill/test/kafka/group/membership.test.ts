import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { GroupPartition } from '../../../src/ports/group.js'
import { systemClock } from '../../../src/system/clock.js'
import { int16, int32, type Reaction } from '../scripted-broker.js'
import {
  type BeatAnswer,
  beatAnswer,
  coordinatorAt,
  eventually,
  findCoordinatorKey,
  ScriptedGroup,
} from './scripted-group.js'

describe('heartbeats', () => {
  it('join in full, say nothing that did not change, and acknowledge what changed once', async () => {
    await using group = await ScriptedGroup.start()
    const member = await group.join()
    await eventually(
      () => group.beats.length >= 5,
      () => 'five heartbeats',
    )
    const [join, acknowledge, ...more] = group.beats
    const common = { version: 1, memberId: member.memberId, instanceId: null }
    assert.deepEqual(join, { ...common, epoch: 0, rebalanceTimeoutMs: 5000, topics: ['t'], owned: [] })
    assert.deepEqual(acknowledge, { ...common, epoch: 1, rebalanceTimeoutMs: -1, topics: null, owned: [0] })
    for (const beat of more)
      assert.deepEqual(beat, { ...common, epoch: 1, rebalanceTimeoutMs: -1, topics: null, owned: null })
  })

  const troubles: Readonly<Record<string, BeatAnswer | Reaction>> = {
    'an answer that does not come': 'silence',
    'a cut connection': 'cut',
    'an answer that ends too early': beatAnswer({}).subarray(0, 9),
    'an answer of rubbish': Buffer.alloc(40, 0xff),
    COORDINATOR_LOAD_IN_PROGRESS: { errorCode: 14 },
    NOT_COORDINATOR: { errorCode: 16 },
  }
  for (const [name, trouble] of Object.entries(troubles))
    it(`after ${name} the coordinator is looked for again and told everything, and nothing is lost`, async () => {
      let isIll = false
      await using group = await ScriptedGroup.start({
        beat: (beat) => (isIll ? trouble : { epoch: 4, ...(beat.epoch === 0 && { assigned: [0] }) }),
      })
      const losses: string[] = []
      const member = await group.join({ lost: (cause) => losses.push(cause) })
      await eventually(
        () => group.beats.length > 3,
        () => 'a stable member',
      )
      const searches = group.server.count(findCoordinatorKey)
      isIll = true
      const ill = group.beats.length
      await eventually(
        () => group.beats.length > ill,
        () => 'the trouble',
      )
      isIll = false
      const healed = group.beats.length
      await eventually(
        () => group.beats.length > healed + 1,
        () => 'heartbeats after the trouble',
      )
      const after = group.beats.slice(ill + 1).find(({ owned }) => owned !== null)
      assert.deepEqual([after?.epoch, after?.topics, after?.owned, after?.rebalanceTimeoutMs], [4, ['t'], [0], 5000])
      assert.ok(group.server.count(findCoordinatorKey) > searches, 'FindCoordinator')
      assert.deepEqual(losses, [])
      assert.equal(member.owned().length, 1)
    })

  for (const [name, errorCode] of [
    ['FENCED_MEMBER_EPOCH', 110],
    ['UNKNOWN_MEMBER_ID', 25],
    ['GROUP_ID_NOT_FOUND', 69],
  ] as const)
    it(`${name} is a loss, and the member joins again with epoch 0 and nothing owned`, async () => {
      let isFenced = false
      await using group = await ScriptedGroup.start({
        beat: (beat) => {
          if (beat.epoch === 0) return { assigned: [0] }
          return isFenced ? { errorCode } : {}
        },
      })
      const told: string[] = []
      await group.join({ assigned: () => told.push('assigned'), lost: (cause) => told.push(cause) })
      await eventually(
        () => group.beats.length > 3,
        () => 'a stable member',
      )
      isFenced = true
      await eventually(
        () => told.length === 2,
        () => told.join(),
      )
      isFenced = false
      await eventually(
        () => told.length === 3,
        () => told.join(),
      )
      assert.deepEqual(told, ['assigned', name, 'assigned'])
      const again = group.beats.slice(1).find(({ epoch }) => epoch === 0)
      assert.deepEqual([again?.owned, again?.topics, again?.memberId], [[], ['t'], group.beats[0]?.memberId])
    })

  it('a member that is fenced after every join does not hammer the coordinator', async () => {
    await using group = await ScriptedGroup.start({
      beat: (beat) => (beat.epoch === 0 ? { assigned: [0] } : { errorCode: 110 }),
    })
    const lossesMs: number[] = []
    await group.join({ lost: () => lossesMs.push(systemClock.monotonicMs()) })
    await eventually(
      () => lossesMs.length === 5,
      () => 'five losses',
    )
    const tookMs = (lossesMs[4] ?? 0) - (lossesMs[0] ?? 0)
    assert.ok(tookMs > 700, `four joins in ${tookMs} ms`)
  })

  it('go on while a commit hangs', async () => {
    await using group = await ScriptedGroup.start({ commit: () => 'silence' }, { requestTimeoutMs: 3000 })
    const member = await group.join()
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    const [partition] = member.owned()
    const hanging = member.commit([{ ...(partition ?? assert.fail()), offset: 1, leaderEpoch: 0, metadata: '' }])
    const before = group.beats.length
    await eventually(
      () => group.beats.length > before + 5,
      () => 'heartbeats',
    )
    await group.kafka.close()
    assert.equal((await hanging)[0]?.kind, 'unknown', 'it may be committed')
  })

  it('that are answered after the membership was lost change nothing', async () => {
    let isHeld = false
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await using group = await ScriptedGroup.start(
      {
        beat: async (beat) => {
          if (beat.epoch === 0) return { assigned: [0] }
          if (!isHeld) return {}
          await held
          return { epoch: 9, assigned: [0, 1] }
        },
        commit: () => 25,
      },
      { requestTimeoutMs: 3000 },
    )
    const told: string[] = []
    const member = await group.join({
      assigned: (partitions) => told.push(`assigned ${partitions.length}`),
      lost: () => told.push('lost'),
    })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    isHeld = true
    const before = group.beats.length
    await eventually(
      () => group.beats.length > before,
      () => 'a heartbeat under way',
    )
    const [partition] = member.owned()
    await member.commit([{ ...(partition ?? assert.fail()), offset: 1, leaderEpoch: 0, metadata: '' }])
    const sent = group.beats.length
    isHeld = false
    release()
    await eventually(
      () => told.length === 3,
      () => told.join(),
    )
    assert.deepEqual(told, ['assigned 1', 'lost', 'assigned 1'])
    assert.equal(group.beats[sent]?.epoch, 0, 'the next heartbeat joins')
  })

  it('go in version 0 to a broker that has no other', async () => {
    await using group = await ScriptedGroup.start({ heartbeatMax: 0 })
    const member = await group.join()
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    assert.deepEqual([group.beats[0]?.version, group.beats[0]?.memberId], [0, member.memberId])
  })
})

describe('partitions', () => {
  it('are acknowledged as given up when the listener is done, not before, and heartbeats go on meanwhile', async () => {
    let wanted: readonly number[] = [0, 1]
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await using group = await ScriptedGroup.start({ beat: () => ({ assigned: wanted }) })
    const revoked: (readonly GroupPartition[])[] = []
    const member = await group.join({
      revoked: async (partitions) => {
        revoked.push(partitions)
        await held
      },
    })
    await eventually(
      () => member.owned().length === 2,
      () => 'two partitions',
    )
    await eventually(
      () => group.beats.some(({ owned }) => owned?.length === 2),
      () => 'their acknowledgement',
    )
    wanted = [1]
    await eventually(
      () => revoked.length === 1,
      () => 'the revoke',
    )
    const before = group.beats.length
    await eventually(
      () => group.beats.length > before + 4,
      () => 'heartbeats during the revoke',
    )
    assert.deepEqual(
      group.beats.slice(before).filter(({ owned }) => owned !== null),
      [],
    )
    assert.equal(member.owned().length, 2)
    release()
    await eventually(
      () => group.beats.at(-1)?.owned?.join() === '1' || group.beats.some((b) => b.owned?.join() === '1'),
      () => 'the acknowledgement',
    )
    assert.deepEqual(
      member.owned().map(({ partition }) => partition),
      [1],
    )
    assert.equal(revoked.length, 1)
  })

  it('of a topic that metadata does not know yet wait for it, the others do not', async () => {
    const other = 'ffeeddccbbaa99887766554433221100'
    let id = other
    await using group = await ScriptedGroup.start({ beat: () => ({ assigned: [0], topicId: id }) })
    const member = await group.join()
    await eventually(
      () => group.beats.length > 5,
      () => 'heartbeats',
    )
    assert.deepEqual(member.owned(), [])
    id = '00112233445566778899aabbccddeeff'
    await eventually(
      () => member.owned().length === 1,
      () => 'the assignment',
    )
  })

  it('whose revoke never ends are lost a margin before the rebalance timeout', async () => {
    let wanted: readonly number[] = [0]
    await using group = await ScriptedGroup.start({ beat: (beat) => ({ assigned: beat.epoch === 0 ? [0] : wanted }) })
    const losses: number[] = []
    const listener = { revoked: () => new Promise<void>(() => {}), lost: () => losses.push(systemClock.monotonicMs()) }
    const member = await group.join(listener, { rebalanceTimeoutMs: 1000 })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    const startMs = systemClock.monotonicMs()
    wanted = []
    await eventually(
      () => losses.length > 0,
      () => 'the loss',
    )
    const tookMs = (losses[0] ?? 0) - startMs
    assert.ok(tookMs > 700 && tookMs < 1000, `${tookMs} ms`)
    assert.equal(
      group.beats.some(({ epoch, owned }) => epoch === 1 && owned?.length === 0),
      false,
      'never acknowledged',
    )
  })

  it('are ours although the listener fails, and given up although it fails', async () => {
    let wanted: readonly number[] = [0]
    await using group = await ScriptedGroup.start({ beat: () => ({ assigned: wanted }) })
    const member = await group.join({
      assigned: () => {
        throw new Error('assigned failed')
      },
      revoked: () => Promise.reject(new Error('revoked failed')),
    })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    wanted = []
    await eventually(
      () => member.owned().length === 0,
      () => 'the revoke',
    )
  })
})

describe('joining', () => {
  const refusals: readonly [string, number, RegExp][] = [
    ['GROUP_ID_NOT_FOUND', 69, /another protocol: choose another group id/],
    ['INCONSISTENT_GROUP_PROTOCOL', 23, /another protocol: choose another group id/],
    ['UNSUPPORTED_VERSION', 35, /group\.version/],
    ['GROUP_AUTHORIZATION_FAILED', 30, /grant READ on group g/],
    ['GROUP_MAX_SIZE_REACHED', 81, /group\.consumer\.max\.size/],
    ['ERROR_999', 999, /ERROR_999/],
  ]
  for (const [name, errorCode, message] of refusals)
    it(`is refused with the fix: ${name}`, async () => {
      await using group = await ScriptedGroup.start({ beat: () => ({ errorCode }) })
      await assert.rejects(group.join(), (error: { code?: string; facts?: { kafka?: string }; message: string }) => {
        assert.equal(error.code, 'WB_KAFKA_REFUSED')
        assert.equal(error.facts?.kafka, name)
        assert.match(error.message, message)
        return true
      })
      await eventually(
        () => group.server.connectionCount === 1,
        () => 'only the control connection to be left',
      )
    })

  it('is refused where the cluster has no KIP-848 groups', async () => {
    await using group = await ScriptedGroup.start({ heartbeatMax: -1 })
    await assert.rejects(group.join(), { code: 'WB_KAFKA_REFUSED', message: /Kafka 4\.0/ })
  })

  it('waits for a coordinator that is not there yet', async () => {
    let asked = 0
    const extra = { [findCoordinatorKey]: (_: unknown, port: number) => coordinatorAt(port, asked++ < 3 ? 15 : 0) }
    await using group = await ScriptedGroup.start({ extra })
    await group.join()
    assert.ok(asked >= 4)
  })

  it('refuses options that cannot be meant', async () => {
    await using group = await ScriptedGroup.start()
    for (const options of [{ group: '' }, { topics: [] }, { rebalanceTimeoutMs: 0 }, { instanceId: '' }])
      await assert.rejects(group.join({}, options), { code: 'WB_OPTION_INVALID' })
  })
})

describe('leaving', () => {
  for (const [instanceId, epoch] of [
    [undefined, -1],
    ['one', -2],
  ] as const)
    it(`says epoch ${epoch} ${instanceId ? 'for a static member' : ''}, closes the connections and tells the listener nothing`, async () => {
      await using group = await ScriptedGroup.start()
      const told: string[] = []
      const listener = { lost: () => told.push('lost'), revoked: async () => void told.push('revoked') }
      const member = await group.join(listener, instanceId === undefined ? {} : { instanceId })
      await eventually(
        () => member.owned().length === 1,
        () => 'an assignment',
      )
      await Promise.all([member.leave(), member.leave()])
      const last = group.beats.at(-1)
      assert.deepEqual([last?.epoch, last?.instanceId], [epoch, instanceId ?? null])
      assert.deepEqual(told, [])
      await eventually(
        () => group.server.connectionCount === 1,
        () => 'only the control connection is left',
      )
    })

  it('ends in time although the coordinator says nothing', async () => {
    let isSilent = false
    await using group = await ScriptedGroup.start({ beat: () => (isSilent ? 'silence' : { assigned: [0] }) })
    const member = await group.join()
    isSilent = true
    const startMs = systemClock.monotonicMs()
    await member.leave()
    assert.ok(systemClock.monotonicMs() - startMs < 6000)
  })
})

describe('answers', () => {
  it('with error codes of all kinds are judged one by one, never thrown', async () => {
    let code = 0
    await using group = await ScriptedGroup.start({
      beat: (beat) =>
        code === 0 || beat.epoch === 0
          ? { assigned: [0] }
          : Buffer.concat([int32(0), int16(code), beatAnswer({}).subarray(6)]),
    })
    const losses: string[] = []
    const member = await group.join({ lost: (cause) => losses.push(cause) })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    code = 7 // REQUEST_TIMED_OUT: passes
    const before = group.beats.length
    await eventually(
      () => group.beats.length > before + 2,
      () => 'heartbeats',
    )
    assert.deepEqual(losses, [])
    code = 112 // UNSUPPORTED_ASSIGNOR: does not pass
    await eventually(
      () => losses.length > 0,
      () => 'the loss',
    )
    code = 0
    await eventually(
      () => member.owned().length === 1,
      () => 'the way back',
    )
  })
})
