import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Values } from '../../src/cli/command.js'
import { kafkaOf } from '../../src/cli/kafka-settings.js'
import type { KafkaOptions } from '../../src/kafka/options.js'
import { folder } from '../stores/sqlite-world.js'

const of = (values: Values, env: Record<string, string> = {}): KafkaOptions =>
  kafkaOf({ values, env, words: [], out: { json: false, write() {} } })

test('brokers come from the options or the environment, TLS from files, the password from the environment alone', () => {
  const home = folder()
  const pem = join(home.path, 'x.pem')
  writeFileSync(pem, 'pem')
  try {
    assert.deepEqual(of({ brokers: ['a:1,b:2', 'c:3'] }, { WAYBILL_BROKERS: 'z:1' }).brokers, ['a:1', 'b:2', 'c:3'])
    assert.deepEqual(of({}, { WAYBILL_BROKERS: 'z:1,y:2' }), { brokers: ['z:1', 'y:2'] })
    const brokers = ['a:1']
    assert.deepEqual(of({ brokers, tls: true }).tls, {})
    const file = Buffer.from('pem')
    assert.deepEqual(of({ brokers, 'tls-ca': pem, 'tls-cert': pem, 'tls-key': pem }).tls, {
      ca: file,
      cert: file,
      key: file,
    })
    const env = { WAYBILL_SASL_PASSWORD: 'word', WAYBILL_SASL_USER: 'env-user' }
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'env-user', password: 'word' }
    assert.deepEqual(of({ brokers, sasl: 'scram-sha-512' }, env).sasl, sasl)
    assert.equal(of({ brokers, sasl: 'PLAIN', 'sasl-user': 'me' }, env).sasl?.username, 'me')
    for (const bad of [
      { 'tls-cert': pem },
      { 'tls-ca': join(home.path, 'none.pem') },
      { sasl: 'GSSAPI', 'sasl-user': 'me' },
      { sasl: 'PLAIN' },
    ])
      assert.throws(() => of({ brokers, ...bad }), { name: 'UsageError' }, JSON.stringify(bad))
  } finally {
    home.remove()
  }
})
