// Makes sure that this machine has what the lab needs: one row of `tools` for each program. Idempotent; quick when all is there.
// Where packages cannot be installed (no Debian, neither root nor sudo) it prints the commands to run and exits 1.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { haveKafkaJars, kafkaVersion, resolveKafkaJars } from './kafka-jars.mjs'
import { isMain } from './steps.mjs'

// name: what a person calls it; isThere: a check of a few milliseconds; packages: the Debian packages that bring it
const tools = [
  { name: 'Java 17 or newer', isThere: () => javaMajor() >= 17, packages: ['default-jre-headless'] },
  // needed once, to fetch the jars
  { name: 'Maven', isThere: () => haveKafkaJars() || isOnPath('mvn'), packages: ['maven'] },
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
  if (!haveKafkaJars()) console.log(`fetching Kafka ${kafkaVersion} (44 MB, once)`)
  try {
    resolveKafkaJars()
  } catch (error) {
    return refuse(error.message)
  }
  return 0
}

function installPackages(missing) {
  const packages = missing.flatMap((tool) => tool.packages)
  const isRoot = process.getuid?.() === 0
  const maySudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
  const commands = [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages],
  ]
  if (!existsSync('/usr/bin/apt-get') || !(isRoot || maySudo)) {
    const shown = commands.map((command) => `  sudo ${command.join(' ')}`).join('\n')
    return refuse(`missing: ${names(missing)}. Install them, on Debian with\n${shown}\nthen run this again.`)
  }
  console.log(`installing ${names(missing)}: ${packages.join(' ')}`)
  const asRoot = isRoot ? ['env'] : ['sudo', '-n', 'env']
  for (const command of commands) {
    const [program, ...args] = [...asRoot, 'DEBIAN_FRONTEND=noninteractive', ...command]
    const { status } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status !== 0) return refuse(`'${command.join(' ')}' failed; run it by hand to see why`)
  }
  return 0
}

function refuse(message) {
  console.error(`provision: ${message}`)
  return 1
}

const names = (list) => list.map((tool) => tool.name).join(', ')

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function javaMajor() {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}

if (isMain(import.meta.url)) process.exitCode = await provision()
