import assert from 'node:assert/strict'
import type { WaybillError } from '../../model/errors.js'
import type { GroupListener, GroupPartition } from '../../ports/group.js'

/** Who owns what at this moment. Fails when a partition is taken while another holds it. */
export class OwnershipBoard {
  readonly #owners = new Map<string, string>()
  readonly #breaches: string[] = []

  take(owner: string, partition: GroupPartition): void {
    const key = placeOf(partition)
    const before = this.#owners.get(key)
    if (before !== undefined) this.#breaches.push(`${key} was assigned to ${owner} while ${before} had it`)
    this.#owners.set(key, owner)
  }

  release(owner: string, partition: GroupPartition): void {
    const key = placeOf(partition)
    if (this.#owners.get(key) !== owner) this.#breaches.push(`${key} was given up by ${owner}, which did not have it`)
    this.#owners.delete(key)
  }

  /** Nothing was ever owned twice. */
  check(): void {
    assert.deepEqual(this.#breaches, [])
  }
}

/** A listener that writes down what it is told, and holds a revoke as long as `onRevoke` says. */
export class Recorder implements GroupListener {
  readonly name: string
  /** `assigned 0,1`, `revoked 1`, `lost`. */
  readonly told: string[] = []
  readonly losses: string[] = []
  readonly ends: WaybillError[] = []
  readonly #board: OwnershipBoard
  readonly #onRevoke: (partitions: readonly GroupPartition[]) => Promise<void>
  #mine = new Map<string, GroupPartition>()
  #isTelling = false

  constructor(
    name: string,
    {
      board = new OwnershipBoard(),
      onRevoke = async () => {},
    }: { board?: OwnershipBoard; onRevoke?: (partitions: readonly GroupPartition[]) => Promise<void> } = {},
  ) {
    this.name = name
    this.#board = board
    this.#onRevoke = onRevoke
  }

  /** The partitions of ours, as the listener was told. */
  get partitions(): readonly GroupPartition[] {
    return [...this.#mine.values()].sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
  }

  assigned(partitions: readonly GroupPartition[]): void {
    assert.equal(this.#isTelling, false, 'told while a revoke was running')
    this.told.push(`assigned ${numbers(partitions)}`)
    for (const each of partitions) {
      this.#mine.set(placeOf(each), each)
      this.#board.take(this.name, each)
    }
  }

  async revoked(partitions: readonly GroupPartition[]): Promise<void> {
    assert.equal(this.#isTelling, false, 'told while a revoke was running')
    this.told.push(`revoked ${numbers(partitions)}`)
    this.#isTelling = true
    const mine = this.#mine
    await this.#onRevoke(partitions)
    if (mine !== this.#mine) return // lost meanwhile
    this.#isTelling = false
    for (const each of partitions) this.#drop(each)
  }

  lost(cause: string): void {
    this.told.push('lost')
    this.losses.push(cause)
    for (const each of this.#mine.values()) this.#board.release(this.name, each)
    this.#mine = new Map()
    this.#isTelling = false
  }

  ended(error: WaybillError): void {
    this.told.push('ended')
    this.ends.push(error)
  }

  /** After leaving, about which no listener is told. */
  left(): void {
    for (const each of this.#mine.values()) this.#drop(each)
  }

  #drop(partition: GroupPartition): void {
    this.#mine.delete(placeOf(partition))
    this.#board.release(this.name, partition)
  }
}

function placeOf({ topic, partition }: GroupPartition): string {
  return `${topic}-${partition}`
}

function numbers(partitions: readonly GroupPartition[]): string {
  return partitions
    .map(({ partition }) => partition)
    .sort((a, b) => a - b)
    .join()
}
