// What the other scripts share: run a program, time a step, know the repository's root. Plain Node, no dependencies.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A program of node_modules/.bin. */
export const bin = (name) => join(root, 'node_modules', '.bin', name)

/**
 * Runs a program with our own output and no standard input; resolves to its exit code (128 + n for signal n, as a shell).
 * SIGINT and SIGTERM are handed on, so that no child outlives us. From a terminal Ctrl-C reaches the whole process
 * group by itself; a second copy from us would look like an impatient second Ctrl-C, so it isn't sent there.
 */
export function run(command, args, { env = process.env, input = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: [input, 'inherit', 'inherit'] })
    const handOn = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    process.on('SIGINT', handOn).on('SIGTERM', handOn)
    const done = () => process.off('SIGINT', handOn).off('SIGTERM', handOn)
    child.once('error', (error) => (done(), reject(error)))
    child.once('close', (code, signal) => (done(), resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15))))
  })
}

/** Runs a step and prints the seconds it took; a failed one ends this process with its exit code. */
export async function step(name, work) {
  const started = performance.now()
  const code = (await work()) ?? 0
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`[${name}] ${code === 0 ? 'ok' : `FAILED (exit ${code})`} in ${seconds} s`)
  if (code !== 0) process.exit(code)
  return Number(seconds)
}

/** Every file below a folder, sorted; nothing when there is no such folder. */
export function filesBelow(folder) {
  let entries
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

/** True when the script at `url` is the one that was started, not imported. */
export const isMain = (url) => process.argv[1] === fileURLToPath(url)
