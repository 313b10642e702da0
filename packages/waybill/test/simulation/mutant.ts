import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Judgement } from './simulate.js'
import { simulate } from './simulate.js'

/** One replacement in a compiled file, named from the build's root (`src/…`, `test/…`); `find` must occur exactly once. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A way to get an engine wrong. Its simulation must notice. */
export interface Mutation {
  readonly name: string
  readonly patches: readonly Patch[]
}

const built = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Builds a copy of the compiled package with the mutation in it (inside the package, so that imports resolve) and lets
 * the simulation run on it. Throws when a patch does not fit exactly once: the code moved on, the mutation must too.
 */
export async function tryMutant(
  engine: 'outbox' | 'consume',
  mutation: Mutation,
  runs: number,
  seed: number,
): Promise<Judgement> {
  const folder = await mkdtemp(join(built, '..', '.mutant-'))
  try {
    for (const part of ['src', 'test/simulation', `test/${engine}`])
      await cp(join(built, part), join(folder, part), { recursive: true })
    for (const { file, find, replace } of mutation.patches) {
      const path = join(folder, file)
      const parts = (await readFile(path, 'utf8')).split(find)
      if (parts.length !== 2)
        throw new Error(`mutation "${mutation.name}": ${parts.length - 1} places in ${file} for: ${find}`)
      await writeFile(path, parts.join(replace))
    }
    return await simulate(join(folder, `test/${engine}/simulation/main.js`), runs, seed)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
