// `npm run lab`: three real Kafka nodes and a PostgreSQL until Ctrl-C. `-o json`: one line of JSON when they are ready.
import { parseArgs } from 'node:util'
import { startKafka } from '../cluster/kafka-cluster.js'
import { startPostgres } from '../cluster/postgres-server.js'

const usage = 'npm run lab [-- -o table|json]'

const output = wantedOutput()
const stopped = untilSignal()
// With JSON standard output is the machine's alone.
const say = output === 'json' ? console.error : console.log

say('starting three Kafka nodes and PostgreSQL …')
const [kafka, postgres] = await bothOrNone()
if (output === 'json') {
  const { bootstrap, folder } = kafka
  console.log(JSON.stringify({ bootstrap, postgres: postgres.url, logs: [folder, postgres.folder] }))
} else {
  say(`Kafka:      ${kafka.bootstrap.join(',')}`)
  say(`PostgreSQL: ${postgres.url}`)
  say(`logs:       ${kafka.folder} ${postgres.folder}`)
}
say('Ctrl-C stops them and removes their data')
await stopped
await Promise.all([kafka.stop(), postgres.close()])
say('stopped')

/** A half-started lab is stopped before the failure is told. */
async function bothOrNone() {
  const [brokers, database] = await Promise.allSettled([startKafka({ nodes: 3 }), startPostgres()])
  if (brokers.status === 'fulfilled' && database.status === 'fulfilled') return [brokers.value, database.value] as const
  if (brokers.status === 'fulfilled') await brokers.value.stop()
  if (database.status === 'fulfilled') await database.value.close()
  const failed = brokers.status === 'rejected' ? brokers : database
  console.error(failed.status === 'rejected' && failed.reason instanceof Error ? failed.reason.message : failed)
  process.exit(1)
}

/** The first signal stops the servers (also when they are just starting: then after that), the second ends everything at once. */
function untilSignal(): Promise<void> {
  let signals = 0
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        signals++
        if (signals > 1) process.exit(130) // the servers go with this process
        say('stopping …')
        resolve()
      })
    }
  })
}

function wantedOutput(): 'table' | 'json' {
  try {
    const { values } = parseArgs({ options: { output: { type: 'string', short: 'o', default: 'table' } } })
    if (values.output === 'table' || values.output === 'json') return values.output
    throw new Error(`-o is table or json, not '${values.output}'`)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nusage: ${usage}`)
    process.exit(1)
  }
}
