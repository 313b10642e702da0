import { crc32 } from './checksum.js'

// Words with blanks between them: the progress ("wb1.…", progress-metadata.ts) or nothing; "@" and the place's checksum; the
// detector's state ("wbs1.…", sequence-state.ts), where there is room. Readers of one word leave the others alone.
const placeMark = '@'
const stateMark = 'wbs1.'

/** What of a commit's metadata is for the progress: Kafka's default of 4096 less the word for the place. */
export const progressBytesMax: number = 4096 - ` ${placeMark}`.length - 8

/** Kafka's default `offset.metadata.max.bytes`. */
const metadataBytesMax = 4096

/** What a commit's metadata says, its progress apart. */
export interface CommitWords {
  /** The progress, as `parseMetadata` takes it; anything in a foreign text. */
  readonly progress: string
  /** The detector's state, as `SequenceDetector.import` takes it. */
  readonly state: string | undefined
  /** True when it was written for another place: another topic id, so another topic of the same name. */
  readonly isElsewhere: boolean
}

/**
 * The metadata of a commit. The progress comes first and is never cut; the state of the detector gets what is left, and
 * `stateWithin` gives one that fits or none. `place` names topic id and partition.
 */
export function writeCommitMetadata(
  progress: string,
  place: string,
  stateWithin: (bytesMax: number) => string | undefined,
): string {
  const text = `${progress} ${placeMark}${checksumOf(place)}`
  const state = stateWithin(metadataBytesMax - text.length - 1)
  return state === undefined ? text : `${text} ${state}`
}

/** Reads any text; a foreign one has words of no meaning, which say nothing. */
export function readCommitMetadata(text: string, place: string): CommitWords {
  const [progress = '', ...others] = text.split(' ')
  const isOurs = progress.startsWith('wb1.')
  const written = others.find((word) => word.startsWith(placeMark))
  return {
    progress,
    state: isOurs ? others.find((word) => word.startsWith(stateMark)) : undefined,
    isElsewhere: isOurs && written !== undefined && written !== `${placeMark}${checksumOf(place)}`,
  }
}

function checksumOf(place: string): string {
  return crc32(Buffer.from(place)).toString(16).padStart(8, '0')
}
