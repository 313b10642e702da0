import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createBroker } from '@waybill/broker'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import { invoicesTable } from './invoices.js'
import { brokerOptions, provesItself } from './stage.js'

const root = new URL('../../../../', import.meta.url)
const { compiledClientFolder } = (await import(new URL('scripts/bench-peers.mjs', root).href)) as {
  compiledClientFolder: () => string
}
const client = compiledClientFolder()
const skip = existsSync(client) ? false : `the client is not compiled here: node scripts/bench-peers.mjs`

test('confluent client with progress and inbox: one invoice for each order, also when a consumer is killed', {
  skip,
}, async (t) => {
  const broker = await createBroker(brokerOptions)
  t.after(() => broker.close())
  const server = await startPostgres()
  t.after(() => server.close())
  const url = await server.createDatabase('billing')
  const invoices = await invoicesTable(server, 'billing')
  const folder = await mkdtemp(join(tmpdir(), 'waybill-confluent-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const program = pathToFileURL(await installed(folder)).href
  await provesItself(t, { program, bootstrap: broker.bootstrap, env: { DATABASE_URL: url }, invoices })
})

/** The example with its packages: the client is compiled once a machine, apart from the workspace. */
async function installed(folder: string): Promise<string> {
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  await symlink(join(client, 'node_modules', '@confluentinc'), join(modules, '@confluentinc'))
  for (const name of ['pg', 'waybill'])
    await symlink(fileURLToPath(new URL(`node_modules/${name}`, root)), join(modules, name))
  for (const name of ['package.json', 'src/consumer.mjs']) {
    const to = join(folder, name.replace('src/', ''))
    await copyFile(fileURLToPath(new URL(`examples/confluent-consumer/${name}`, root)), to)
  }
  return join(folder, 'consumer.mjs')
}
