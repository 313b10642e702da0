import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../../../scripts/provision.mjs', import.meta.url))
const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'only root installs without asking'

// The machine's own programs are out of sight: PATH is a folder of stubs that write down how they were called.
describe('provision', () => {
  let folder = ''
  let calls = ''
  let postgres = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-provision-'))
    calls = join(folder, 'calls')
    postgres = join(folder, 'postgres')
    await chmod(folder, 0o777)
    await symlink('/usr/bin/env', join(folder, 'env'))
    await stub('java', `echo 'openjdk version "17.0.1"' >&2`)
    await stub('sh', 'note sh "$@"')
    await stub('rm', 'note rm "$@"')
    await stub(
      'apt-get',
      `note apt-get "$@"; case $1 in install) /bin/mkdir -p ${postgres}; /bin/cp $0 ${postgres}/initdb;; esac`,
    )
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function stub(name: string, body: string): Promise<void> {
    const note = `note() { echo "$@" >> ${calls}; }`
    await writeFile(join(folder, name), `#!/bin/sh\n${note}\n${body}\n`, { mode: 0o755 })
  }

  function provision(as: { uid?: number; gid?: number } = {}): { status: number | null; output: string } {
    const env = { ...process.env, PATH: folder, WAYBILL_LAB_POSTGRES: postgres }
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8', ...as })
    return { status, output: stdout + stderr }
  }

  it('installs PostgreSQL where it is missing, without the cluster that Debian would create and start', {
    skip,
  }, async () => {
    const { status, output } = provision()
    assert.equal(status, 0, output)
    assert.match(output, /installing PostgreSQL: postgresql/)
    const lines = (await readFile(calls, 'utf8')).trim().split('\n')
    assert.deepEqual(
      lines.map((line) => line.replace(/-c .*(create_main_cluster = false).*/, '$1')),
      [
        'apt-get update -q',
        'sh create_main_cluster = false',
        'apt-get install -y -q --no-install-recommends postgresql',
        'rm -f /etc/postgresql-common/createcluster.d/waybill-lab.conf',
      ],
    )
    assert.equal(provision().status, 0)
    assert.equal((await readFile(calls, 'utf8')).trim().split('\n').length, lines.length, 'a second run does nothing')
  })

  it('takes its setting away also when the install fails', { skip }, async () => {
    await stub('apt-get', 'note apt-get "$@"; [ $1 = update ]')
    const { status, output } = provision()
    assert.equal(status, 1)
    assert.match(output, /'apt-get install .* postgresql' failed/)
    assert.match(await readFile(calls, 'utf8'), /rm -f .*waybill-lab\.conf\n$/)
  })

  it('says so when the install did not help', { skip }, async () => {
    await stub('apt-get', 'true')
    assert.match(provision().output, /still missing after the install: PostgreSQL/)
  })

  it('prints the commands and fails where it may not install', async () => {
    await stub('sudo', 'exit 1')
    const { status, output } = provision(isRoot ? { uid: 65534, gid: 65534 } : {})
    assert.equal(status, 1, output)
    assert.match(output, /missing: .*PostgreSQL/)
    assert.match(
      output,
      /sudo sh -c '.*create_main_cluster = false.*'\n.*sudo apt-get install .*postgresql\n.*sudo rm -f/,
    )
  })
})
