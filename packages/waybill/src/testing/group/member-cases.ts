import assert from 'node:assert/strict'
import { WaybillError } from '../../model/errors.js'
import type { GroupPartition } from '../../ports/group.js'
import type { GroupCase } from './harness.js'
import { OwnershipBoard, Recorder } from './recorder.js'
import { GroupScene } from './scene.js'
import { StoppingClock } from './stopping-clock.js'

/** What joining, sharing, losing and leaving promise. */
export const memberCases: readonly GroupCase[] = [
  {
    name: 'one member gets all partitions, after its join has resolved',
    run: (harness) =>
      GroupScene.with(harness, 4, async (scene) => {
        const recorder = new Recorder('a')
        const member = await scene.join(recorder)
        assert.deepEqual(recorder.told, [])
        assert.deepEqual(member.owned(), [])
        await scene.shared([recorder, 4])
        assert.deepEqual(sorted(member.owned()), scene.partitions)
        assert.match(member.memberId, /^[A-Za-z0-9_][A-Za-z0-9_-]+$/)
        await member.leave()
        await member.leave()
        assert.deepEqual(member.owned(), [])
        assert.deepEqual(recorder.losses, [])
      }),
  },
  {
    name: 'members share the partitions, and none belongs to two at any time',
    run: (harness) =>
      GroupScene.with(harness, 6, async (scene) => {
        const board = new OwnershipBoard()
        const slowly = { board, onRevoke: () => harness.clock.sleep(400) }
        const [a, b, c] = [new Recorder('a', slowly), new Recorder('b', slowly), new Recorder('c', slowly)]
        const first = await scene.join(a)
        await scene.shared([a, 6])
        const second = await scene.join(b, { kafka: scene.open() })
        await scene.shared([a, 3], [b, 3])
        await scene.join(c, { kafka: scene.open() })
        await scene.shared([a, 2], [b, 2], [c, 2])
        assert.deepEqual(sorted(first.owned()), a.partitions)
        b.left() // before the call: the others may be assigned while it runs
        await second.leave()
        await scene.shared([a, 3], [c, 3])
        board.check()
        assert.deepEqual([...a.losses, ...b.losses, ...c.losses], [])
      }),
  },
  {
    name: 'a partition that is being given up can be committed until the listener is done, and moves only then',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        let given: readonly GroupPartition[] = []
        let release = (): void => {}
        const held = new Promise<void>((resolve) => {
          release = resolve
        })
        const onRevoke = async (partitions: readonly GroupPartition[]): Promise<void> => {
          given = partitions
          await held
          const outcomes = await scene.commit(first, partitions, 7)
          assert.deepEqual(outcomes, [{ kind: 'committed' }])
        }
        const a = new Recorder('a', { onRevoke })
        const first = await scene.join(a)
        await scene.shared([a, 2])
        const b = new Recorder('b')
        const second = await scene.join(b, { kafka: scene.open() })
        await scene.until(
          () => given.length === 1,
          () => 'the revoke',
        )
        // Longer than the session: heartbeats go on while the listener works.
        await harness.clock.sleep(harness.sessionTimeoutMs * 1.2)
        assert.deepEqual(b.told, [])
        release()
        await scene.shared([a, 1], [b, 1])
        assert.deepEqual(b.partitions, given)
        assert.deepEqual(await scene.committed(second, given), [7])
        assert.deepEqual(a.losses, [])
      }),
  },
  {
    name: 'a member that never gives up is out after the rebalance timeout, is told, and joins again',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const board = new OwnershipBoard()
        const a = new Recorder('a', { board, onRevoke: () => new Promise(() => {}) })
        await scene.join(a, { rebalanceTimeoutMs: 2000 })
        await scene.shared([a, 2])
        const b = new Recorder('b', { board })
        await scene.join(b, { kafka: scene.open() })
        await scene.shared([a, 1], [b, 1])
        assert.equal(a.losses.length, 1, a.told.join('; '))
        assert.match(a.told.slice(0, 3).join('; '), /^assigned 0,1; revoked [01]; lost$/)
        board.check()
      }),
  },
  {
    name: "a silent member's partitions move when its session has ended",
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const dying = scene.open()
        await scene.join(a, { kafka: dying })
        await scene.join(b, { kafka: scene.open() })
        await scene.shared([a, 1], [b, 1])
        const startMs = harness.clock.monotonicMs()
        await dying.close() // without leaving
        assert.equal(a.losses.length, 1)
        await scene.until(
          () => b.partitions.length === 2,
          () => `b to own both: ${b.told.join('; ')}`,
        )
        assert.ok(
          harness.clock.monotonicMs() - startMs > harness.sessionTimeoutMs * 0.4,
          'not before its session ended',
        )
      }),
  },
  {
    name: 'a process that was stopped learns first of all that its session is over',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const clock = new StoppingClock(harness.clock)
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const stopped = await scene.join(a, { kafka: scene.open({ clock }) })
        await scene.shared([a, 2])
        clock.freeze()
        const next = await scene.join(b, { kafka: scene.open() })
        await scene.until(
          () => b.partitions.length === 2,
          () => `b to own both: ${b.told.join('; ')}`,
        )
        assert.deepEqual(await scene.commit(next, scene.partitions, 9), [{ kind: 'committed' }, { kind: 'committed' }])
        assert.deepEqual(a.losses, [])
        clock.thaw('jump')
        // In the same turn: nothing was asked of the coordinator yet.
        assert.deepEqual(stopped.owned(), [])
        assert.equal(a.losses.length, 1)
        const [outcome] = await scene.commit(stopped, [scene.partitions[0] ?? assert.fail()], 3)
        assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
        assert.deepEqual(await scene.committed(next), [9, 9])
        await scene.shared([a, 1], [b, 1])
      }),
  },
  {
    name: 'a member of a group that was deleted meanwhile is told and joins the new one',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const clock = new StoppingClock(harness.clock)
        const a = new Recorder('a')
        const member = await scene.join(a, { kafka: scene.open({ clock }) })
        await scene.shared([a, 1])
        assert.deepEqual(await scene.commit(member, scene.partitions, 5), [{ kind: 'committed' }])
        clock.freeze()
        await harness.deleteGroup(scene.group)
        clock.thaw('unaware')
        await scene.until(
          () => a.told.join('; ') === 'assigned 0; lost; assigned 0',
          () => `a new assignment: ${a.told.join('; ')}`,
        )
        assert.deepEqual(await scene.committed(member), [-1])
      }),
  },
  {
    name: 'members own their partitions again after a restart of the broker',
    run: (harness) =>
      GroupScene.with(harness, 2, async (scene) => {
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const first = await scene.join(a)
        const second = await scene.join(b, { kafka: scene.open() })
        await scene.shared([a, 1], [b, 1])
        assert.deepEqual(await scene.commit(first, a.partitions, 4), [{ kind: 'committed' }])
        const committed = a.partitions
        await harness.restartBroker()
        await scene.until(
          () => first.owned().length === 1 && second.owned().length === 1,
          () => `one each: ${a.told.join('; ')} and ${b.told.join('; ')}`,
        )
        assert.deepEqual(await scene.committed(second, committed), [4])
        const [outcome] = await scene.commit(second, second.owned(), 8)
        assert.equal(outcome?.kind, 'committed', JSON.stringify(outcome))
      }),
  },
  {
    name: 'a static member that comes back gets its partitions without anybody else losing one',
    run: (harness) =>
      GroupScene.with(harness, 4, async (scene) => {
        const [a, b, again] = [new Recorder('a'), new Recorder('b'), new Recorder('a again')]
        const first = await scene.join(a, { instanceId: 'one', kafka: scene.open() })
        await scene.join(b, { instanceId: 'two' })
        await scene.shared([a, 2], [b, 2])
        const [mine, told] = [a.partitions, b.told.length]
        await first.leave()
        await scene.join(again, { instanceId: 'one', kafka: scene.open() })
        await scene.until(
          () => again.partitions.length === 2,
          () => again.told.join('; '),
        )
        assert.deepEqual(again.partitions, mine)
        assert.equal(b.told.length, told, b.told.join('; '))
      }),
  },
  {
    name: 'of two members with one instance id one goes on, and the other has an error that names the fix',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const first = await scene.join(a, { instanceId: 'one' })
        await scene.shared([a, 1])
        const kafka = scene.open({ callTimeoutMs: 500 })
        const second = await scene
          .join(b, { instanceId: 'one', kafka })
          .catch((error: unknown) => error as WaybillError)
        if (second instanceof WaybillError) {
          // KIP-848: who is there stays.
          assert.equal(second.code, 'WB_KAFKA_REFUSED')
          assert.match(second.message, /UNRELEASED_INSTANCE_ID.*instance id one/)
          assert.deepEqual(await scene.commit(first, a.partitions, 5), [{ kind: 'committed' }])
          assert.deepEqual(a.told, ['assigned 0'])
          return
        }
        // Classic: the newest wins.
        await scene.shared([b, 1])
        const outcomes = await scene.commit(first, scene.partitions, 5)
        assert.match(String(outcomes[0]?.kind), /^(fenced|not-owned)$/)
        await scene.until(
          () => a.ends.length === 1,
          () => a.told.join('; '),
        )
        assertReplaced(a)
        assert.deepEqual(await scene.committed(second), [-1])
      }),
  },
  {
    name: 'a static member that was silent and finds its place taken ends, commits nothing, and does not take it back',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const clock = new StoppingClock(harness.clock)
        const [a, b] = [new Recorder('a'), new Recorder('b')]
        const silent = await scene.join(a, { instanceId: 'one', kafka: scene.open({ clock }) })
        await scene.shared([a, 1])
        clock.freeze()
        const next = await scene.join(b, { instanceId: 'one', kafka: scene.open() })
        await scene.shared([b, 1])
        assert.deepEqual(await scene.commit(next, scene.partitions, 9), [{ kind: 'committed' }])
        const [outcome] = await scene.commit(silent, scene.partitions, 5)
        assert.equal(outcome?.kind, 'fenced', JSON.stringify(outcome))
        clock.thaw('unaware')
        await scene.until(
          () => a.ends.length === 1,
          () => a.told.join('; '),
        )
        assertReplaced(a)
        await harness.clock.sleep(harness.sessionTimeoutMs / 2)
        assert.deepEqual(await scene.committed(next), [9])
        assert.deepEqual([a.ends.length, b.told], [1, ['assigned 0']])
      }),
  },
  {
    name: 'a member that takes any protocol shares a group with classic members, whether the broker converts it or not',
    run: (harness) =>
      GroupScene.with(harness, 4, async (scene) => {
        const board = new OwnershipBoard()
        const [a, b] = [new Recorder('a', { board }), new Recorder('b', { board })]
        const first = await scene.join(a, { groupProtocol: 'classic' })
        await scene.shared([a, 4])
        assert.deepEqual(
          await scene.commit(first, a.partitions, 3),
          scene.partitions.map(() => ({ kind: 'committed' })),
        )
        const second = await scene.join(b, { groupProtocol: 'auto', kafka: scene.open() })
        await scene.shared([a, 2], [b, 2])
        for (const [member, { partitions }] of [
          [first, a],
          [second, b],
        ] as const) {
          assert.deepEqual(await scene.committed(member, partitions), [3, 3])
          assert.deepEqual(await scene.commit(member, partitions, 4), [{ kind: 'committed' }, { kind: 'committed' }])
        }
        a.left()
        await first.leave()
        await scene.shared([b, 4])
        board.check()
        assert.deepEqual([...a.losses, ...b.losses], [])
      }),
  },
  {
    name: 'a topic that is created later is assigned when it is there',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        const later = `${scene.topic}-later`
        const recorder = new Recorder('a')
        await scene.join(recorder, { topics: [scene.topic, later] })
        await scene.shared([recorder, 1])
        await scene.kafka.createTopics([{ topic: later, partitions: 2, replicationFactor: 1 }])
        await scene.until(
          () => recorder.partitions.length === 3,
          () => recorder.told.join('; '),
        )
        assert.deepEqual(recorder.losses, [])
      }),
  },
  {
    name: 'a group id in use by another protocol is refused, with the fix',
    run: (harness) =>
      GroupScene.with(harness, 1, async (scene) => {
        await harness.occupyGroup(scene.group)
        await assert.rejects(scene.join(new Recorder('a')), {
          code: 'WB_KAFKA_REFUSED',
          message: /another protocol: choose another group id/,
        })
      }),
  },
  {
    name: 'joining where nobody answers ends at the call timeout',
    run: async (harness) => {
      const kafka = harness.openNowhere({ callTimeoutMs: 300 })
      try {
        const joining = kafka.join({ group: 'g', topics: ['t'], rebalanceTimeoutMs: 1000 }, new Recorder('a'))
        await assert.rejects(joining, { code: 'WB_KAFKA_UNREACHABLE' })
      } finally {
        await kafka.close()
      }
    },
  },
]

/** Told of the loss, then of the end with its reason, and nothing after it. */
function assertReplaced(recorder: Recorder): void {
  assert.deepEqual(recorder.told.slice(-2), ['lost', 'ended'])
  const [end] = recorder.ends
  assert.equal(end?.code, 'WB_INSTANCE_FENCED')
  assert.match(end.message, /instance id one.*give each process an instance id of its own/)
}

function sorted(partitions: readonly GroupPartition[]): GroupPartition[] {
  return [...partitions].sort((a, b) => a.partition - b.partition)
}
