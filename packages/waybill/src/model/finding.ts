import type { Incarnation } from './flight.js'
import type { Sequenced, Sighting } from './sequence.js'

/** What went wrong; each kind has its page in the audit's guide. */
export type FindingKind =
  | 'gap'
  | 'tail'
  | 'truncated'
  | 'retention'
  | 'topic-recreated'
  | 'overwritten'
  | 'corrupt'
  | 'duplicate'
  | 'reordered'
  | 'offset-reset'
  | 'aborted-visible'

/** Facts that let a person, or a test, check the finding. */
export type Evidence = Readonly<Record<string, string | number | boolean>>

/** Something lost, doubled or out of order: what, where, how much, and how that is known. */
export interface Finding {
  readonly kind: FindingKind
  readonly topic: string
  readonly partition: number
  /** Whose numbering the range is in, for ranges of sequences. */
  readonly producer?: string
  readonly incarnation?: Incarnation
  readonly unit: 'sequence' | 'offset'
  /** First of the range. */
  readonly from: number
  /** Length of the range. */
  readonly length: number
  /** Messages concerned, at least. */
  readonly count: number
  readonly evidence: Evidence
}

/** Names a finding: the same one found again, by whoever, has the same name. */
export function findingName(finding: Finding): string {
  const { kind, topic, partition, producer, incarnation, unit, from, length } = finding
  const whose = incarnation ? ` ${producer ?? ''} ${incarnation.producerId}.${incarnation.producerEpoch}` : ''
  return `${kind} ${topic}-${partition}${whose} ${unit} ${from}+${length}`
}

/**
 * The finding in what the detector said of a record; `undefined` when all is well or nothing can be said (`unread`: the
 * verdict is unknown there, which is for the auditor to keep).
 */
export function findingOf(
  sighting: Sighting,
  record: Sequenced,
  place: { readonly topic: string; readonly partition: number },
): Finding | undefined {
  const { producer, incarnation, sequence, offset, count = 1 } = record
  const { topic, partition } = place
  const base = { topic, partition, producer, incarnation }
  switch (sighting.kind) {
    case 'gap': {
      const { missing, lostAtLeast, unread } = sighting
      const evidence = { offset, sequence, unreadOffsets: unread.offsets, reasons: unread.reasons.join(',') }
      const range = { unit: 'sequence', from: missing.from, length: missing.count } as const
      return { kind: 'gap', ...base, ...range, count: lostAtLeast, evidence }
    }
    case 'duplicate':
    case 'reordered':
      return {
        kind: sighting.kind,
        ...base,
        unit: 'sequence',
        from: sequence,
        length: count,
        count,
        evidence: { offset },
      }
    case 'overwritten':
      return {
        kind: 'overwritten',
        ...base,
        unit: 'offset',
        from: offset,
        length: count,
        count,
        evidence: { sequence },
      }
    case 'ok':
    case 're-read':
    case 'healed':
    case 'new-incarnation':
    case 'unchecked':
    case 'first-sight':
    case 'unread':
      return undefined
  }
}
