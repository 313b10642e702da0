import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, describe, it } from 'node:test'
import Database from 'libsql'
import { type CodeBlock, root, typeScriptIn } from './code-blocks.js'

const pages = [
  'README.md',
  'DESIGN.md',
  'packages/waybill/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** What a snippet may use without declaring it; a block that declares its own hides these. */
const prelude = `declare const waybill: import('waybill').Waybill<import('waybill/sqlite').SqliteHandle>
declare const store: import('waybill/sqlite').SqliteStore
declare const db: import('libsql').Database
declare function open(): import('libsql').Database
declare const order: { readonly id: string; readonly item: string }
declare const avro: { encode(topic: string, value: unknown): Uint8Array; decode(bytes: Uint8Array): unknown }
`
const settings = {
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ['*.ts'],
}

describe('code in the documentation', () => {
  // Below lab/, so that imports are resolved as in a project of a user; git and the tidy test pass over .lab.
  mkdirSync(join(root, 'lab', '.lab'), { recursive: true })
  const folder = mkdtempSync(join(root, 'lab', '.lab', 'docs-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('every TypeScript block compiles against the built packages', async () => {
    const blocks = pages.flatMap(typeScriptIn)
    assert.ok(blocks.length >= 6, `${blocks.length} blocks`)
    const project = join(folder, 'compile')
    mkdirSync(project)
    blocks.forEach((block, at) => writeFileSync(join(project, `${at}.ts`), asModule(block)))
    writeFileSync(join(project, 'prelude.d.ts'), prelude)
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(settings))
    const { output } = await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', project], project)
    assert.equal(withPages(output, blocks), '')
  })

  it('the quick start of the README does what it says, and again when it is started again', async () => {
    const quickStart = typeScriptIn('README.md')[0] ?? assert.fail('the README has no code')
    assert.match(quickStart.code, /createBroker/, 'the first block of the README is the quick start')
    writeFileSync(join(folder, 'shop.mjs'), quickStart.code)
    for (const times of [1, 2]) {
      const { code, output } = await run(process.execPath, ['shop.mjs'], folder)
      assert.equal(code, 0, output)
      assert.match(
        output,
        /^order \S+ is in Kafka at \[ \{ topic: 'orders\.placed', partition: \d, offset: \d+ \} \]\n/,
      )
      const shop = new Database(join(folder, 'shop.db'))
      const [row] = shop
        .prepare('SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM outbox_sent) AS sent')
        .all([]) as { orders: number; sent: number }[]
      shop.close()
      assert.deepEqual({ ...row }, { orders: times, sent: times })
    }
  })

  it('the consumer of the README handles what the quick start has sent, once each, also when it is started again', async () => {
    const board = typeScriptIn('README.md').find(({ code }) => code.includes("new Database('board.db')"))
    writeFileSync(join(folder, 'board.mjs'), board?.code ?? assert.fail('the README has no consumer on board.db'))
    // The third order comes while no consumer runs.
    for (const orders of [2, 3]) {
      if (orders > 2) assert.equal((await run(process.execPath, ['shop.mjs'], folder)).code, 0)
      await untilInterrupted('board.mjs', () => boardRows() >= orders)
      assert.equal(boardRows(), orders)
    }
  })

  /** Deliveries on the board; 0 as long as there is no board. */
  function boardRows(): number {
    const database = new Database(join(folder, 'board.db'))
    try {
      const [row] = database.prepare('SELECT count(*) AS deliveries FROM deliveries').all([]) as {
        deliveries: number
      }[]
      return row?.deliveries ?? 0
    } catch {
      return 0
    } finally {
      database.close()
    }
  }

  /** Starts a program that runs until Ctrl-C and presses it when `enough`; fails unless it then ends by itself with code 0. */
  async function untilInterrupted(program: string, enough: () => boolean): Promise<void> {
    const child = spawn(process.execPath, [program], { cwd: folder, env: ownEnvironment() })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)))
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const deadlineMs = performance.now() + 40_000
    try {
      while (!enough()) {
        assert.ok(performance.now() < deadlineMs && child.exitCode === null, output)
        await sleep(50)
      }
      child.kill('SIGINT')
      assert.equal(await Promise.race([exited, sleep(20_000, 'still runs', { ref: false })]), 0, output)
    } finally {
      child.kill('SIGKILL')
    }
  }
})

/** A block as a module of its own: two blocks may use one name, and top-level await needs a module. */
const asModule = ({ code }: CodeBlock): string => (/^(import|export) /m.test(code) ? code : `${code}\nexport {}\n`)

/** The compiler's complaints with the page and line of the block instead of the file's number. */
function withPages(output: string, blocks: readonly CodeBlock[]): string {
  return output.replaceAll(/^(\d+)\.ts\((\d+),\d+\)/gm, (_, at: string, line: string) => {
    const block = blocks[Number(at)]
    return `${block?.page}:${(block?.line ?? 0) + Number(line)}`
  })
}

/** Ours without what tells a child that it belongs to the test runner. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_TEST')))
}

function run(command: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  const env = ownEnvironment()
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error?.code ?? 0
      if (typeof code === 'number') resolve({ code, output: stdout + stderr })
      else reject(error ?? new Error(code))
    })
  })
}
