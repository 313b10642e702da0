import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { alterUserScramCredentialsV0, connectionsApiChannel, ScramMechanisms } from '@platformatic/kafka'
import { kafka, type KafkaOptions, type ProduceOutcome } from 'waybill/kafka'
import { freePorts } from '../../src/cluster/free-ports.js'
import { kafkaJars } from '../../src/cluster/kafka-jars.js'
import { KafkaNode } from '../../src/cluster/kafka-node.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { propertiesText, serverProperties } from '../../src/cluster/server-properties.js'
import { until } from '../../src/cluster/until.js'

/** Comes with the Java that runs Kafka. */
const keytool = 'keytool'
const user = 'waybill'
const password = 'not a secret'
/** Kafka ends a session that was not renewed by then; the library renews at 80 %. */
const sessionMs = 2500
const saslHandshakeKey = 17

/** A real Kafka node with a plain listener for the lab and a SASL_SSL one for the adapter. */
class SecureNode {
  readonly node: KafkaNode
  readonly bootstrap: string
  readonly certificate: string
  readonly #folder: string

  private constructor(node: KafkaNode, bootstrap: string, certificate: string, folder: string) {
    this.node = node
    this.bootstrap = bootstrap
    this.certificate = certificate
    this.#folder = folder
  }

  static async start(): Promise<SecureNode> {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-secure-'))
    const [port = 0, controllerPort = 0, securePort = 0] = await freePorts(3)
    const address = { id: 1, client: { port }, controller: { port: controllerPort } }
    const node = new KafkaNode({ address, jars: await kafkaJars(), folder: join(folder, 'node-1') })
    const keystore = join(folder, 'keys.p12')
    const certificate = await makeCertificate(folder, keystore)
    await mkdir(join(folder, 'node-1'))
    const properties = serverProperties(
      address,
      [address],
      node.dataFolder,
      secureProperties(port, securePort, controllerPort, keystore),
    )
    await writeFile(join(folder, 'node-1', 'server.properties'), propertiesText(properties))
    const secure = new SecureNode(node, `127.0.0.1:${securePort}`, certificate, folder)
    try {
      await node.format(randomBytes(16).toString('base64url'))
      await node.launch()
      await node.ready()
      await secure.#addScramUser()
      return secure
    } catch (error) {
      await secure.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    await this.node.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #addScramUser(): Promise<void> {
    const salt = randomBytes(16)
    const iterations = 4096
    const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, 'sha512')
    const upsert = { name: user, mechanism: ScramMechanisms.SCRAM_SHA_512, iterations, salt, saltedPassword }
    await withConnection(this.node.port, (connection) =>
      alterUserScramCredentialsV0.api.async(connection, [], [upsert]),
    )
  }
}

function secureProperties(
  port: number,
  securePort: number,
  controllerPort: number,
  keystore: string,
): Record<string, string> {
  const secure = 'listener.name.sasl_ssl'
  return {
    listeners: `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    [`${secure}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-512',
    [`${secure}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user}="${password}";`,
    [`${secure}.scram-sha-512.sasl.jaas.config`]: 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    [`${secure}.plain.connections.max.reauth.ms`]: String(sessionMs),
    [`${secure}.ssl.keystore.type`]: 'PKCS12',
    [`${secure}.ssl.keystore.location`]: keystore,
    [`${secure}.ssl.keystore.password`]: 'changeit',
    [`${secure}.ssl.key.password`]: 'changeit',
  }
}

/** A self-signed certificate for 127.0.0.1, made by Java's own tool; returns it as PEM. */
async function makeCertificate(folder: string, keystore: string): Promise<string> {
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', 'changeit', '-alias', 'node']
  const names = ['-dname', 'CN=waybill-lab', '-ext', 'SAN=ip:127.0.0.1']
  execFileSync(keytool, ['-genkeypair', ...store, '-keyalg', 'RSA', '-keysize', '2048', '-validity', '2', ...names], {
    stdio: 'pipe',
    timeout: 60_000,
  })
  const file = join(folder, 'node.pem')
  execFileSync(keytool, ['-exportcert', '-rfc', ...store, '-file', file], { stdio: 'pipe', timeout: 60_000 })
  return readFile(file, 'utf8')
}

describe('over TLS and SASL', () => {
  let secure: SecureNode | undefined
  before(async () => {
    secure = await SecureNode.start()
  })
  after(() => secure?.stop())

  const options = (changes: Partial<KafkaOptions> = {}): KafkaOptions => {
    assert.ok(secure)
    return {
      brokers: [secure.bootstrap],
      tls: { ca: secure.certificate },
      sasl: { mechanism: 'PLAIN', username: user, password },
      connectTimeoutMs: 3000,
      ...changes,
    }
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-512'] as const)
    it(`${mechanism} signs in`, async () => {
      const broker = kafka(options({ sasl: { mechanism, username: user, password } }))
      try {
        assert.ok((await broker.initProducerId()) >= 0)
      } finally {
        await broker.close()
      }
    })

  it('a wrong password is named as the cause', async () => {
    const broker = kafka(options({ sasl: { mechanism: 'PLAIN', username: user, password: 'wrong' } }))
    await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE', message: /SASL authentication failed/ })
    await broker.close()
  })

  it('a certificate that nobody vouches for is refused', async () => {
    const broker = kafka(options({ tls: {} }))
    await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE', message: /self-signed certificate/ })
    await broker.close()
  })

  it('sessions are renewed under load, and no answer is lost to it', async () => {
    const broker = kafka(options())
    let signIns = 0
    const count = (event: unknown): void => {
      if ((event as { apiKey?: number }).apiKey === saslHandshakeKey) signIns++
    }
    subscribe(connectionsApiChannel.start.name, count)
    try {
      const topic = 'renewed'
      await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
      const view = (await broker.describeTopic(topic)) ?? assert.fail('no topic')
      const producerId = await broker.initProducerId()
      const send = async (firstSequence: number): Promise<ProduceOutcome | undefined> => {
        const records = [{ key: null, value: Buffer.from(String(firstSequence)), headers: [] }]
        const batch = {
          topic,
          topicId: view.topicId,
          partition: 0,
          producerId,
          producerEpoch: 0,
          firstSequence,
          stampMs: Date.now(),
          records,
        }
        const [outcome] = await broker.produce({
          pipeline: 0,
          leader: 1,
          batches: [batch],
          timeoutMs: 5000,
          sendBeforeMs: Infinity,
        })
        return outcome
      }
      const endMs = performance.now() + 3 * sessionMs
      let sequence = 0
      for (; performance.now() < endMs; sequence++)
        assert.deepEqual(await send(sequence), { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })
      assert.ok(sequence > 100, `only ${sequence} sent`)
      // A connection that was idle while its session ran out was renewed too.
      const idleUntil = performance.now() + 2 * sessionMs
      await until(async () => performance.now() > idleUntil, { what: 'the session to run out', deadlineMs: 30_000 })
      assert.deepEqual(await send(sequence), { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })
      assert.ok(signIns > 2 + 3, `${signIns} sign-ins: two connections, and no renewals`)
    } finally {
      unsubscribe(connectionsApiChannel.start.name, count)
      await broker.close()
    }
  })
})
