// Runs the generators, then the compiler, and removes compiled files whose source is gone (a deleted test would run for ever).
import { existsSync, rmSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { prismaGenerate } from './prisma-generate.mjs'
import { bin, filesBelow, isMain, root, run } from './steps.mjs'

// Generators of what is not in git. A missing one is a part of waybill that isn't written yet.
const generators = ['packages/waybill/scripts/build-sql.mjs']
const examples = ['express-prisma', 'kafkajs-consumer', 'platformatic-consumer'].map((name) => `examples/${name}`)
const projects = ['packages/waybill', 'packages/broker', ...examples, 'lab']

/** Builds everything; resolves to an exit code. */
export async function build() {
  for (const generator of generators.map((path) => join(root, path))) {
    if (!existsSync(generator)) continue
    const code = await run(process.execPath, [generator])
    if (code !== 0) return code
  }
  const code = await prismaGenerate()
  if (code !== 0) return code
  projects.forEach(removeOrphans)
  return run(bin('tsc'), ['-b'])
}

function removeOrphans(project) {
  const dist = join(root, project, 'dist')
  for (const file of filesBelow(dist).filter((path) => path.endsWith('.d.ts'))) {
    const stem = file.slice(0, -'.d.ts'.length)
    const source = join(root, project, relative(dist, stem) + '.ts')
    if (existsSync(source)) continue
    for (const ending of ['.d.ts', '.js', '.js.map']) rmSync(stem + ending, { force: true })
    console.log(`removed ${relative(root, dirname(stem))}${sep}…: ${relative(root, source)} is gone`)
  }
}

if (isMain(import.meta.url)) process.exitCode = await build()
