import { WaybillError } from './errors.js'
import type { Header } from './message.js'

const text = new TextEncoder()
const noBytes = new Uint8Array(0)
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Record headers as one blob: for each header its name (UTF-8) and its value, each behind its length as an unsigned
 * LEB128 number. No headers: no bytes. Order and repeated names are kept, as in a Kafka record.
 */
export function encodeHeaders(headers: readonly Header[]): Uint8Array {
  if (headers.length === 0) return noBytes
  const parts = headers.flatMap(([name, value]) => [text.encode(name), value])
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + lengthSize(part.length) + part.length, 0))
  let at = 0
  for (const part of parts) {
    at = writeLength(bytes, at, part.length)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The headers of such a blob; WB_STORE_CORRUPT when it is not one. */
export function decodeHeaders(bytes: Uint8Array): readonly Header[] {
  const headers: Header[] = []
  let at = 0
  const next = (): Uint8Array => {
    const { length, end } = readLength(bytes, at)
    if (end + length > bytes.length) throw corrupt('cut short')
    at = end + length
    return bytes.slice(end, at)
  }
  while (at < bytes.length) {
    const name = next()
    headers.push([nameOf(name), next()])
  }
  return headers
}

function nameOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch (cause) {
    throw corrupt('a name is not UTF-8', cause)
  }
}

function corrupt(why: string, cause?: unknown): WaybillError {
  return new WaybillError('WB_STORE_CORRUPT', `stored headers cannot be read: ${why}`, { cause })
}

function lengthSize(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5
}

function writeLength(bytes: Uint8Array, start: number, length: number): number {
  let at = start
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
  bytes[at++] = rest
  return at
}

function readLength(bytes: Uint8Array, start: number): { length: number; end: number } {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) throw corrupt('cut short')
    length += (byte & 0x7f) * 128 ** i
    if (byte < 0x80) return { length, end: start + i + 1 }
  }
  throw corrupt('a length has more than five bytes')
}
