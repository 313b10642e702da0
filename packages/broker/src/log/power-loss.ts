import { join } from 'node:path'
import { FlushMark } from './flush-mark.js'
import { LeaderEpochs } from './leader-epochs.js'
import { LogDirectory } from './log-directory.js'
import { type LogFiles, nodeFiles } from './log-files.js'
import { offsetName } from './segment.js'

/**
 * Acts out a power loss on a partition directory that no process has open: everything that was appended but not flushed
 * is cut off, with the producer snapshots and leader epochs that are newer than the rest. What was flushed stays. A
 * partition without a readable flush mark was never flushed and loses all.
 */
export function losePower(dir: string, files: LogFiles = nodeFiles): void {
  const directory = new LogDirectory(files, dir)
  // A clean stop flushed everything before it wrote its marker.
  if (directory.readCleanEnd() !== undefined) return
  const point = FlushMark.stored(files, dir) ?? { segment: 0, bytes: 0, offset: 0 }
  for (const baseOffset of directory.segmentOffsets()) {
    if (baseOffset > point.segment) directory.removeSegment(baseOffset)
    else if (baseOffset === point.segment) cut(files, join(dir, offsetName(baseOffset, '.log')), point.bytes)
  }
  directory.removeSnapshots((offset) => offset > point.offset)
  const epochs = new LeaderEpochs(directory.readEpochs())
  if (epochs.truncateFromEnd(point.offset)) directory.writeEpochs(epochs.entries())
}

function cut(files: LogFiles, path: string, bytes: number): void {
  const fd = files.open(path)
  try {
    if (files.size(fd) > bytes) files.truncate(fd, bytes)
  } finally {
    files.close(fd)
  }
}
