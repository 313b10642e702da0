import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import * as generated from '../../src/generated/messages.js'
import { type Codec, ProtocolError } from '../../src/protocol/codec.js'
import { Reader } from '../../src/protocol/reader.js'
import { Writer } from '../../src/protocol/writer.js'
import { ZERO_UUID } from '../../src/protocol/uuid.js'

interface Field {
  name: string
  type: string
  versions: string
  nullableVersions?: string
  taggedVersions?: string
  default?: string | number | boolean
  fields?: Field[]
}
interface Schema {
  name: string
  validVersions: string
  flexibleVersions: string
  fields: Field[]
  commonStructs?: { name: string; fields: Field[] }[]
}
type Message = Record<string, unknown>

// The schemas are Kafka's own, copied by the generator; the arbitraries below are built from them, not from the codecs.
const schemas = JSON.parse(
  readFileSync(new URL('../../../test/generated/schemas.json', import.meta.url), 'utf8'),
) as Schema[]
const codecs = new Map(
  Object.values(generated).flatMap((c) => (typeof c === 'object' ? [[c.name, c as Codec<unknown>]] : [])),
)

const lowerFirst = (s: string): string => s.charAt(0).toLowerCase() + s.slice(1)
function holds(range: string | undefined, version: number): boolean {
  if (range === undefined || range === 'none') return false
  const [low = 0, high] = range.split(/[-+]/).map(Number)
  if (range.endsWith('+')) return version >= low
  return version >= low && version <= (high ?? low)
}
const int = (bits: number): fc.Arbitrary<number> => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b))
const PLAIN: Record<string, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  int8: int(8),
  int16: int(16),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int32: int(32),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double({ noNaN: true }),
  string: fc.string({ unit: 'grapheme', maxLength: 20 }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => Buffer.from(b).toString('base64url')),
  bytes,
  records: bytes,
}

function defaultOf(field: Field, schema: Schema): unknown {
  if (field.type === 'records' || field.default === 'null') return null
  if (field.type.startsWith('[]')) return []
  if (field.type === 'string') return field.default ?? ''
  if (field.type === 'bool') return String(field.default ?? 'false') === 'true'
  if (field.type === 'int64') return BigInt(field.default ?? 0)
  if (field.type === 'uuid') return ZERO_UUID
  if (field.type === 'bytes') return Buffer.alloc(0)
  if (field.type in PLAIN) return Number(field.default ?? 0)
  return Object.fromEntries(fieldsOf(field, schema).map((f) => [lowerFirst(f.name), defaultOf(f, schema)]))
}
function fieldsOf(field: Field, schema: Schema): Field[] {
  const element = field.type.replace('[]', '')
  const own = field.fields ?? schema.commonStructs?.find((s) => s.name === element)?.fields ?? []
  return own.filter((f) => inAnyVersion(f, schema))
}
function versionsOf(schema: Schema): number[] {
  const [low = 0, high = low] = schema.validVersions.split('-').map(Number)
  return Array.from({ length: high - low + 1 }, (_, i) => low + i)
}
const inAnyVersion = (field: Field, schema: Schema): boolean => versionsOf(schema).some((v) => holds(field.versions, v))

function struct(fields: Field[], schema: Schema, version: number): fc.Arbitrary<Message> {
  const present = fields.filter((f) => inAnyVersion(f, schema))
  return fc.record(
    Object.fromEntries(
      present.map((f) => [
        lowerFirst(f.name),
        holds(f.versions, version) ? value(f, schema, version) : fc.constant(defaultOf(f, schema)),
      ]),
    ),
    { noNullPrototype: true },
  )
}
function value(field: Field, schema: Schema, version: number): fc.Arbitrary<unknown> {
  const element = field.type.replace('[]', '')
  const one = PLAIN[element] ?? struct(fieldsOf(field, schema), schema, version)
  const all = field.type.startsWith('[]') ? fc.array(one, { maxLength: 3 }) : one
  const nullable = holds(field.nullableVersions, version)
  return nullable ? fc.option(all, { nil: null, freq: 4 }) : all
}

function write(codec: Codec<unknown>, version: number, message: unknown): Buffer {
  const writer = new Writer()
  codec.write(writer, version, message)
  const length = writer.length
  const all = Buffer.concat(writer.parts())
  assert.equal(all.length, length, 'the writer counts what it writes')
  return all
}

for (const schema of schemas) {
  test(`${schema.name}: what is written is what is read, in every version`, () => {
    const codec = codecs.get(schema.name)
    assert.ok(codec, `${schema.name} has a generated codec`)
    assert.deepEqual([codec.minVersion, codec.maxVersion], [versionsOf(schema).at(0), versionsOf(schema).at(-1)])
    for (const version of versionsOf(schema)) {
      fc.assert(
        fc.property(struct(schema.fields, schema, version), (message) => {
          const wire = write(codec, version, message)
          const reader = new Reader(wire)
          assert.deepEqual(codec.read(reader, version), { ...message })
          assert.equal(reader.remaining, 0, 'nothing is left over')
        }),
        { numRuns: 30 },
      )
    }
  })
}

test('bytes that are cut off or made up cost a ProtocolError, never memory or a hang', () => {
  const pairs = schemas.flatMap((schema) => versionsOf(schema).map((version) => ({ schema, version })))
  fc.assert(
    fc.property(fc.constantFrom(...pairs), fc.uint8Array({ maxLength: 200 }), ({ schema, version }, garbage) => {
      const codec = codecs.get(schema.name)
      assert.ok(codec)
      try {
        codec.read(new Reader(Buffer.from(garbage)), version)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('unknown tagged fields of a newer peer are skipped', () => {
  const codec = generated.fetchRequestCodec
  const empty = {
    clusterId: null,
    replicaId: -1,
    replicaState: { replicaId: -1, replicaEpoch: -1n },
    maxWaitMs: 1,
    minBytes: 2,
    maxBytes: 3,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [],
    forgottenTopicsData: [],
    rackId: '',
  }
  const wire = write(codec, 17, empty)
  assert.equal(wire.at(-1), 0, 'no tags were written for defaults')
  const withTag = Buffer.concat([wire.subarray(0, -1), Buffer.from([1, 99, 3, 1, 2, 3])])
  const reader = new Reader(withTag)
  assert.deepEqual(codec.read(reader, 17), empty)
  assert.equal(reader.remaining, 0)
})
