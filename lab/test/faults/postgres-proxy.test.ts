import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'pg'
import { type PostgresServer, startPostgres } from '../../src/cluster/postgres-server.js'
import { until } from '../../src/cluster/until.js'
import { PostgresProxy } from '../../src/faults/postgres-proxy.js'

describe('PostgreSQL behind a proxy', () => {
  let server: PostgresServer
  let proxy: PostgresProxy
  before(async () => {
    server = await startPostgres()
    proxy = await PostgresProxy.listen({ targetPort: server.port })
    await server.query('CREATE TABLE kept (name text)')
  })
  after(async () => {
    await proxy.close()
    await server.close()
  })

  const kept = async (name: string): Promise<boolean> =>
    (await server.query('SELECT 1 FROM kept WHERE name = $1', [name])).length > 0

  /** Runs `work` in a connection through the proxy; resolves to the error it failed with. */
  const failing = async (work: (client: Client) => Promise<unknown>, application_name = 'test'): Promise<string> => {
    const client = new Client({ connectionString: proxy.urlOf(), application_name })
    client.on('error', () => undefined)
    await client.connect()
    const outcome = await work(client).then(() => 'no error', String)
    await client.end().catch(() => undefined)
    return outcome
  }

  const ways: Record<string, (client: Client) => Promise<unknown>> = {
    'a simple query': (client) => client.query('COMMIT'),
    'an extended query': (client) => client.query({ text: 'commit', queryMode: 'extended' } as never),
    'a named statement': async (client) => {
      await client.query({ name: 'commit', text: ' END' })
    },
  }

  for (const [way, commit] of Object.entries(ways)) {
    for (const deliver of [true, false]) {
      it(`cut at a COMMIT (${way}) that the server ${deliver ? 'executed' : 'never saw'}`, async () => {
        const name = `${way} ${deliver}`
        const earlier = proxy.commits
        let cut = proxy.cutAtCommit({ deliver, client: /another/ })
        const work = async (client: Client): Promise<unknown> => {
          await client.query('BEGIN')
          await client.query('INSERT INTO kept VALUES ($1)', [name])
          cut = proxy.cutAtCommit({ deliver })
          return commit(client)
        }
        assert.match(await failing(work), /terminated|ECONNRESET/)
        await cut.happened()
        assert.equal(await kept(name), deliver)
        assert.equal(proxy.commits - earlier, deliver ? 1 : 0)
        proxy.heal()
        await failing((client) => client.query('BEGIN').then(() => client.query('COMMIT')))
        assert.equal(cut.applied, 1)
      })
    }
  }

  it('a prepared commit is known when it comes a second time', async () => {
    const work = async (client: Client): Promise<unknown> => {
      const commit = { name: 'c', text: 'COMMIT' }
      await client.query('BEGIN')
      await client.query(commit)
      await client.query('BEGIN')
      await client.query(`INSERT INTO kept VALUES ('second')`)
      proxy.cutAtCommit({ deliver: true })
      return client.query(commit)
    }
    assert.match(await failing(work), /terminated|ECONNRESET/)
    assert.equal(await kept('second'), true)
  })

  it('cut at given bytes: a single statement commits, or not, by itself', async () => {
    for (const deliver of [true, false]) {
      const cut = proxy.cutAtBytes({ bytes: `bytes ${deliver}`, deliver })
      const insert = `INSERT INTO kept VALUES ('bytes ${deliver}')`
      assert.match(await failing((client) => client.query(insert)), /terminated|ECONNRESET/)
      await cut.happened()
      assert.equal(await kept(`bytes ${deliver}`), deliver)
    }
  })

  it('only the connections of one application are cut', async () => {
    const cut = proxy.cutAtCommit({ deliver: false, client: /^relay$/ })
    assert.equal(await failing((client) => client.query('COMMIT'), 'service'), 'no error')
    assert.match(await failing((client) => client.query('COMMIT'), 'relay'), /terminated|ECONNRESET/)
    assert.equal(cut.applied, 1)
  })

  it('answers of earlier, pipelined queries arrive; the one of the COMMIT does not', async () => {
    const client = new Client({ connectionString: proxy.urlOf() })
    client.on('error', () => undefined)
    await client.connect()
    await client.query(`BEGIN; INSERT INTO kept VALUES ('pipelined')`)
    proxy.cutAtCommit({ deliver: true })
    const both = [client.query('SELECT pg_sleep(0.2), 1 AS one'), client.query('COMMIT')]
    const [first, second] = await Promise.allSettled(both)
    assert.equal(first?.status, 'fulfilled')
    assert.equal(second?.status, 'rejected')
    assert.equal(await kept('pipelined'), true)
  })

  it('the network as a whole: blocked, healed, cut, refused', async () => {
    const client = new Client({ connectionString: proxy.urlOf() })
    client.on('error', () => undefined)
    await client.connect()
    proxy.block()
    const answer = client.query('SELECT 1 AS one')
    assert.equal(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))]), 'nothing')
    proxy.heal()
    assert.deepEqual((await answer).rows, [{ one: 1 }])
    const lost = client.query('SELECT pg_sleep(10)')
    lost.catch(() => undefined)
    assert.equal(proxy.cutConnections(), 1)
    await assert.rejects(lost)
    await proxy.refuse()
    await assert.rejects(new Client({ connectionString: proxy.urlOf() }).connect(), /ECONNREFUSED/)
    await proxy.accept()
    await until(async () => proxy.open === 0, { what: 'no open connection', deadlineMs: 5000 })
  })
})
