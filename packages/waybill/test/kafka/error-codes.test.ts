import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolErrors } from '@platformatic/kafka'
import { errorName, judgeProduceError } from '../../src/kafka/error-codes.js'

describe('errors of Produce', () => {
  it('carry the names Kafka gives them', () => {
    for (const { id, code } of Object.values(protocolErrors)) {
      const name = errorName(code)
      if (name !== `ERROR_${code}` && code !== -1) assert.equal(name, id)
    }
  })

  it('never say "not appended" when a base offset came with them', () => {
    for (let code = -1; code < 200; code++)
      if (code !== 0) assert.notEqual(judgeProduceError(code, 7).appended, 'no', errorName(code))
  })

  it('with an unknown number say "maybe"', () => {
    assert.deepEqual(judgeProduceError(999, -1), { name: 'ERROR_999', appended: 'maybe' })
  })

  it('that come before the append say so', () => {
    const names = [2, 3, 10, 17, 18, 19, 29, 32, 45, 47, 87, 100].map((code) => judgeProduceError(code, -1))
    assert.deepEqual(new Set(names.map(({ appended }) => appended)), new Set(['no']))
  })
})
