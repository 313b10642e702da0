import { crc32c } from './crc32c.js'
import type { LogFiles } from './log-files.js'

function checksum(text: string): string {
  return crc32c(Buffer.from(text)).toString(16).padStart(8, '0')
}

/** Stores a small value in one step: a first line with the CRC32C of the JSON that follows. */
export function writeCheckpoint(files: LogFiles, path: string, value: unknown): void {
  const text = JSON.stringify(value)
  files.replace(path, `${checksum(text)}\n${text}\n`)
}

/** The stored value; undefined when the file is missing or damaged: every checkpoint can be done without. */
export function readCheckpoint(files: LogFiles, path: string): unknown {
  const [sum, text] = files.readText(path)?.split('\n') ?? []
  return text === undefined || sum !== checksum(text) ? undefined : JSON.parse(text)
}
