import assert from 'node:assert/strict'
import type { CommitOutcome, GroupMember } from '../../ports/group.js'
import type { GroupCase } from './harness.js'
import { Recorder } from './recorder.js'
import { GroupScene } from './scene.js'
import { StoppingClock } from './stopping-clock.js'

const committed: CommitOutcome = { kind: 'committed' }

/** What commit and committed promise. */
export const commitCases: readonly GroupCase[] = [
  {
    name: 'positions come back with their leader epoch and 4096 bytes of metadata, and undefined where there are none',
    run: (harness) =>
      GroupScene.with(harness, 3, async (scene) => {
        const { member, owned } = await alone(scene)
        assert.deepEqual(await member.committed(owned), [undefined, undefined, undefined])
        const full = fitted('{"done":"é€😀\u0000\\"}'.padEnd(4096, 'é'), 4096)
        const positions = [
          { ...(owned[0] ?? assert.fail()), offset: 12, leaderEpoch: 3, metadata: full },
          { ...(owned[1] ?? assert.fail()), offset: 0, leaderEpoch: -1, metadata: '' },
        ]
        assert.deepEqual(await member.commit(positions), [committed, committed])
        assert.deepEqual(await member.committed(owned), [...positions, undefined])
        assert.deepEqual(await member.committed([]), [])
      }),
  },
  {
    name: 'metadata of 4097 bytes is refused, and the other partitions of the call are committed',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const { member, owned } = await alone(scene)
        const outcomes = await member.commit([
          { ...(owned[0] ?? assert.fail()), offset: 1, leaderEpoch: 0, metadata: fitted('é'.repeat(4097), 4097) },
          { ...(owned[1] ?? assert.fail()), offset: 2, leaderEpoch: 0, metadata: '' },
        ])
        assert.deepEqual(outcomes, [{ kind: 'refused', code: 'OFFSET_METADATA_TOO_LARGE' }, committed])
        assert.deepEqual(await scene.committed(member), [-1, 2])
      }),
  },
  {
    name: 'a commit after leaving is fenced, and the position stays',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const { member, owned } = await alone(scene)
        assert.deepEqual(await scene.commit(member, owned, 5), [committed])
        await member.leave()
        const [outcome] = await scene.commit(member, owned, 6)
        assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
        await assert.rejects(member.committed(owned), { code: 'WB_KAFKA_REFUSED' })
        const other = await alone(scene)
        assert.deepEqual(await scene.committed(other.member), [5])
      }),
  },
  {
    name: 'a commit of a member that was fenced and does not know it is fenced, and the position stays',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const clock = new StoppingClock(harness.clock)
        const a = new Recorder('a')
        const zombie = await scene.join(a, { kafka: scene.open({ clock }) })
        await scene.shared([a, 1])
        const owned = zombie.owned()
        clock.freeze() // no heartbeats, and no time passes for it
        const { member } = await alone(scene)
        assert.deepEqual(await scene.commit(member, owned, 9), [committed])
        assert.deepEqual(zombie.owned(), owned)
        const [outcome] = await scene.commit(zombie, owned, 5)
        assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
        assert.deepEqual(await scene.committed(member), [9])
        assert.equal(a.losses.length, 1, 'told at once')
        assert.deepEqual(zombie.owned(), [])
        clock.thaw('jump')
      }),
  },
  {
    name: 'a partition that is not ours is not committed',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const first = await scene.join(a)
        const second = await scene.join(b, { kafka: scene.open() })
        await scene.shared([a, 1], [b, 1])
        assert.deepEqual(await scene.commit(second, b.partitions, 3), [committed])
        const outcomes = await scene.commit(first, [...b.partitions, ...a.partitions], 8)
        assert.deepEqual(outcomes, [{ kind: 'not-owned' }, committed])
        assert.deepEqual(await scene.committed(second, b.partitions), [3])
      }),
  },
  {
    name: 'a commit whose answer is cut off is unknown, and can be repeated',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const { member, owned, recorder } = await alone(scene)
        await harness.dropNextCommitResponse()
        const [outcome] = await scene.commit(member, owned, 5)
        assert.equal(outcome?.kind, 'unknown', JSON.stringify(outcome))
        assert.deepEqual(await scene.commit(member, owned, 5), [committed])
        assert.deepEqual(await scene.committed(member), [5])
        assert.deepEqual(recorder.losses, [])
      }),
  },
  {
    name: 'commits of partitions that stay succeed while others come and go',
    run: (harness) =>
      GroupScene.with(harness, 4, async (scene) => {
        const { member, recorder } = await alone(scene)
        let isOver = false
        const committing = commitOn(scene, member, () => isOver)
        for (const name of ['b', 'c']) {
          const guest = new Recorder(name)
          const visiting = await scene.join(guest, { kafka: scene.open() })
          await scene.shared([recorder, 2], [guest, 2])
          await visiting.leave()
          await scene.shared([recorder, 4])
        }
        isOver = true
        const { count, failures } = await committing
        assert.deepEqual(failures, [])
        assert.ok(count > 20, `only ${count} commits`)
        assert.deepEqual(recorder.losses, [])
      }),
  },
]

async function alone(
  scene: GroupScene,
): Promise<{ member: GroupMember; owned: readonly (typeof scene.partitions)[number][]; recorder: Recorder }> {
  const recorder = new Recorder('alone')
  const member = await scene.join(recorder)
  await scene.shared([recorder, scene.partitions.length])
  return { member, owned: recorder.partitions, recorder }
}

/** Commits what is owned again and again; failures are outcomes for partitions that were owned before and after. */
async function commitOn(
  scene: GroupScene,
  member: GroupMember,
  isOver: () => boolean,
): Promise<{ count: number; failures: string[] }> {
  const failures: string[] = []
  let count = 0
  for (; !isOver(); count++) {
    const before = member.owned()
    const outcomes = await scene.commit(member, before, count)
    const after = new Set(member.owned().map(({ partition }) => partition))
    outcomes.forEach((outcome, index) => {
      const partition = before[index]?.partition ?? -1
      if (outcome.kind !== 'committed' && after.has(partition))
        failures.push(`${partition}: ${JSON.stringify(outcome)}`)
    })
    await scene.harness.clock.sleep(2)
  }
  return { count, failures }
}

/** The text cut or filled to exactly so many bytes. */
function fitted(text: string, bytes: number): string {
  let fit = text
  while (Buffer.byteLength(fit) > bytes) fit = fit.slice(0, -1)
  return fit + 'x'.repeat(bytes - Buffer.byteLength(fit))
}
