// Fetches what only `npm run bench` compares waybill with, once, into the lab's cache folder: jars of Debezium and of Confluent's
// Parallel Consumer with Maven, and the fastest Kafka client for Node, which compiles librdkafka.
// `node scripts/bench-peers.mjs [debezium] [parallel] [client]` prints the folders of those that are named as JSON; all unless told.
import { createHash, randomUUID } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './kafka-jars.mjs'
import { isMain } from './steps.mjs'

// Runs on Java 17; brings kafka-clients 4.3.
const debeziumVersion = '3.6.1.Final'
const clientVersion = '1.10.1'
const clientName = '@confluentinc/kafka-javascript'
const compiledClientName = `kafka-client-${clientVersion}-node${process.versions.modules}`

const debeziumArtifacts = [
  ['io.debezium', 'debezium-embedded', debeziumVersion],
  ['io.debezium', 'debezium-connector-postgres', debeziumVersion],
  ['io.debezium', 'debezium-storage-file', debeziumVersion],
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
]
// Brings kafka-clients 3.9, the line that it is written for.
const parallelVersion = '0.5.3.3'
const parallelArtifacts = [
  ['io.confluent.parallelconsumer', 'parallel-consumer-core', parallelVersion],
  ['org.slf4j', 'slf4j-simple', '2.0.13'],
]
const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

// Both parents name a repository that is not needed: everything is in the central one. Asking it costs minutes where it
// cannot be reached, so it is switched off under its own id.
const withoutRepository = (id) =>
  `<repository><id>${id}</id><url>file:///none</url><releases><enabled>false</enabled></releases><snapshots><enabled>false</enabled></snapshots></repository>`
const dependency = ([groupId, artifactId, version]) =>
  `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`
const pomOf = (
  name,
  artifacts,
) => `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>waybill.lab</groupId><artifactId>${name}</artifactId><version>1</version><packaging>pom</packaging>
<repositories>${withoutRepository('confluent')}</repositories>
<dependencies>${artifacts.map(dependency).join('')}</dependencies></project>
`

const options = { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 900_000 }

/** The folder of Debezium's jars, fetched when it is not there. Throws what Maven says. */
export const debeziumJars = () => jarsOf('debezium', debeziumVersion, debeziumArtifacts)

/** The folder of the Parallel Consumer's jars, fetched when it is not there. Throws what Maven says. */
export const parallelJars = () => jarsOf('parallel', parallelVersion, parallelArtifacts)

function jarsOf(name, version, artifacts) {
  const pom = pomOf(name, artifacts)
  const digest = createHash('sha256').update(pom).digest('hex').slice(0, 8)
  return provide(`${name}-${version}-${digest}`, (scratch) => {
    writeFileSync(join(scratch, 'pom.xml'), pom)
    const jars = join(scratch, 'jars')
    const goal = [`${dependencyPlugin}:copy-dependencies`, `-DoutputDirectory=${jars}`, '-DincludeScope=runtime']
    mustRun('mvn', ['-B', '-ntp', '-q', '-f', join(scratch, 'pom.xml'), ...goal])
    return jars
  })
}

/** Where the compiled client lies when it is there, without making it. */
export const compiledClientFolder = () => join(cacheFolder(), compiledClientName)

/**
 * The folder in whose node_modules the compiled client lies. Compiling takes two minutes and needs a C++ compiler, make, and
 * Debian's zlib1g-dev libssl-dev libcurl4-openssl-dev libzstd-dev libsasl2-dev. Throws what npm says where that does not work.
 */
export function compiledClient() {
  return provide(compiledClientName, (scratch) => {
    writeFileSync(join(scratch, 'package.json'), '{ "private": true }\n')
    const env = { ...process.env, CKJS_LINKING: 'dynamic' } // else it would build OpenSSL and others, too
    mustRun('npm', ['install', '--no-audit', '--no-fund', `${clientName}@${clientVersion}`], { cwd: scratch, env })
    return scratch
  })
}

/** A folder of the cache, made by `make` in a scratch folder when it is not there, and put in place by one rename. */
function provide(name, make) {
  const folder = join(cacheFolder(), name)
  if (existsSync(folder)) return folder
  const scratch = join(cacheFolder(), `incoming-${randomUUID()}`)
  mkdirSync(scratch, { recursive: true })
  try {
    renameSync(make(scratch), folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // else another process was faster, with the same content
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return folder
}

function mustRun(program, args, more = {}) {
  const result = spawnSync(program, args, { ...options, ...more })
  if (result.status === 0) return
  const said = `${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n')
  throw new Error(`${program} failed:\n${said}`)
}

const peers = { debezium: debeziumJars, parallel: parallelJars, client: compiledClient }

/** Folders of the named peers; one that is not to be had comes with the reason instead. */
export function benchPeers(names = Object.keys(peers)) {
  const attempt = (get) => {
    try {
      return { folder: get() }
    } catch (error) {
      return { reason: error.message }
    }
  }
  return Object.fromEntries(names.map((name) => [name, attempt(peers[name])]))
}

if (isMain(import.meta.url)) {
  const named = process.argv.slice(2)
  console.log(JSON.stringify(benchPeers(named.length > 0 ? named : undefined)))
}
