import type { CommitOutcome, CommittedOffset } from '../../../src/ports/group.js'

interface Member {
  epoch: number
  /** What the member says it owns. */
  owned: Set<number>
  heardMs: number
}

/** What a heartbeat is answered with. */
export type HeartbeatAnswer =
  | { readonly kind: 'ok'; readonly epoch: number; readonly target: ReadonlySet<number> }
  | { readonly kind: 'fenced' }

/**
 * One group's coordinator after KIP-848: a partition goes to a new member only when its owner has said that it no longer
 * owns it, or is gone. Written apart from the adapter and from `@waybill/broker`.
 */
export class Coordinator {
  readonly #partitions: number
  readonly #sessionMs: number
  readonly #members = new Map<string, Member>()
  readonly #positions = new Map<number, CommittedOffset>()
  /** Where a seek may take a position back to, by partition. */
  readonly #backTo = new Map<number, Map<number, (id: string) => void>>()
  readonly #metadataMax: number
  #epoch = 0
  /** Commits that moved a position back: somebody committed what was no longer his. */
  readonly regressions: string[] = []

  /** `metadataMax`: the cluster's `offset.metadata.max.bytes`. */
  constructor(partitions: number, sessionMs: number, metadataMax: number) {
    this.#partitions = partitions
    this.#sessionMs = sessionMs
    this.#metadataMax = metadataMax
  }

  /** Somebody seeks: a position that falls to this place is no broken promise. `taken`: a member made it its position. */
  mayGoBack(partition: number, offset: number, taken: (id: string) => void): void {
    const ofPartition = this.#backTo.get(partition) ?? new Map<number, (id: string) => void>()
    this.#backTo.set(partition, ofPartition.set(offset, taken))
  }

  join(id: string, nowMs: number): void {
    this.#epoch++
    this.#members.set(id, { epoch: this.#epoch, owned: new Set(), heardMs: nowMs })
  }

  leave(id: string): void {
    if (this.#members.delete(id)) this.#epoch++
  }

  heartbeat(id: string, epoch: number, owned: ReadonlySet<number>, nowMs: number): HeartbeatAnswer {
    this.#expire(nowMs)
    const member = this.#members.get(id)
    if (!member || epoch > member.epoch) return { kind: 'fenced' }
    member.heardMs = nowMs
    member.owned = new Set(owned)
    const share = this.#shareOf(id)
    // What another member still owns is withheld until it has let go.
    const target = new Set([...share].filter((partition) => !this.#ownedByOther(partition, id)))
    // Handed out counts as owned from now on, before the member has said so: the answer may still be on its way.
    for (const partition of target) member.owned.add(partition)
    const surplus = [...owned].some((partition) => !share.has(partition))
    if (!surplus) member.epoch = this.#epoch
    return { kind: 'ok', epoch: member.epoch, target }
  }

  commit(id: string, epoch: number, offset: CommittedOffset): CommitOutcome {
    const member = this.#members.get(id)
    if (!member || member.epoch !== epoch) return { kind: 'fenced', cause: 'member epoch' }
    if (offset.metadata.length > this.#metadataMax) return { kind: 'refused', code: 'OFFSET_METADATA_TOO_LARGE' }
    const before = this.#positions.get(offset.partition)?.offset ?? 0
    const taken = this.#backTo.get(offset.partition)?.get(offset.offset)
    taken?.(id)
    if (offset.offset < before && !taken)
      this.regressions.push(`position of partition ${offset.partition} fell from ${before} to ${offset.offset}`)
    this.#positions.set(offset.partition, offset)
    return { kind: 'committed' }
  }

  committed(partition: number): CommittedOffset | undefined {
    return this.#positions.get(partition)
  }

  /** Another tool writes over the metadata of all positions. */
  garble(): void {
    for (const [partition, position] of this.#positions)
      this.#positions.set(partition, { ...position, metadata: `other tool ${partition}` })
  }

  #expire(nowMs: number): void {
    for (const [id, member] of this.#members)
      if (nowMs - member.heardMs > this.#sessionMs) {
        this.#members.delete(id)
        this.#epoch++
      }
  }

  #shareOf(id: string): Set<number> {
    const ids = [...this.#members.keys()].sort()
    const at = ids.indexOf(id)
    const share = new Set<number>()
    for (let partition = 0; partition < this.#partitions; partition++)
      if (partition % ids.length === at) share.add(partition)
    return share
  }

  #ownedByOther(partition: number, id: string): boolean {
    for (const [other, member] of this.#members) if (other !== id && member.owned.has(partition)) return true
    return false
  }
}
