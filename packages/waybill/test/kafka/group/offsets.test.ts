import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CommitOutcome, GroupMember } from '../../../src/ports/group.js'
import { int8, topicId } from '../scripted-broker.js'
import { type Coordination, eventually, partition0, ScriptedGroup } from './scripted-group.js'

const position = { ...partition0, offset: 7, leaderEpoch: 2, metadata: 'note' }

async function owning(coordination: Coordination): Promise<{ group: ScriptedGroup; member: GroupMember }> {
  const group = await ScriptedGroup.start(coordination)
  const member = await group.join()
  await eventually(
    () => member.owned().length === 1,
    () => 'an assignment',
  )
  return { group, member }
}

async function commit(member: GroupMember, offset = 7): Promise<CommitOutcome | undefined> {
  const [outcome] = await member.commit([{ ...position, offset }])
  return outcome
}

describe('a commit', () => {
  for (const [version, topic] of [
    [10, topicId],
    [9, 't'],
  ] as const)
    it(`goes out in version ${version} under the member epoch`, async () => {
      const { group, member } = await owning({ offsetsMax: version })
      await using _ = group
      assert.deepEqual(await commit(member), { kind: 'committed' })
      assert.deepEqual(group.commits, [{ version, topic, epoch: 1, offset: 7 }])
    })

  it('under an epoch that has moved on is sent again under the new one, because the partition stayed ours', async () => {
    let epoch = 1
    const { group, member } = await owning({
      beat: (beat) => ({ epoch, ...(beat.epoch === 0 && { assigned: [0] }), intervalMs: 60_000 }),
      commit: (sent) => {
        epoch = 2
        return sent.epoch === 1 ? 113 : 0
      },
    })
    await using _ = group
    assert.deepEqual(await commit(member), { kind: 'committed' })
    assert.deepEqual(
      group.commits.map((each) => each.epoch),
      [1, 2],
    )
  })

  it('whose partition was given up and came back meanwhile is fenced, not sent under the later ownership', async () => {
    let wanted: readonly number[] = [0]
    let epoch = 1
    const assignments: string[] = []
    await using group = await ScriptedGroup.start({
      beat: () => ({ epoch, assigned: wanted }),
      commit: async () => {
        wanted = []
        await eventually(
          () => assignments.length === 2,
          () => 'the revoke',
        )
        wanted = [0]
        await eventually(
          () => assignments.length === 3,
          () => 'the new assignment',
        )
        epoch = 3
        return 113
      },
    })
    const member = await group.join({
      assigned: () => assignments.push('assigned'),
      revoked: async () => void assignments.push('revoked'),
    })
    await eventually(
      () => member.owned().length === 1,
      () => 'an assignment',
    )
    const outcome = await commit(member)
    assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
    assert.equal(group.commits.length, 1)
  })

  it('refused because we are no member is fenced, and the listener is told at once', async () => {
    for (const code of [25, 110, 69]) {
      const losses: string[] = []
      await using group = await ScriptedGroup.start({
        beat: (beat) => ({ intervalMs: 60_000, ...(beat.epoch === 0 && { assigned: [0] }) }),
        commit: () => code,
      })
      const member = await group.join({ lost: (cause) => losses.push(cause) })
      await eventually(
        () => member.owned().length === 1,
        () => 'an assignment',
      )
      const outcome = await commit(member)
      assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
      assert.equal(losses.length, 1)
    }
  })

  it('whose answer is cut, cut short or of rubbish is unknown', async () => {
    for (const reaction of ['cut', 'silence', Buffer.alloc(3), Buffer.alloc(50, 0xff)] as const) {
      const { group, member } = await owning({ commit: (_, index) => (index === 0 ? reaction : 0) })
      await using _ = group
      assert.equal((await commit(member))?.kind, 'unknown')
      assert.deepEqual(await commit(member), { kind: 'committed' })
    }
  })

  it('is tried again when the coordinator has moved, and unknown when it does not come back', async () => {
    const { group, member } = await owning({ commit: (_, index) => (index < 2 ? 16 : index < 3 ? 0 : 14) })
    await using _ = group
    assert.deepEqual(await commit(member), { kind: 'committed' })
    assert.equal(group.commits.length, 3)
    assert.deepEqual(await commit(member), { kind: 'unknown', cause: 'COORDINATOR_LOAD_IN_PROGRESS' })
  })

  it('that repeating does not help is refused by name', async () => {
    const { group, member } = await owning({ commit: () => 28 })
    await using _ = group
    assert.deepEqual(await commit(member), { kind: 'refused', code: 'INVALID_COMMIT_OFFSET_SIZE' })
  })

  it('waits for the one before it', async () => {
    let running = 0
    let most = 0
    const { group, member } = await owning({
      commit: async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return 0
      },
    })
    await using _ = group
    const outcomes = await Promise.all([1, 2, 3, 4].map((offset) => commit(member, offset)))
    assert.deepEqual(
      outcomes,
      Array.from({ length: 4 }, () => ({ kind: 'committed' })),
    )
    assert.deepEqual(
      group.commits.map(({ offset }) => offset),
      [1, 2, 3, 4],
    )
    assert.equal(most, 1)
  })
})

describe('committed positions', () => {
  it('are told exactly, and none is undefined', async () => {
    for (const offsetsMax of [9, 10]) {
      const stored = [{ offset: 12, metadata: 'note' }, { offset: -1 }]
      const { group, member } = await owning({ offsetsMax, fetched: (index) => stored[index] ?? {} })
      await using _ = group
      const [first] = await member.committed([partition0])
      assert.deepEqual(first, { ...partition0, offset: 12, leaderEpoch: 3, metadata: 'note' })
      assert.deepEqual(await member.committed([partition0]), [undefined])
    }
  })

  it('are asked for again while the epoch or a transaction moves', async () => {
    const answers = [{ groupError: 113 }, { error: 88 }, { groupError: 14 }, { offset: 5, metadata: 'n' }]
    const { group, member } = await owning({ fetched: (index) => answers[index] ?? {} })
    await using _ = group
    assert.deepEqual(await member.committed([partition0]), [
      { ...partition0, offset: 5, leaderEpoch: 3, metadata: 'n' },
    ])
  })

  it('are not told to one who is no member', async () => {
    const { group, member } = await owning({ fetched: () => ({ groupError: 25 }) })
    await using _ = group
    await assert.rejects(member.committed([partition0]), { code: 'WB_KAFKA_REFUSED' })
  })

  it('that cannot be read are unreachable at the call timeout', async () => {
    const { group, member } = await owning({ fetched: () => int8(-1) })
    await using _ = group
    await assert.rejects(member.committed([partition0]), { code: 'WB_KAFKA_UNREACHABLE' })
  })
})
