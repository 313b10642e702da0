import type { LogFiles } from '../log/log-files.js'

/**
 * File operations on a disk that can be declared full. Like a real full disk it refuses what makes a file grow (ENOSPC)
 * and still takes what is written in place; so a duplicate is still answered and a bad batch still refused as such.
 */
export function filesOnFullDisk(files: LogFiles, isFull: () => boolean): LogFiles {
  return {
    ...files,
    write(fd, parts, position) {
      const end = position + parts.reduce((sum, part) => sum + part.length, 0)
      if (isFull() && end > files.size(fd)) {
        throw Object.assign(new Error('ENOSPC: no space left on device, write (fault switch)'), { code: 'ENOSPC' })
      }
      return files.write(fd, parts, position)
    },
  }
}
