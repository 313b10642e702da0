// Makes node_modules match package-lock.json. Runs `npm ci` only when it must: on a fresh clone, or after the lock file changed.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, root, run } from './steps.mjs'

const lockFile = join(root, 'package-lock.json')
const installedLock = join(root, 'node_modules', '.package-lock.json') // npm writes it at the end of an install

/** Whether node_modules holds what package-lock.json asks for. */
export function isInstalled() {
  try {
    if (statSync(installedLock).mtimeMs >= statSync(lockFile).mtimeMs) return true
  } catch {
    return false
  }
  // A checkout touches the lock file without changing it, and `npm ci` takes node_modules away from whoever is using it:
  // compare what is installed before believing the clock.
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages
  const have = JSON.parse(readFileSync(installedLock, 'utf8')).packages
  const isPlaced = ([path, entry]) =>
    !path.startsWith('node_modules/') || entry.link || entry.optional || have[path]?.version === entry.version
  return Object.entries(wanted).every(isPlaced)
}

/** Installs if needed; resolves to an exit code. */
export async function install() {
  if (isInstalled()) return 0
  // inside `npm test` the npm that started us is the right one
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const [command, ...first] = npm
  return run(command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline'])
}

if (isMain(import.meta.url)) process.exitCode = await install()
