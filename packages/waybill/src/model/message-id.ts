/**
 * A UUIDv7 (RFC 9562) as 32 hex digits: 48 bits of ms, then 74 random bits. `random` needs 10 bytes. Ids are unique, not
 * ordered inside one ms; order comes from row ids.
 */
export function uuidV7(wallMs: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(wallMs, 0, 6)
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return bytes.toString('hex')
}

/** The time inside a UUIDv7 given as 32 hex digits, ms since 1970. */
export function uuidV7TimeMs(messageId: string): number {
  return Number.parseInt(messageId.slice(0, 12), 16)
}
