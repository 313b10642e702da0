import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

// from lab/dist/test
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folders = ['packages/waybill', 'packages/broker']

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>>
}

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

const manifests = await Promise.all(folders.map((folder) => readJson<Manifest>(join(root, folder, 'package.json'))))

describe('what npm gets is what a user can use', () => {
  let project = ''
  const packed = new Map<string, Packed>()

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'waybill-pack-'))
    for (const folder of folders) {
      const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], join(root, folder))
      const [result] = JSON.parse(stdout) as Packed[]
      packed.set(folder, result ?? assert.fail(`npm pack said nothing about ${folder}`))
    }
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
    const tarballs = [...packed.values()].map(({ filename }) => join(project, filename))
    await run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs],
      project,
    )
  })

  after(() => rm(project, { recursive: true, force: true }))

  manifests.forEach((manifest, place) => {
    const folder = folders[place] ?? assert.fail('as many folders as manifests')
    const tarball = (): string => join(project, packed.get(folder)?.filename ?? assert.fail('not packed'))

    for (const subpath of Object.keys(manifest.exports).filter((name) => name !== './package.json')) {
      const specifier = manifest.name + subpath.slice(1)
      test(`import('${specifier}') works in an empty project and exports something`, async () => {
        const source = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`
        const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source], project)
        assert.notDeepEqual(JSON.parse(stdout), [])
      })
    }

    for (const name of Object.keys(manifest.bin ?? {})) {
      test(`the command ${name} of ${manifest.name} answers --help`, async () => {
        const { stdout } = await run(join(project, 'node_modules', '.bin', name), ['--help'], project)
        assert.match(stdout, new RegExp(name))
      })
    }

    if (manifest.name === 'waybill')
      test('without the driver of a database the command tells what to install', async () => {
        const args = ['status', '--database', 'postgres://someone@127.0.0.1:1/shop']
        const failed = run(join(project, 'node_modules', '.bin', 'waybill'), args, project)
        await assert.rejects(failed, /WB_OPTION_INVALID: the package "pg" is not installed: run `npm install pg`/)
      })

    test(`${manifest.name}: the tarball has the compiled source and no tests`, () => {
      const paths = packed.get(folder)?.files.map(({ path }) => path) ?? []
      assert.ok(paths.includes('package.json') && paths.some((path) => path.startsWith('dist/src/')))
      const unwanted = paths.filter((path) => !/^(dist\/src\/.*|package\.json|README\.md|LICENSE)$/.test(path))
      assert.deepEqual(unwanted, [])
    })

    test(`${manifest.name}: publint finds nothing`, async () => {
      await run(bin('publint'), ['run', tarball(), '--strict'], project)
    })

    test(`${manifest.name}: the types are right for whoever imports ES modules (attw)`, async () => {
      await run(bin('attw'), [tarball(), '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], project)
    })
  })
})

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}

/** Runs a program without the settings that `npm test` gives its children, and fails with all that it printed. */
function run(command: string, args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_TEST)/.test(name)))
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, timeout: 180_000 }, (error, stdout) => {
      if (error === null) resolve({ stdout })
      else reject(new Error(`${error.message}\n${stdout}`)) // the message has the command and its error output
    })
  })
}
