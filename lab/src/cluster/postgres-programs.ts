import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Owner } from './child-process.js'

// Debian keeps the server's programs off PATH, one folder a major version.
const debianFolder = '/usr/lib/postgresql'
const programTimeoutMs = 120_000

/**
 * The folder of PostgreSQL's server programs: WAYBILL_LAB_POSTGRES when it is set, else the newest below /usr/lib/postgresql, else the one on PATH. Debian's come first
 * because its `pg_basebackup` on PATH is a wrapper that chooses a version by itself. Fails with what to run when there is none.
 */
export function postgresPrograms(): string {
  const told = process.env['WAYBILL_LAB_POSTGRES']
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const found = (told ? [told] : [...debianVersions(), ...onPath]).find(
    (folder) => holds(folder, 'initdb') && holds(folder, 'postgres'),
  )
  if (found === undefined) {
    throw new Error(
      `no PostgreSQL server found (initdb and postgres, in ${told ?? `${debianFolder}/*/bin or on PATH`}): run \`node scripts/provision.mjs\``,
    )
  }
  return found
}

/**
 * Whom the server runs as. PostgreSQL refuses to run as root, so root's runs as the system user `postgres`, else as `nobody`
 * (initdb wants a user that has a name). Undefined: as ourselves.
 */
export function serverOwner(passwdFile = '/etc/passwd'): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([name]) => name === wanted) ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`PostgreSQL refuses to run as root, and ${passwdFile} has neither 'postgres' nor 'nobody'`)
}

/** Runs one of PostgreSQL's programs to its end; fails with what it printed. */
export async function runProgram(path: string, args: readonly string[], owner?: Owner): Promise<void> {
  // A folder that the owner may enter: initdb and others complain about a working directory they cannot read.
  const options = { timeout: programTimeoutMs, cwd: '/', ...owner }
  try {
    await promisify(execFile)(path, args, options)
  } catch (error) {
    const printed = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    throw new Error(`${path} ${args.join(' ')} failed: ${printed || String(error)}`, { cause: error })
  }
}

function debianVersions(): string[] {
  try {
    const versions = readdirSync(debianFolder).filter((name) => /^\d+$/.test(name))
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debianFolder, version, 'bin'))
  } catch {
    return []
  }
}

function holds(folder: string, program: string): boolean {
  try {
    accessSync(join(folder, program), constants.X_OK)
    return true
  } catch {
    return false
  }
}
