import * as fs from 'node:fs'
import { dirname } from 'node:path'

/**
 * The few file operations a partition log needs, synchronous because an append must be one indivisible step. A port so
 * that a full disk, a slow disk and a failing sync can be shown; `nodeFiles` is the real thing.
 */
export interface LogFiles {
  /** Opens for reading and writing, creating the file when it is missing. */
  open(path: string): number
  close(fd: number): void
  size(fd: number): number
  /** May write fewer bytes than given, like the system call. */
  write(fd: number, parts: readonly Uint8Array[], position: number): number
  /** May read fewer bytes than asked; 0 at the end. */
  read(fd: number, into: Uint8Array, position: number): number
  truncate(fd: number, length: number): void
  /** Returns when the file's bytes and length are on the disk. */
  sync(fd: number): void
  /** Replaces a small file in one step (write aside, sync, rename), or throws and leaves the old one. */
  replace(path: string, text: string): void
  /** The text, or undefined when there is no such file. */
  readText(path: string): string | undefined
  list(dir: string): string[]
  /** Removes a file; fine when it is missing. */
  remove(path: string): void
  makeDir(dir: string): void
  /** Makes created, renamed and removed names durable. */
  syncDir(dir: string): void
}

function syncDir(dir: string): void {
  const fd = fs.openSync(dir, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** ENOENT is an answer here, not a failure. */
function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function replace(path: string, text: string, sync: (fd: number) => void): void {
  const aside = `${path}.tmp`
  const fd = fs.openSync(aside, 'w', 0o644)
  try {
    fs.writeFileSync(fd, text)
    sync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(aside, path)
}

/** The real file system. */
export const nodeFiles: LogFiles = {
  open: (path) => fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644),
  close: (fd) => fs.closeSync(fd),
  size: (fd) => fs.fstatSync(fd).size,
  write: (fd, parts, position) => fs.writevSync(fd, parts, position),
  read: (fd, into, position) => fs.readSync(fd, into, 0, into.length, position),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  sync: (fd) => fs.fdatasyncSync(fd),
  replace(path, text) {
    replace(path, text, fs.fdatasyncSync)
    syncDir(dirname(path))
  },
  readText: readIfThere,
  list: (dir) => fs.readdirSync(dir),
  remove: (path) => fs.rmSync(path, { force: true }),
  makeDir: (dir) => void fs.mkdirSync(dir, { recursive: true }),
  syncDir,
}

/**
 * The real file system without waiting for the disk, for tests and throw-away brokers: the page-cache model works the
 * same (it counts what was synced, not what the disk did), but a real power loss may take more than the model says.
 */
export const unsyncedFiles: LogFiles = {
  ...nodeFiles,
  sync: () => undefined,
  syncDir: () => undefined,
  replace: (path, text) => replace(path, text, () => undefined),
}

/** Writes all of `parts` at `position`, however many calls it takes; throws when the disk takes no more. */
export function writeFully(files: LogFiles, fd: number, parts: readonly Uint8Array[], position: number): void {
  let left = parts
  let at = position
  while (left.length > 0) {
    let written = files.write(fd, left, at)
    if (written <= 0) throw new Error(`the file system accepted no bytes at position ${at}`)
    at += written
    left = left.flatMap((part) => {
      if (written >= part.length) {
        written -= part.length
        return []
      }
      const rest = part.subarray(written)
      written = 0
      return [rest]
    })
  }
}

/** Reads up to `into.length` bytes from `position`; fewer only at the end of the file. Returns how many. */
export function readFully(files: LogFiles, fd: number, into: Uint8Array, position: number): number {
  let done = 0
  while (done < into.length) {
    const count = files.read(fd, into.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}
