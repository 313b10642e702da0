// Resolves the jars of a real Kafka broker once into a cache folder, with Maven. `node scripts/kafka-jars.mjs [version]` prints the folder.
import { createHash, randomUUID } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isMain } from './steps.mjs'

/** What the lab runs unless told otherwise. */
export const kafkaVersion = '4.3.1'

/** The oldest line that the wire adapter is tested with. */
export const oldKafkaVersion = '3.9.1'

// slf4j-simple prints to standard error, which is where the lab's node logs come from; without a binding Kafka is mute.
const artifacts = (version) => [
  ['org.apache.kafka', 'kafka_2.13', version],
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
]
const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

const dependency = ([groupId, artifactId, version]) =>
  `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`
const pom = (version) => `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>waybill.lab</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${artifacts(version).map(dependency).join('')}</dependencies></project>
`

/** Where the lab keeps what it downloads: WAYBILL_LAB_CACHE, else the user's cache folder. */
export const cacheFolder = () =>
  process.env.WAYBILL_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'waybill-lab')

/** The folder of the jars, whether or not it is there yet. Its name carries the artifact list, so a changed list is a new folder. */
export const kafkaJars = (version = kafkaVersion) =>
  join(cacheFolder(), `kafka-${version}-${createHash('sha256').update(pom(version)).digest('hex').slice(0, 8)}`)

/** Whether the jars are there: the folder appears by one rename when it is complete, so its existence is enough. */
export const haveKafkaJars = (version = kafkaVersion) => existsSync(kafkaJars(version))

/** Makes sure that the jars are there and returns their folder. Two processes may do so at once: one rename wins. */
export function resolveKafkaJars(version = kafkaVersion) {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`not a version of Kafka: '${version}' (such as ${kafkaVersion})`)
  const folder = kafkaJars(version)
  if (existsSync(folder)) return folder
  const scratch = join(cacheFolder(), `incoming-${randomUUID()}`)
  mkdirSync(scratch, { recursive: true })
  try {
    writeFileSync(join(scratch, 'pom.xml'), pom(version))
    const jars = join(scratch, 'jars')
    runMaven(['-f', join(scratch, 'pom.xml'), `${dependencyPlugin}:copy-dependencies`, `-DoutputDirectory=${jars}`])
    moveIntoPlace(jars, folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return folder
}

function runMaven(args) {
  const options = { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 600_000 }
  let result
  // a second try: a first download can meet another Maven in the same local repository
  for (let attempt = 0; attempt < 2; attempt++) {
    result = spawnSync('mvn', ['-B', '-ntp', '-q', ...args, '-DincludeScope=runtime'], options)
    if (result.error?.code === 'ENOENT') throw new Error('mvn is not on PATH: run `node scripts/provision.mjs`')
    if (result.status === 0) return
  }
  throw new Error(`Maven could not fetch Kafka's jars:\n${result.error ?? ''}${result.stdout}${result.stderr}`)
}

function moveIntoPlace(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error // else another process was faster, with the same jars
  }
}

if (isMain(import.meta.url)) console.log(resolveKafkaJars(process.argv[2]))
