import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GroupProgress } from '../../../src/consume/pieces/group-progress.js'
import type { DueCommit } from '../../../src/consume/pieces/partition-progress.js'

const place = { topic: 'orders', partition: 0 }
const at = (offset: number) => async (): Promise<{ offset: number }> => ({ offset })

/** A promise and what ends it. */
function held<T>(): { readonly value: Promise<T>; readonly give: (value: T) => void } {
  let give: (value: T) => void = () => undefined
  const value = new Promise<T>((resolve) => {
    give = resolve
  })
  return { value, give }
}

describe('the progress of a group of another client', () => {
  it('a new assignment of a partition ends the former one', async () => {
    const progress = new GroupProgress()
    const former = await progress.assign(place, at(5))
    const delivery = former?.received(5)
    const now = await progress.assign(place, at(5))
    assert.equal(delivery?.handled(), false)
    assert.equal(former?.signal.aborted, true)
    assert.equal(progress.of(place), now)
    assert.equal(now?.position, 5)
  })

  it('an assignment that ended before the position was known does not begin', async () => {
    const progress = new GroupProgress()
    const slow = held<{ offset: number }>()
    const late = progress.assign(place, () => slow.value)
    progress.end()
    slow.give({ offset: 1 })
    assert.equal(await late, undefined)
    assert.equal(progress.of(place), undefined)
    const [first, second] = [held<{ offset: number }>(), held<{ offset: number }>()]
    const both = [progress.assign(place, () => first.value), progress.assign(place, () => second.value)]
    second.give({ offset: 2 })
    first.give({ offset: 1 })
    assert.deepEqual(
      (await Promise.all(both)).map((one) => one?.position),
      [undefined, 2],
    )
  })

  it('ends one partition and leaves the others', async () => {
    const progress = new GroupProgress()
    await progress.assign(place, at(0))
    const other = await progress.assign({ topic: 'orders', partition: 1 }, at(0))
    progress.end(place)
    assert.equal(progress.of(place), undefined)
    assert.equal(progress.of({ topic: 'orders', partition: 1 }), other)
  })

  it('commits one at a time, and what failed is due again', async () => {
    const progress = new GroupProgress()
    const partition = await progress.assign(place, at(0))
    partition?.received(0)?.handled()
    await assert.rejects(
      progress.commit(async () => {
        throw new Error('no coordinator')
      }),
      /no coordinator/,
    )
    const sent: number[] = []
    const first = held<undefined>()
    const under = progress.commit(async ([due]: readonly DueCommit[]) => {
      sent.push(due?.offset ?? -1)
      await first.value
    })
    const next = progress.commit(async ([due]) => sent.push(due?.offset ?? -1))
    await new Promise((resolve) => setImmediate(resolve))
    partition?.received(1)?.handled()
    assert.deepEqual(sent, [1])
    first.give(undefined)
    assert.deepEqual(await Promise.all([under, next]), [true, true])
    assert.deepEqual(sent, [1, 2])
    assert.equal(await progress.commit(async () => assert.fail('nothing is due')), false)
  })

  it('nothing of an ended assignment is committed', async () => {
    const progress = new GroupProgress()
    const partition = await progress.assign(place, at(0))
    partition?.received(0)?.handled()
    progress.end()
    assert.equal(await progress.commit(async () => assert.fail('nothing is due')), false)
  })
})
