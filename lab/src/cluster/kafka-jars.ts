import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'

// from lab/dist/src/cluster to the repository's scripts
const script = fileURLToPath(new URL('../../../../scripts/kafka-jars.mjs', import.meta.url))

/**
 * The folder of a real Kafka broker's jars, of the lab's own version unless told; fetched with Maven the first time (5 s to minutes), then a matter of 60 ms.
 * The work is `scripts/kafka-jars.mjs`, which also runs before anything is compiled. Fails when Maven is missing or cannot fetch.
 */
export async function kafkaJars(version?: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, version === undefined ? [script] : [script, version], {
    timeout: 900_000,
  })
  return stdout.trim()
}
