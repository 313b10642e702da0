import { execFile } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AclOperations,
  AclPermissionTypes,
  alterUserScramCredentialsV0,
  createAclsV3,
  deleteAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
  ScramMechanisms,
} from '@platformatic/kafka'
import { freePorts } from '../../src/cluster/free-ports.js'
import { kafkaJars } from '../../src/cluster/kafka-jars.js'
import { KafkaNode } from '../../src/cluster/kafka-node.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { propertiesText, serverProperties } from '../../src/cluster/server-properties.js'

/** Everybody's password. */
export const password = 'not a secret'
/** The cluster's administrator; other users may do what `grant` allowed them. */
export const administrator = 'waybill'

/** Kafka ends a PLAIN session that was not renewed by then; the library renews at 80 %. */
export const sessionMs = 2500

// The certificates' private parts live for one test run.
const storePassword = 'changeit'
/** Comes with the Java that runs Kafka. */
const keytool = 'keytool'

/** The listeners with TLS and SASL, by what is wrong with the certificate. */
const certificates = {
  SECURE: { names: 'ip:127.0.0.1', start: '-1H' },
  EXPIRED: { names: 'ip:127.0.0.1', start: '-3d' },
  MISNAMED: { names: 'dns:kafka.example', start: '-1H' },
} as const

/** A listener with TLS and SASL: in order, or with a certificate that has run out or is for another host. */
export type SecureListener = keyof typeof certificates

/** One right, as `kafka-acls` has it. */
export interface Right {
  readonly resource: 'TOPIC' | 'GROUP' | 'CLUSTER'
  /** The topic or group; `kafka-cluster` for the cluster. */
  readonly name: string
  readonly operation: 'READ' | 'WRITE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'IDEMPOTENT_WRITE'
}

/**
 * A real Kafka node with StandardAuthorizer and SASL_SSL listeners for PLAIN and SCRAM. The lab itself uses a plain listener as
 * ANONYMOUS, who may do everything.
 */
export class SecureNode implements AsyncDisposable {
  readonly node: KafkaNode
  readonly #folder: string
  readonly #ports: Readonly<Record<SecureListener, number>>
  readonly #authorities: Readonly<Record<SecureListener, string>>

  private constructor(
    node: KafkaNode,
    folder: string,
    ports: Record<SecureListener, number>,
    authorities: Record<SecureListener, string>,
  ) {
    this.node = node
    this.#folder = folder
    this.#ports = ports
    this.#authorities = authorities
  }

  /** Starts the node; these users may sign in with PLAIN beside the administrator. */
  static async start(users: readonly string[] = []): Promise<SecureNode> {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-secure-'))
    const [client = 0, controller = 0, SECURE = 0, EXPIRED = 0, MISNAMED = 0] = await freePorts(5)
    const ports = { SECURE, EXPIRED, MISNAMED }
    const address = { id: 1, client: { port: client }, controller: { port: controller } }
    const node = new KafkaNode({ address, jars: await kafkaJars(), folder: join(folder, 'node-1') })
    const made = Object.keys(certificates).map((name) => makeCertificate(folder, name as SecureListener))
    const [first = '', second = '', third = ''] = await Promise.all(made)
    const secure = new SecureNode(node, folder, ports, { SECURE: first, EXPIRED: second, MISNAMED: third })
    const plain = serverProperties(address, [address], node.dataFolder, {})
    const properties = { ...plain, ...secureProperties(plain, ports, folder, [administrator, ...users]) }
    await mkdir(join(folder, 'node-1'))
    await writeFile(join(folder, 'node-1', 'server.properties'), propertiesText(properties))
    try {
      await node.format(randomBytes(16).toString('base64url'))
      await node.launch()
      await node.ready()
      return secure
    } catch (error) {
      await secure.stop()
      throw error
    }
  }

  bootstrap(listener: SecureListener = 'SECURE'): string {
    return `127.0.0.1:${this.#ports[listener]}`
  }

  /** The certificate that vouches for a listener's own, as PEM. */
  authority(listener: SecureListener = 'SECURE'): string {
    return this.#authorities[listener]
  }

  /** Lets a user sign in with SCRAM. */
  async addScramUser(name: string, hash: 'sha256' | 'sha512'): Promise<void> {
    const salt = randomBytes(16)
    const iterations = 4096
    const bytes = hash === 'sha256' ? 32 : 64
    const saltedPassword = pbkdf2Sync(password, salt, iterations, bytes, hash)
    const mechanism = hash === 'sha256' ? ScramMechanisms.SCRAM_SHA_256 : ScramMechanisms.SCRAM_SHA_512
    await withConnection(this.node.port, (connection) =>
      alterUserScramCredentialsV0.api.async(connection, [], [{ name, mechanism, iterations, salt, saltedPassword }]),
    )
  }

  /** Gives a user exactly these rights, beside those it has. */
  async grant(user: string, rights: readonly Right[]): Promise<void> {
    await withConnection(this.node.port, (connection) =>
      createAclsV3.api.async(
        connection,
        rights.map((right) => entry(user, right)),
      ),
    )
  }

  /** Takes one right away. */
  async revoke(user: string, right: Right): Promise<void> {
    await withConnection(this.node.port, (connection) => deleteAclsV3.api.async(connection, [entry(user, right)]))
  }

  async stop(): Promise<void> {
    await this.node.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function entry(user: string, { resource, name, operation }: Right) {
  return {
    resourceType: ResourceTypes[resource],
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperations[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }
}

function secureProperties(
  plain: Readonly<Record<string, string>>,
  ports: Readonly<Record<SecureListener, number>>,
  folder: string,
  users: readonly string[],
): Record<string, string> {
  const own = Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`)
  const maps = Object.keys(ports).map((name) => `${name}:SASL_SSL`)
  const known = users.map((user) => `user_${user}="${password}"`).join(' ')
  const perListener = Object.keys(ports).flatMap((name) => {
    const at = `listener.name.${name.toLowerCase()}`
    return [
      [`${at}.sasl.enabled.mechanisms`, 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'],
      [`${at}.plain.sasl.jaas.config`, `org.apache.kafka.common.security.plain.PlainLoginModule required ${known};`],
      ...['scram-sha-256', 'scram-sha-512'].map((each) => [
        `${at}.${each}.sasl.jaas.config`,
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ]),
      [`${at}.plain.connections.max.reauth.ms`, String(sessionMs)],
      [`${at}.ssl.keystore.type`, 'PKCS12'],
      [`${at}.ssl.keystore.location`, keystoreOf(folder, name)],
      [`${at}.ssl.keystore.password`, storePassword],
      [`${at}.ssl.key.password`, storePassword],
    ] as [string, string][]
  })
  return {
    listeners: [plain['listeners'], ...own].join(','),
    'advertised.listeners': [plain['advertised.listeners'], ...own].join(','),
    'listener.security.protocol.map': [plain['listener.security.protocol.map'], ...maps].join(','),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${administrator}`,
    ...Object.fromEntries(perListener),
  }
}

const keystoreOf = (folder: string, name: string): string => join(folder, `${name}.p12`)

/** A self-signed certificate, made by Java's own tool, good for two days from its start; returns it as PEM. */
async function makeCertificate(folder: string, listener: SecureListener): Promise<string> {
  const { names, start } = certificates[listener]
  const keystore = keystoreOf(folder, listener)
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', storePassword, '-alias', 'node']
  const subject = ['-dname', 'CN=waybill-lab', '-ext', `SAN=${names}`]
  const time = ['-startdate', start, '-validity', '2']
  const run = promisify(execFile)
  await run(keytool, ['-genkeypair', ...store, '-keyalg', 'RSA', '-keysize', '2048', ...time, ...subject], {
    timeout: 60_000,
  })
  const file = join(folder, `${listener}.pem`)
  await run(keytool, ['-exportcert', '-rfc', ...store, '-file', file], { timeout: 60_000 })
  return readFile(file, 'utf8')
}
