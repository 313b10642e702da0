// Makes sure that this machine has what the lab needs: one row of `tools` for each program. Idempotent; quick when all is there.
// Where packages cannot be installed (no Debian, neither root nor sudo) it prints the commands to run and exits 1.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { haveKafkaJars, kafkaVersion, oldKafkaVersion, resolveKafkaJars } from './kafka-jars.mjs'
import { isMain } from './steps.mjs'

const kafkaVersions = [kafkaVersion, oldKafkaVersion]

// Debian's server package creates a cluster `main` and starts it on port 5432, for ever. The lab runs its own servers and
// wants none of it, and a service that nobody asked for is not ours to leave behind. policy-rc.d would only put off the
// start until the next boot; this drop-in keeps the cluster from being created at all. It is there during the install only, so
// that who installs another version later gets the cluster that Debian's manual promises.
const dropIn = '/etc/postgresql-common/createcluster.d/waybill-lab.conf'
const noCluster = `mkdir -p $(dirname ${dropIn}) && echo create_main_cluster = false > ${dropIn}`

// name: what a person calls it; isThere: a check of a few milliseconds; packages: the Debian packages that bring it;
// before, after: commands around the install
const tools = [
  { name: 'Java 17 or newer', isThere: () => javaMajor() >= 17, packages: ['default-jre-headless'] },
  // needed once, to fetch the jars
  { name: 'Maven', isThere: () => kafkaVersions.every(haveKafkaJars) || isOnPath('mvn'), packages: ['maven'] },
  {
    name: 'PostgreSQL',
    isThere: () => havePostgres(),
    packages: ['postgresql'],
    before: ['sh', '-c', noCluster],
    after: ['rm', '-f', dropIn],
  },
]

/** Installs what is missing and fetches Kafka's jars; resolves to an exit code. */
export async function provision() {
  const missing = tools.filter((tool) => !tool.isThere())
  if (missing.length > 0) {
    const code = installPackages(missing)
    if (code !== 0) return code
    const still = tools.filter((tool) => !tool.isThere())
    if (still.length > 0) return refuse(`still missing after the install: ${names(still)}`)
  }
  for (const version of kafkaVersions) {
    if (!haveKafkaJars(version)) console.log(`fetching Kafka ${version} (45 MB, once)`)
    try {
      resolveKafkaJars(version)
    } catch (error) {
      return refuse(error.message)
    }
  }
  return 0
}

function installPackages(missing) {
  const packages = missing.flatMap((tool) => tool.packages)
  const isRoot = process.getuid?.() === 0
  const maySudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  const commands = [
    ['apt-get', 'update', '-q'],
    ...missing.flatMap(({ before }) => (before ? [before] : [])),
    ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages],
  ]
  const afterwards = missing.flatMap(({ after }) => (after ? [after] : []))
  if (!existsSync('/usr/bin/apt-get') || !(isRoot || maySudo)) {
    const shown = [...commands, ...afterwards].map((command) => `  sudo ${asTyped(command)}`).join('\n')
    return refuse(`missing: ${names(missing)}. Install them, on Debian with\n${shown}\nthen run this again.`)
  }
  console.log(`installing ${names(missing)}: ${packages.join(' ')}`)
  const asRoot = isRoot ? ['env'] : ['sudo', '-n', 'env']
  const isDone = (command) => {
    const [program, ...args] = [...asRoot, 'DEBIAN_FRONTEND=noninteractive', ...command]
    return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  }
  const failed = commands.find((command) => !isDone(command)) // the first one ends the row
  for (const command of afterwards) isDone(command)
  return failed ? refuse(`'${asTyped(failed)}' failed; run it by hand to see why`) : 0
}

const asTyped = (command) => command.map((word) => (/[ $]/.test(word) ? `'${word}'` : word)).join(' ')

function refuse(message) {
  console.error(`provision: ${message}`)
  return 1
}

const names = (list) => list.map((tool) => tool.name).join(', ')

const isOnPath = (program) => (process.env.PATH ?? '').split(delimiter).some((folder) => holds(folder, program))

/** Whether lab/src/cluster/postgres-programs.ts will find a server: it looks in the same places. */
function havePostgres() {
  if (process.env.WAYBILL_LAB_POSTGRES) return holds(process.env.WAYBILL_LAB_POSTGRES, 'initdb')
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  return versions.some((version) => holds(join(debian, version, 'bin'), 'initdb')) || isOnPath('initdb')
}

function holds(folder, program) {
  try {
    accessSync(join(folder, program), constants.X_OK)
    return true
  } catch {
    return false
  }
}

function javaMajor() {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}

if (isMain(import.meta.url)) process.exitCode = await provision()
