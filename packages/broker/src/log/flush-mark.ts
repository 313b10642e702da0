import { join } from 'node:path'
import { crc32c } from './crc32c.js'
import { type LogFiles, writeFully } from './log-files.js'

const NAME = 'flushed'

/** How far the partition is on the disk for sure: all older segments, and `bytes` of the one that starts at `segment`. */
export interface FlushPoint {
  segment: number
  bytes: number
  /** The first offset that is not flushed. */
  offset: number
}

/**
 * The page-cache model's memory, one fixed-width line rewritten in place after every flush. It exists so that a power
 * loss can be acted out by a later process too. It is written after the sync it tells of, and not synced itself: a
 * process crash keeps it (the page cache outlives the process), and after a real power loss it is at worst older than
 * the truth, which only makes the recovery scan longer. It plays the part of Kafka's recovery-point-offset-checkpoint.
 */
export class FlushMark {
  readonly #files: LogFiles
  readonly #fd: number
  #point: FlushPoint

  private constructor(files: LogFiles, fd: number, point: FlushPoint) {
    this.#files = files
    this.#fd = fd
    this.#point = point
  }

  static open(files: LogFiles, dir: string, point: FlushPoint): FlushMark {
    const mark = new FlushMark(files, files.open(join(dir, NAME)), point)
    mark.set(point)
    return mark
  }

  /** The point stored in `dir`, or undefined when nothing (readable) is stored: then nothing is known to be flushed. */
  static stored(files: LogFiles, dir: string): FlushPoint | undefined {
    const [segment, bytes, offset, sum] = files.readText(join(dir, NAME))?.trim().split(' ') ?? []
    if (segment === undefined || bytes === undefined || offset === undefined) return undefined
    const point = { segment: Number(segment), bytes: Number(bytes), offset: Number(offset) }
    return line(point).trim().endsWith(` ${sum}`) ? point : undefined
  }

  get point(): FlushPoint {
    return this.#point
  }

  set(point: FlushPoint): void {
    writeFully(this.#files, this.#fd, [Buffer.from(line(point))], 0)
    this.#point = point
  }

  close(): void {
    this.#files.close(this.#fd)
  }
}

function line({ segment, bytes, offset }: FlushPoint): string {
  const text = [segment, bytes, offset].map((value) => String(value).padStart(20, '0')).join(' ')
  return `${text} ${crc32c(Buffer.from(text)).toString(16).padStart(8, '0')}\n`
}
