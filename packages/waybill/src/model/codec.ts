/** Turns values into bytes and back; the place where a schema registry plugs in. Bytes, text and null bypass it. */
export interface Codec {
  encode(value: unknown, topic: string): Uint8Array
  decode(bytes: Uint8Array, topic: string): unknown
}

/** JSON in UTF-8. Refuses what JSON cannot hold at the top level (functions, symbols). */
export const jsonCodec: Codec = {
  encode: (value) => {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`)
    return Buffer.from(text, 'utf8')
  },
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown,
}
