import { join } from 'node:path'
import { readCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { EpochStart } from './leader-epochs.js'
import type { LogFiles } from './log-files.js'
import type { SnapshotEntry } from './producer-state.js'
import { offsetName, offsetsOf } from './segment.js'

const SNAPSHOT = '.snapshot'

/**
 * The small files beside the segments of one partition. Each has a checksum and is replaced in one step; each can be
 * missing: the log start then comes from the first segment, epochs and producers from the batches, and no clean marker
 * means an unclean stop.
 */
export class LogDirectory {
  readonly path: string
  readonly files: LogFiles

  constructor(files: LogFiles, path: string) {
    this.files = files
    this.path = path
  }

  segmentOffsets(): number[] {
    return offsetsOf(this.files.list(this.path), '.log')
  }
  /** Removes a segment file and says how many bytes it had. */
  removeSegment(baseOffset: number): number {
    const path = join(this.path, offsetName(baseOffset, '.log'))
    const fd = this.files.open(path)
    const bytes = this.files.size(fd)
    this.files.close(fd)
    this.files.remove(path)
    return bytes
  }

  readLogStart(): number {
    const value = readCheckpoint(this.files, join(this.path, 'log-start-offset'))
    return typeof value === 'number' ? value : 0
  }
  writeLogStart(offset: number): void {
    writeCheckpoint(this.files, join(this.path, 'log-start-offset'), offset)
  }

  readEpochs(): EpochStart[] {
    const value = readCheckpoint(this.files, join(this.path, 'leader-epochs'))
    return Array.isArray(value) ? (value as EpochStart[]) : []
  }
  writeEpochs(entries: readonly EpochStart[]): void {
    writeCheckpoint(this.files, join(this.path, 'leader-epochs'), entries)
  }

  /** The end offset of a log that was closed cleanly, or undefined. */
  readCleanEnd(): number | undefined {
    const value = readCheckpoint(this.files, join(this.path, 'clean'))
    return typeof value === 'number' ? value : undefined
  }
  writeCleanEnd(endOffset: number): void {
    writeCheckpoint(this.files, join(this.path, 'clean'), endOffset)
  }
  removeCleanEnd(): void {
    this.files.remove(join(this.path, 'clean'))
    this.files.syncDir(this.path)
  }

  snapshotOffsets(): number[] {
    return offsetsOf(this.files.list(this.path), SNAPSHOT)
  }
  /** The producers as of `offset`, or undefined when that snapshot is damaged. */
  readSnapshot(offset: number): SnapshotEntry[] | undefined {
    const value = readCheckpoint(this.files, join(this.path, offsetName(offset, SNAPSHOT)))
    return Array.isArray(value) ? (value as SnapshotEntry[]) : undefined
  }
  writeSnapshot(offset: number, entries: readonly SnapshotEntry[]): void {
    writeCheckpoint(this.files, join(this.path, offsetName(offset, SNAPSHOT)), entries)
  }
  removeSnapshots(which: (offset: number) => boolean): void {
    for (const offset of this.snapshotOffsets().filter(which)) {
      this.files.remove(join(this.path, offsetName(offset, SNAPSHOT)))
    }
  }
}
