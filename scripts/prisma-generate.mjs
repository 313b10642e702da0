// Generates the Prisma client of the examples, offline. Prisma wants to download its migration engine first, which nobody here
// uses: `generate` is pure JavaScript, and naming any existing program as that engine (a documented setting) skips the download.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bin, isMain, root, run } from './steps.mjs'

const folder = join(root, 'examples', 'express-prisma')

/** Resolves to an exit code; done at once while the schema is older than what was generated from it. */
export async function prismaGenerate() {
  const [schema, client] = [join(folder, 'prisma', 'schema.prisma'), join(folder, 'src', 'generated', 'client.ts')]
  if (existsSync(client) && statSync(client).mtimeMs > statSync(schema).mtimeMs) return 0
  const env = {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    ...process.env,
  }
  return run(bin('prisma'), ['generate', '--no-hints', '--config', join(folder, 'prisma.config.ts')], { env })
}

if (isMain(import.meta.url)) process.exitCode = await prismaGenerate()
