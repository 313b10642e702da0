// `npm run lab`: three real Kafka nodes until Ctrl-C.
import { startKafka } from '../cluster/kafka-cluster.js'

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
})

console.log('starting three Kafka nodes …')
const cluster = await startKafka({ nodes: 3 })
console.log(`bootstrap: ${cluster.bootstrap.join(',')}`)
console.log(`logs:      ${cluster.folder}`)
console.log('Ctrl-C stops them and removes their data')
await stopped
await cluster.stop()
console.log('stopped')
