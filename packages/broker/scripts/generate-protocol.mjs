// Writes src/generated/*.ts (one codec per Kafka message) and test/generated/schemas.json from Kafka's own schema files,
// which are inside org.apache.kafka:kafka-clients. Run: node packages/broker/scripts/generate-protocol.mjs
// Needs `mvn` and `unzip`. The output is in git, so only a change of MESSAGES or of the Kafka version needs a run.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const KAFKA_VERSIONS = ['4.3.1', '4.3.0', '4.2.0', '4.1.1', '4.1.0', '4.0.0'] // the first that exists is taken
const APIS = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'DescribeConfigs',
  'IncrementalAlterConfigs',
  'DescribeCluster',
  'DescribeProducers',
  'FindCoordinator',
  'ConsumerGroupHeartbeat',
  'ConsumerGroupDescribe',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'OffsetCommit',
  'OffsetFetch',
  'OffsetDelete',
  'ListGroups',
  'DescribeGroups',
  'DeleteGroups',
]
const MESSAGES = ['RequestHeader', 'ResponseHeader', ...APIS.flatMap((api) => [`${api}Request`, `${api}Response`])]

const here = dirname(fileURLToPath(import.meta.url))
const outDir = join(here, '../src/generated')
const MAX = 32767

function fetchSchemas() {
  const dir = mkdtempSync(join(tmpdir(), 'waybill-protocol-'))
  for (const version of KAFKA_VERSIONS) {
    try {
      const artifact = `org.apache.kafka:kafka-clients:${version}`
      execFileSync('mvn', ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${dir}`], {
        cwd: dir,
        stdio: 'pipe',
      })
      execFileSync('unzip', ['-qo', join(dir, `kafka-clients-${version}.jar`), 'common/message/*', '-d', dir])
      return { version, dir, messages: join(dir, 'common/message') }
    } catch (error) {
      console.error(`kafka-clients ${version}: ${String(error.message).split('\n')[0]}`)
    }
  }
  throw new Error('no kafka-clients artifact could be fetched with mvn')
}

const withoutComments = (text) =>
  text
    .split('\n')
    .filter((line) => !/^\s*\/\//.test(line))
    .join('\n')

/** '3+' -> [3, MAX], '0-12' -> [0, 12], '2' -> [2, 2], 'none' or absent -> undefined. */
function range(text) {
  if (text === undefined || text === 'none' || text === '') return undefined
  if (text.endsWith('+')) return [Number(text.slice(0, -1)), MAX]
  const [low, high] = text.split('-').map(Number)
  return [low, high ?? low]
}
const clip = (r, by) =>
  r && r[0] <= by[1] && r[1] >= by[0] ? [Math.max(r[0], by[0]), Math.min(r[1], by[1])] : undefined

/** A condition on `version` for `r` where the surrounding code already holds within `by`; '' = always, undefined = never. */
function condition(r, by) {
  const inside = clip(r, by)
  if (!inside) return undefined
  const parts = []
  if (inside[0] > by[0]) parts.push(`version >= ${inside[0]}`)
  if (inside[1] < by[1]) parts.push(`version <= ${inside[1]}`)
  return parts.join(' && ')
}
const asBoolean = (cond) => (cond === undefined ? 'false' : cond === '' ? 'true' : cond)

const lowerFirst = (s) => s[0].toLowerCase() + s.slice(1)
const kebab = (s) => s.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
const PLAIN = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'bigint',
  float64: 'number',
  string: 'string',
  uuid: 'string',
  bytes: 'Buffer',
  records: 'Buffer',
}

/** Collects the structs of a message, outermost last, so that every struct is declared before its user. */
function collectStructs(schema) {
  const structs = new Map()
  const common = new Map((schema.commonStructs ?? []).map((s) => [s.name, s]))
  const visit = (name, fields, about) => {
    for (const field of fields) {
      const element = field.type.replace(/^\[\]/, '')
      if (element in PLAIN) continue
      const inner = field.fields ?? common.get(element)?.fields
      if (!inner) throw new Error(`${schema.name}: no fields for ${element}`)
      if (!structs.has(element)) visit(element, inner, field.about)
    }
    structs.set(name, { name, fields, about })
  }
  visit(schema.name, schema.fields, undefined)
  return [...structs.values()]
}

const isArray = (field) => field.type.startsWith('[]')
const isNullable = (field) => range(field.nullableVersions) !== undefined || field.type === 'records'
function tsType(field) {
  const element = field.type.replace(/^\[\]/, '')
  const base = (PLAIN[element] ?? element) + (isArray(field) ? '[]' : '')
  return isNullable(field) ? `${base} | null` : base
}
function defaultOf(field) {
  const d = field.default
  if (field.type === 'records' || d === 'null') return 'null'
  if (isArray(field)) return '[]'
  switch (field.type) {
    case 'bool':
      return String(d ?? 'false')
    case 'int64':
      return `${BigInt(d ?? 0)}n`
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'float64':
      return String(Number(d ?? 0))
    case 'string':
      return `'${d ?? ''}'`
    case 'uuid':
      return 'ZERO_UUID'
    case 'bytes':
      return 'Buffer.alloc(0)'
    default:
      return `${lowerFirst(field.type)}()`
  }
}

const LENGTHED = { string: 'string', bytes: 'bytes', records: 'bytes' }
function readExpression(field, type, flexible, nullable) {
  if (type.startsWith('[]')) {
    const element = readExpression(field, type.slice(2), flexible, undefined)
    return nullable === undefined
      ? `reader.array(${flexible}, () => ${element})`
      : `reader.nullableArray(${flexible}, ${nullable}, () => ${element})`
  }
  if (type in LENGTHED)
    return nullable === undefined
      ? `reader.${LENGTHED[type]}(${flexible})`
      : `reader.nullable${LENGTHED[type] === 'string' ? 'String' : 'Bytes'}(${flexible}, ${nullable})`
  if (type in PLAIN) return `reader.${type}()`
  return nullable === undefined
    ? `read${type}(reader, version)`
    : `reader.nullableStruct(${nullable}, () => read${type}(reader, version))`
}
function writeExpression(value, type, flexible, nullable) {
  if (type.startsWith('[]')) {
    const element = writeExpression('item', type.slice(2), flexible, undefined)
    return nullable === undefined
      ? `writer.array(${value}, ${flexible}, (item) => ${element})`
      : `writer.nullableArray(${value}, ${flexible}, ${nullable}, (item) => ${element})`
  }
  if (type in LENGTHED)
    return nullable === undefined
      ? `writer.${LENGTHED[type]}(${value}, ${flexible})`
      : `writer.nullable${LENGTHED[type] === 'string' ? 'String' : 'Bytes'}(${value}, ${flexible}, ${nullable})`
  if (type in PLAIN) return `writer.${type}(${value})`
  return nullable === undefined
    ? `write${type}(writer, version, ${value})`
    : `writer.nullableStruct(${value}, ${nullable}, (item) => write${type}(writer, version, item))`
}
function nullability(field, valid) {
  if (!isNullable(field)) return undefined
  const r = field.type === 'records' && !field.nullableVersions ? [0, MAX] : range(field.nullableVersions)
  return asBoolean(condition(r, clip(range(field.versions), valid) ?? valid))
}

/** True when `value` differs from the default: Kafka writes a tagged field only then. */
function differs(field, value, structs) {
  const d = defaultOf(field)
  if (isArray(field))
    return d === 'null'
      ? `${value} !== null`
      : isNullable(field)
        ? `${value} === null || ${value}.length > 0`
        : `${value}.length > 0`
  if (field.type in PLAIN) return field.type === 'bytes' ? `${value}.length > 0` : `${value} !== ${d}`
  if (isNullable(field)) return `${value} !== null`
  const struct = structs.find((s) => s.name === field.type)
  return struct.fields.map((inner) => differs(inner, `${value}.${lowerFirst(inner.name)}`, structs)).join(' || ')
}

const guarded = (cond, line) => (cond === '' ? [`  ${line}`] : [`  if (${cond}) ${line}`])

/** What the code of one struct needs to know of it. */
function shapeOf(struct, schema, structs) {
  const valid = range(schema.validVersions)
  const flexible = clip(range(schema.flexibleVersions), valid)
  const fields = struct.fields.filter((f) => clip(range(f.versions), valid))
  const tagged = fields.filter((f) => f.taggedVersions !== undefined)
  for (const f of tagged)
    if (clip(range(f.versions), valid).join() !== clip(range(f.taggedVersions), valid).join())
      throw new Error(`${schema.name}.${f.name}: tagged in some versions only`)
  const plain = fields.filter((f) => f.taggedVersions === undefined)
  const isFlexible = asBoolean(condition(range(schema.flexibleVersions), valid))
  const needsFlexible = flexible !== undefined
  const flag = (f) => (f.flexibleVersions === 'none' || !needsFlexible ? 'false' : 'flexible')
  return { struct, valid, flexible, fields, tagged, plain, isFlexible, needsFlexible, flag, structs }
}

function declarationCode({ struct, fields }) {
  const lines = []
  lines.push(`export interface ${struct.name} {`)
  for (const f of fields) {
    if (f.about) lines.push(`  /** ${f.about.trim()} (versions ${f.versions}) */`)
    lines.push(`  ${lowerFirst(f.name)}: ${tsType(f)}`)
  }
  lines.push('}', '')
  lines.push(`/** A ${struct.name} with the schema's defaults where \`fields\` says nothing. */`)
  lines.push(`export function ${lowerFirst(struct.name)}(fields: Partial<${struct.name}> = {}): ${struct.name} {`)
  lines.push(
    `  return { ${[...fields.map((f) => `${lowerFirst(f.name)}: ${defaultOf(f)}`), '...fields'].join(', ')} }`,
    '}',
    '',
  )
  return lines
}

function readerCode({ struct, valid, tagged, plain, isFlexible, needsFlexible, flag }) {
  const lines = []
  lines.push(`function read${struct.name}(reader: Reader, version: number): ${struct.name} {`)
  if (needsFlexible) lines.push(`  const flexible = ${isFlexible}`)
  lines.push(`  const m = ${lowerFirst(struct.name)}()`)
  for (const f of plain)
    lines.push(
      ...guarded(
        condition(range(f.versions), valid),
        `m.${lowerFirst(f.name)} = ${readExpression(f, f.type, flag(f), nullability(f, valid))}`,
      ),
    )
  if (needsFlexible && tagged.length === 0) lines.push('  if (flexible) reader.skipTags()')
  if (tagged.length > 0) {
    lines.push('  if (flexible) {', '    reader.tags((tag) => {', '      switch (tag) {')
    for (const f of tagged)
      lines.push(
        `        case ${f.tag}:`,
        `          m.${lowerFirst(f.name)} = ${readExpression(f, f.type, 'flexible', nullability(f, valid))}`,
        '          return true',
      )
    lines.push('        default:', '          return false', '      }', '    })', '  }')
  }
  lines.push('  return m', '}', '')
  return lines
}

function writerCode({ struct, valid, flexible, tagged, plain, isFlexible, needsFlexible, flag, structs }) {
  const lines = []
  lines.push(`function write${struct.name}(writer: Writer, version: number, m: ${struct.name}): void {`)
  if (needsFlexible) lines.push(`  const flexible = ${isFlexible}`)
  for (const f of plain)
    lines.push(
      ...guarded(
        condition(range(f.versions), valid),
        writeExpression(`m.${lowerFirst(f.name)}`, f.type, flag(f), nullability(f, valid)),
      ),
    )
  if (needsFlexible && tagged.length === 0) lines.push('  if (flexible) writer.noTags()')
  if (tagged.length > 0) {
    lines.push('  if (flexible) {', '    const tags: Tag[] = []')
    for (const f of tagged) {
      const value = `m.${lowerFirst(f.name)}`
      const cond = condition(range(f.versions), flexible)
      const test = differs(f, value, structs)
      const write = writeExpression(value, f.type, 'flexible', nullability(f, valid))
      lines.push(`    if (${cond === '' ? test : `${cond} && (${test})`}) tags.push([${f.tag}, (writer) => ${write}])`)
    }
    lines.push('    writer.tags(tags)', '  }')
  }
  lines.push('}', '')
  return lines
}

function structCode(struct, schema, structs) {
  const shape = shapeOf(struct, schema, structs)
  return [...declarationCode(shape), ...readerCode(shape), ...writerCode(shape)].join('\n')
}

/** A struct whose functions never look at `version` still has the parameter: the call sites stay uniform. */
function usesVersion(code) {
  return code.replace(/(function (?:read|write)\w+\([^)]*\)[^{]*\{)([\s\S]*?)(\n\}\n)/g, (whole, head, body, tail) =>
    /\bversion\b/.test(body) ? whole : head.replace('version: number', '_version: number') + body + tail,
  )
}

function messageCode(schema, kafkaVersion) {
  const valid = range(schema.validVersions)
  const flexible = clip(range(schema.flexibleVersions), valid)
  const structs = collectStructs(schema)
  const body = usesVersion(structs.map((s) => structCode(s, schema, structs)).join('\n'))
  const imports = [
    `import type { Codec } from '../protocol/codec.js'`,
    `import type { Reader } from '../protocol/reader.js'`,
  ]
  if (/\bZERO_UUID\b/.test(body)) imports.push(`import { ZERO_UUID } from '../protocol/uuid.js'`)
  imports.push(
    /\bTag\b/.test(body)
      ? `import type { Tag, Writer } from '../protocol/writer.js'`
      : `import type { Writer } from '../protocol/writer.js'`,
  )
  const stable = schema.latestVersionUnstable ? valid[1] - 1 : valid[1]
  return `// Generated from ${schema.name}${schema.apiKey === undefined && valid[0] === 0 && !schema.name.endsWith('Header') ? ' in scripts/coordinator-records.json' : `.json of kafka-clients ${kafkaVersion}`} by scripts/generate-protocol.mjs. Do not edit.
${imports.join('\n')}

${body}
/** Reads and writes ${schema.name}, versions ${valid[0]} to ${valid[1]}${flexible ? `, flexible from ${flexible[0]}` : ''}. */
export const ${lowerFirst(schema.name)}Codec: Codec<${schema.name}> = {
  name: '${schema.name}',
  apiKey: ${schema.apiKey ?? -1},
  minVersion: ${valid[0]},
  maxVersion: ${valid[1]},
  maxStableVersion: ${stable},
  flexibleFrom: ${flexible ? flexible[0] : 'Number.POSITIVE_INFINITY'},
  read: read${schema.name},
  write: write${schema.name},
}
`
}

/** What the round-trip test needs of a schema: names, types, versions, tags, nullability and defaults. */
function slim(fields) {
  return fields.map(({ name, type, versions, nullableVersions, taggedVersions, default: value, fields: inner }) => ({
    name,
    type,
    versions,
    nullableVersions,
    taggedVersions,
    default: value,
    ...(inner ? { fields: slim(inner) } : {}),
  }))
}

const source = fetchSchemas()
for (const dir of [outDir, join(here, '../test/generated')]) mkdirSync(dir, { recursive: true })
for (const old of readdirSync(outDir)) rmSync(join(outDir, old))
const protocol = MESSAGES.map((name) =>
  JSON.parse(withoutComments(readFileSync(join(source.messages, `${name}.json`), 'utf8'))),
)
// The records of __consumer_offsets: no artifact has their schema files, so they were written down from the classes in
// org.apache.kafka.coordinator.group.generated (4.3.1). Kafka's fields for members of the other protocol are left out.
const schemas = [...protocol, ...JSON.parse(readFileSync(join(here, 'coordinator-records.json'), 'utf8'))]
for (const schema of schemas)
  writeFileSync(join(outDir, `${kebab(schema.name)}.ts`), messageCode(schema, source.version))
writeFileSync(
  join(outDir, 'messages.ts'),
  `// Generated by scripts/generate-protocol.mjs from kafka-clients ${source.version}. Do not edit.
${schemas.map((s) => `export { ${lowerFirst(s.name)}Codec } from './${kebab(s.name)}.js'`).join('\n')}

/** The Kafka release whose schema files the codecs were generated from. */
export const SCHEMA_VERSION: string = '${source.version}'
`,
)
const slimSchemas = schemas.map((s) => ({
  name: s.name,
  validVersions: s.validVersions,
  flexibleVersions: s.flexibleVersions,
  fields: slim(s.fields),
  ...(s.commonStructs ? { commonStructs: s.commonStructs.map((c) => ({ name: c.name, fields: slim(c.fields) })) } : {}),
}))
writeFileSync(
  join(here, '../test/generated/schemas.json'),
  `[\n${slimSchemas.map((s) => JSON.stringify(s)).join(',\n')}\n]\n`,
)
rmSync(source.dir, { recursive: true, force: true })
console.log(`${schemas.length} messages of kafka-clients ${source.version} written to ${outDir}`)
