import type { Mutation } from '../../simulation/mutant.js'

const judge = 'src/outbox/judge.js'
const settle = 'src/outbox/settle.js'
const pipeline = 'src/outbox/pipeline.js'
const launch = 'src/outbox/launch.js'
const reader = 'src/outbox/reader.js'
const rules = 'src/stores/step-rules.js'
const memorySteps = 'src/stores/memory/steps.js'
const memoryStore = 'src/stores/memory/store.js'

/** The mutations of the issue, and a few more that cost nothing. */
export const mutations: readonly Mutation[] = [
  {
    name: 'claim after send',
    patches: [
      {
        file: pipeline,
        find: 'if (planned.length > 0)\n                await this.#advance(planned);',
        replace: `for (const plan of planned) if (plan.step.kind === 'claim') {
          const { lane, fence, topic, partition, incarnation, firstSequence, rowIds } = plan.step;
          const stampMs = Math.floor(this.#context.databaseTime.nowMs());
          plan.done({ kind: 'done', flight: { lane, topic, partition, incarnation, firstSequence, rowIds, stampMs, claimedFence: fence } });
          plan.done = () => {};
        }
        this.#launch(this.#host.lanes());
        if (planned.length > 0) await this.#advance(planned);`,
      },
    ],
  },
  {
    name: 'unfenced mark',
    patches: [
      {
        file: memorySteps,
        find: 'lane.owner === null || lane.fence !== step.fence',
        replace: "(step.kind !== 'mark' && (lane.owner === null || lane.fence !== step.fence))",
      },
      {
        file: memorySteps,
        find: "if (!stream || !namesFlight(step, flight))\n        return { kind: 'conflict', detail: 'no such flight' };\n    flight.rowIds.forEach",
        replace:
          "if (!stream || !flight)\n        return { kind: 'conflict', detail: 'no such flight' };\n    flight.rowIds.forEach",
      },
    ],
  },
  {
    name: 'rejection after an unanswered attempt taken as definite',
    patches: [
      {
        file: judge,
        find: 'if (uncertain)\n            return { kind: ',
        replace: 'if (false)\n            return { kind: ',
      },
    ],
  },
  {
    name: 'rows re-cut under a used sequence',
    patches: [
      {
        file: settle,
        find: 'this.#repeat(answer, verdict.uncertain, verdict.cause);\n                return undefined;',
        replace:
          'this.#repeat(answer, verdict.uncertain, verdict.cause);\n                return verdict.uncertain ? this.#release(answer, flight.incarnation, state.stream?.lastOffset ?? -1, [], undefined) : undefined;',
      },
      {
        file: settle,
        find: 'nextSequence: 0, lastOffset',
        replace: 'nextSequence: next === flight.incarnation ? flight.firstSequence : 0, lastOffset',
      },
      {
        file: rules,
        find: "if (!isNewer(step.next, flight.incarnation))\n        return 'a release must move the stream to a new incarnation';",
        replace: '',
      },
      {
        file: rules,
        find: 'incarnation: step.next, nextSequence: 0,',
        replace:
          'incarnation: step.next, nextSequence: isNewer(step.next, step.flight.incarnation) ? 0 : step.flight.firstSequence,',
      },
    ],
  },
  {
    name: 'acknowledgement believed without the fingerprint',
    patches: [
      { file: judge, find: 'answer.appendTimeMs !== -1 && answer.appendTimeMs !== flight.stampMs', replace: 'false' },
    ],
  },
  {
    name: 'repeat although the broker has forgotten the producer',
    patches: [{ file: launch, find: 'databaseNowMs - flight.stampMs >= trustMs(view)', replace: 'false' }],
  },
  {
    name: 'two open flights per stream',
    patches: [
      {
        file: pipeline,
        find: 'const outcomes = await broker.produce({',
        replace: `const halves = async (request) => {
          const half = (batch, from, to) => ({ ...batch, firstSequence: batch.firstSequence + from, records: batch.records.slice(from, to) });
          const send = (from, to) => broker.produce({ ...request, batches: request.batches.map((batch) => half(batch, from(batch), to(batch))) });
          const middle = (batch) => batch.records.length >> 1;
          if (request.batches.some((batch) => batch.records.length < 2)) return broker.produce(request);
          const [first, second] = await Promise.all([send(() => 0, middle), send(middle, (batch) => batch.records.length)]);
          return first.map((outcome, at) => (outcome.kind === 'acked' ? (second[at].kind === 'acked' ? outcome : second[at]) : outcome));
        };
        const outcomes = await halves({`,
      },
    ],
  },
  {
    name: 'incarnation kept after a restored database',
    patches: [
      {
        file: memoryStore,
        find: 'expiresAtMs: 0, producerId: null }));',
        replace: 'expiresAtMs: 0, producerId: lane.producerId }));',
      },
    ],
  },
  {
    name: 'reading on without sweep, and without minding open transactions',
    patches: [
      { file: reader, find: 'if (!openSenders) {', replace: 'if (true) {' },
      { file: reader, find: '>= this.#sweepDueMs ?', replace: '>= Infinity ?' },
    ],
  },
  {
    name: 'reading on without minding open transactions',
    patches: [{ file: reader, find: 'if (!openSenders) {', replace: 'if (true) {' }],
  },
  {
    name: 'a read used although a long transaction ended meanwhile below it',
    patches: [{ file: reader, find: 'const queued = mayUse && ', replace: 'const queued = ' }],
  },
  {
    name: 'an unanswered attempt taken for a failure',
    patches: [
      {
        file: judge,
        find: "return { kind: 'repeat', uncertain: true, cause: outcome.cause };",
        replace: "return { kind: 'reject', code: 'lost', message: '', recordIndex: 0 };",
      },
    ],
  },
  {
    name: 'read-back without waiting for requests still in the air',
    patches: [{ file: 'src/outbox/resolve.js', find: 'if (open.unansweredAtMs !== undefined)', replace: 'if (false)' }],
  },
  {
    name: 'a flight found at take-over taken for never sent',
    patches: [
      {
        file: 'src/outbox/lane-state.js',
        find: 'uncertain: true, unansweredAtMs',
        replace: 'uncertain: false, unansweredAtMs',
      },
    ],
  },
]
