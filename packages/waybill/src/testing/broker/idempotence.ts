import type { ProduceOutcome } from '../../ports/broker.js'
import type { BrokerHarness } from './harness.js'
import { Scene, type Sending } from './scene.js'

/** One answer, freed from what differs between runs. `appendTime` is relative to the sent stamp. */
export interface Row {
  readonly step: string
  readonly kind: ProduceOutcome['kind']
  readonly code?: string
  readonly appended?: string
  readonly recordIndex?: number
  readonly offset?: number
  /** `fresh`: -1; `same`: the stamp that was sent; a number: the stored batch's timestamp minus it, ms. */
  readonly appendTime?: 'fresh' | 'same' | number
}

/** A scripted exchange with the broker: what is sent is fixed, what comes back is the table. */
export interface Script {
  readonly name: string
  readonly run: (harness: BrokerHarness) => Promise<readonly Row[]>
  /** What Kafka 4.3.1 answers, seen on a real one. */
  readonly expected: readonly Row[]
}

type Step = (name: string, sending: Sending) => Promise<void>

function script(
  name: string,
  act: (step: Step, scene: Scene, producerId: number, stampMs: number) => Promise<void>,
  expected: readonly Row[],
): Script {
  const run = (harness: BrokerHarness): Promise<readonly Row[]> =>
    Scene.with(harness, {}, async (scene) => {
      const rows: Row[] = []
      const step: Step = async (title, sending) => {
        rows.push(rowOf(title, sending, await scene.send(sending)))
      }
      await act(step, scene, await scene.broker.initProducerId(), harness.clock.wallMs())
      return rows
    })
  return { name, run, expected }
}

function rowOf(step: string, { stampMs }: Sending, outcome: ProduceOutcome): Row {
  if (outcome.kind === 'acked') {
    const { baseOffset: offset, appendTimeMs } = outcome
    const difference = appendTimeMs - stampMs
    return {
      step,
      kind: 'acked',
      offset,
      appendTime: appendTimeMs === -1 ? 'fresh' : difference === 0 ? 'same' : difference,
    }
  }
  if (outcome.kind !== 'rejected') return { step, kind: outcome.kind }
  const { code, appended, recordIndex } = outcome
  return { step, kind: 'rejected', code, appended, ...(recordIndex !== undefined && { recordIndex }) }
}

const fresh = (step: string, offset: number): Row => ({ step, kind: 'acked', offset, appendTime: 'fresh' })
const repeat = (step: string, offset: number): Row => ({ step, kind: 'acked', offset, appendTime: 'same' })
const refusal = (step: string, code: string): Row => ({ step, kind: 'rejected', code, appended: 'no' })

/** The idempotence rules of the design page, each as a script. */
export const idempotenceScripts: readonly Script[] = [
  script(
    'a repeat answers with the first offset and the stamp, a fresh batch with -1',
    async (step, _scene, producerId, stampMs) => {
      await step('fresh', { producerId, sequence: 0, values: ['a', 'b', 'c'], stampMs })
      await step('repeat', { producerId, sequence: 0, values: ['a', 'b', 'c'], stampMs })
      await step('next', { producerId, sequence: 3, values: ['d'], stampMs: stampMs + 1 })
      await step('repeat of the one before', { producerId, sequence: 0, values: ['a', 'b', 'c'], stampMs })
    },
    [fresh('fresh', 0), repeat('repeat', 0), fresh('next', 3), repeat('repeat of the one before', 0)],
  ),
  script(
    'a batch with five newer ones behind it is no duplicate any more',
    async (step, _scene, producerId, stampMs) => {
      await step('first', { producerId, sequence: 0, values: ['a', 'b', 'c'], stampMs })
      for (let i = 0; i < 5; i++)
        await step(`later ${i}`, { producerId, sequence: 3 + i, values: [`n${i}`], stampMs: stampMs + 1 + i })
      await step('repeat of the first', { producerId, sequence: 0, values: ['a', 'b', 'c'], stampMs })
      await step('repeat of the oldest of five', { producerId, sequence: 3, values: ['n0'], stampMs: stampMs + 1 })
    },
    [
      fresh('first', 0),
      ...[0, 1, 2, 3, 4].map((i) => fresh(`later ${i}`, 3 + i)),
      refusal('repeat of the first', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      repeat('repeat of the oldest of five', 3),
    ],
  ),
  script(
    'after a broker restart only the last batch is known',
    async (step, scene, producerId, stampMs) => {
      for (const sequence of [0, 1, 2])
        await step(`before ${sequence}`, {
          producerId,
          sequence,
          values: [`v${sequence}`],
          stampMs: stampMs + sequence,
        })
      await scene.restart()
      for (const sequence of [2, 1, 0])
        await step(`repeat ${sequence}`, {
          producerId,
          sequence,
          values: [`v${sequence}`],
          stampMs: stampMs + sequence,
        })
      await step('next', { producerId, sequence: 3, values: ['v3'], stampMs: stampMs + 3 })
    },
    [
      ...[0, 1, 2].map((sequence) => fresh(`before ${sequence}`, sequence)),
      repeat('repeat 2', 2),
      refusal('repeat 1', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      refusal('repeat 0', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      fresh('next', 3),
    ],
  ),
  script(
    'a skipped sequence is refused',
    async (step, _scene, producerId, stampMs) => {
      await step('first', { producerId, sequence: 0, values: ['a'], stampMs })
      await step('skip', { producerId, sequence: 2, values: ['c'], stampMs: stampMs + 1 })
      await step('overlap', { producerId, sequence: 0, values: ['a', 'b'], stampMs: stampMs + 1 })
      await step('next', { producerId, sequence: 1, values: ['b'], stampMs: stampMs + 1 })
    },
    [
      fresh('first', 0),
      refusal('skip', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      refusal('overlap', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      fresh('next', 1),
    ],
  ),
  script(
    'an old epoch is refused only where a newer one was appended',
    async (step, _scene, producerId, stampMs) => {
      await step('epoch 5', { producerId, producerEpoch: 5, sequence: 0, values: ['a'], stampMs })
      await step('epoch 6', { producerId, producerEpoch: 6, sequence: 0, values: ['b'], stampMs: stampMs + 1 })
      await step('epoch 5 again', { producerId, producerEpoch: 5, sequence: 1, values: ['z'], stampMs })
      await step('repeat of epoch 5', { producerId, producerEpoch: 5, sequence: 0, values: ['a'], stampMs })
      await step('epoch 5, other partition', {
        producerId,
        producerEpoch: 5,
        sequence: 41,
        values: ['z'],
        stampMs,
        partition: 1,
      })
    },
    [
      fresh('epoch 5', 0),
      fresh('epoch 6', 1),
      refusal('epoch 5 again', 'INVALID_PRODUCER_EPOCH'),
      refusal('repeat of epoch 5', 'INVALID_PRODUCER_EPOCH'),
      fresh('epoch 5, other partition', 0),
    ],
  ),
  script(
    'a new epoch must start at sequence 0',
    async (step, _scene, producerId, stampMs) => {
      await step('epoch 0', { producerId, sequence: 0, values: ['a'], stampMs })
      await step('epoch 1, sequence 1', { producerId, producerEpoch: 1, sequence: 1, values: ['b'], stampMs })
      await step('epoch 0 still', { producerId, sequence: 1, values: ['b'], stampMs: stampMs + 1 })
      await step('epoch 1, sequence 0', {
        producerId,
        producerEpoch: 1,
        sequence: 0,
        values: ['c'],
        stampMs: stampMs + 2,
      })
    },
    [
      fresh('epoch 0', 0),
      refusal('epoch 1, sequence 1', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
      fresh('epoch 0 still', 1),
      fresh('epoch 1, sequence 0', 2),
    ],
  ),
  script(
    'other content under a used sequence is dropped, and the answer tells the stored stamp',
    async (step, _scene, producerId, stampMs) => {
      await step('first', { producerId, sequence: 0, values: ['a', 'b'], stampMs })
      await step('other rows, other stamp', { producerId, sequence: 0, values: ['xxxx', 'y'], stampMs: stampMs + 777 })
      await step('other count', { producerId, sequence: 0, values: ['a'], stampMs })
    },
    [
      fresh('first', 0),
      { step: 'other rows, other stamp', kind: 'acked', offset: 0, appendTime: -777 },
      refusal('other count', 'OUT_OF_ORDER_SEQUENCE_NUMBER'),
    ],
  ),
  script(
    'a repeat is validated before it is known as a duplicate',
    async (step, scene, producerId, stampMs) => {
      const big = 'x'.repeat(3000)
      await step('first', { producerId, sequence: 0, values: [big], stampMs })
      await scene.harness.alterTopic(scene.topic, { 'max.message.bytes': '1000' })
      await step('repeat', { producerId, sequence: 0, values: [big], stampMs })
      await step('another row there', { producerId, sequence: 0, values: ['row'], stampMs: stampMs + 50 })
      await scene.harness.alterTopic(scene.topic, { 'max.message.bytes': '100000' })
      await step('repeat when it fits again', { producerId, sequence: 0, values: [big], stampMs })
    },
    [
      fresh('first', 0),
      refusal('repeat', 'MESSAGE_TOO_LARGE'),
      { step: 'another row there', kind: 'acked', offset: 0, appendTime: -50 },
      repeat('repeat when it fits again', 0),
    ],
  ),
  script(
    'without producer state anything is accepted',
    async (step, scene, producerId, stampMs) => {
      await step('first', { producerId, producerEpoch: 4, sequence: 0, values: ['a', 'b'], stampMs })
      await step('repeat', { producerId, producerEpoch: 4, sequence: 0, values: ['a', 'b'], stampMs })
      await scene.harness.expireProducers(scene.topic, 0)
      await step('repeat after expiry', { producerId, producerEpoch: 4, sequence: 0, values: ['a', 'b'], stampMs })
      await scene.harness.expireProducers(scene.topic, 0)
      await step('skip after expiry', { producerId, producerEpoch: 4, sequence: 9, values: ['q'], stampMs })
      await scene.harness.expireProducers(scene.topic, 0)
      await step('old epoch after expiry', { producerId, producerEpoch: 1, sequence: 5, values: ['z'], stampMs })
    },
    [
      fresh('first', 0),
      repeat('repeat', 0),
      fresh('repeat after expiry', 2),
      fresh('skip after expiry', 4),
      fresh('old epoch after expiry', 5),
    ],
  ),
]
