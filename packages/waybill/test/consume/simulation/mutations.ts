import type { Mutation } from '../../simulation/mutant.js'

const partition = 'src/consume/partition.js'
const dispatcher = 'src/consume/dispatcher.js'
const handling = 'src/consume/handling.js'
const consumer = 'src/consume/consumer.js'
const resume = 'src/consume/resume.js'
const deadLetter = 'src/consume/dead-letter.js'
const batchDispatcher = 'src/consume/batch-dispatcher.js'
const batchHandling = 'src/consume/batch-handling.js'

/** Ways to get a consumer wrong: those of the issue, and the classic ones. */
export const mutations: readonly Mutation[] = [
  {
    name: 'commit of the highest offset seen instead of the contiguous prefix',
    patches: [
      { file: partition, find: 'const offset = progress.position;', replace: 'const offset = progress.horizon;' },
    ],
  },
  {
    name: 'member epoch ignored',
    patches: [
      {
        file: 'test/consume/simulation/coordinator.js',
        find: 'if (!member || member.epoch !== epoch)',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'a stale result accepted for the fresh record of its key',
    patches: [
      { file: dispatcher, find: '&& !(at === 0 && lineup.busy)', replace: '' },
      {
        file: dispatcher,
        find: 'if (kept.length === 0)\n                lineup.home.delete(lineup.name);',
        replace: '',
      },
      {
        file: dispatcher,
        find: 'if (lineup.items[0] === work)\n            lineup.items.shift();',
        replace: 'lineup.items.shift();',
      },
    ],
  },
  {
    name: 'undecodable metadata taken as done',
    patches: [
      {
        file: resume,
        find: 'new Progress(committed.offset, stands ? known : undefined)',
        replace: "new Progress(committed.offset + (known || committed.metadata === '' ? 0 : 2), known)",
      },
    ],
  },
  {
    name: 'handlers that outlive the drain taken for done',
    patches: [
      {
        file: consumer,
        find: "partition.phase = 'revoking';",
        replace:
          "partition.phase = 'revoking', (partition.due = ((due) => () => ({ ...due, ...partition.place, leaderEpoch: -1, metadata: '', offset: partition.progress.horizon }))(partition.due()));",
      },
    ],
  },
  {
    name: 'a failed handler taken for done',
    patches: [
      {
        file: handling,
        find: 'this.succeeded(work, await trying);',
        replace: 'await trying.then((already) => this.succeeded(work, already), () => this.#host.handled(work));',
      },
    ],
  },
  {
    name: 'two messages of one key at once',
    patches: [
      {
        file: dispatcher,
        find: 'lineup.busy = true;',
        replace: 'lineup.busy = true; if (lineup.items[1]) this.#start(lineup, lineup.items[1]);',
      },
    ],
  },
  {
    name: 'effects although the inbox knows the message',
    patches: [
      {
        file: handling,
        find: 'if (!(await store.accept(transactions, tx, entry)))\n                return true;',
        replace: 'await store.accept(transactions, tx, entry);',
      },
    ],
  },
  {
    name: 'a dead letter without an answer taken for sent',
    patches: [
      { file: deadLetter, find: "if (outcome?.kind !== 'acked')", replace: "if (outcome?.kind === 'rejected')" },
    ],
  },
  {
    name: 'handled before the receipt of the dead letter',
    patches: [
      {
        file: handling,
        find: 'const end = await this.#deadLetters.send(work, this.#host.ended);',
        replace: 'const end = true; void this.#deadLetters.send(work, this.#host.ended);',
      },
    ],
  },
  {
    name: 'a late commit sent under the member epoch of now',
    patches: [
      {
        file: 'test/consume/simulation/group-port.js',
        find: 'this.#coordinator.commit(id, epoch, offset)',
        replace: 'this.#coordinator.commit(this.#id, this.#epoch, offset)',
      },
    ],
  },
  {
    name: 'metadata refused as too large: committed as far as was read',
    patches: [
      {
        file: partition,
        find: 'const offset = progress.position;',
        replace: "const offset = this.metadataKept === 'all' ? progress.position : progress.horizon;",
      },
    ],
  },
  {
    name: 'messages that wait when their partition is paused dropped',
    patches: [{ file: dispatcher, find: 'this.#paused.add(lineup);', replace: '' }],
  },
  {
    name: 'a batch that waits when its partition is paused dropped',
    patches: [{ file: batchDispatcher, find: 'this.#parked.add(batch);', replace: '' }],
  },
  {
    name: 'a seek goes on although its partition is being given up',
    patches: [{ file: consumer, find: ' || this.#leaving.has(old.name)', replace: '' }],
  },
  {
    name: 'what was handled above counts after a seek, too',
    patches: [{ file: consumer, find: 'new Progress(to)', replace: 'new Progress(to, old.progress.handledAbove())' }],
  },
  {
    name: 'two batches with messages of one key at once',
    patches: [{ file: batchDispatcher, find: "this.#order === 'none' || message.key === null", replace: 'true' }],
  },
  {
    name: 'a stale batch takes the fresh records of its keys along',
    patches: [
      {
        file: batchDispatcher,
        find: 'work.partition === partition && at >= lineup.taken',
        replace: 'work.partition === partition',
      },
      {
        file: batchDispatcher,
        find: 'lineup.items.length === 0 &&',
        replace: 'lineup.taken + lineup.items.length === 0 &&',
      },
      {
        file: batchDispatcher,
        find: '(work) => !done.has(work)',
        replace: '(work) => works.includes(work) && !done.has(work)',
      },
    ],
  },
  {
    name: 'what a batch error does not name taken for handled',
    patches: [{ file: batchHandling, find: ' || !handled.has(work.message)', replace: '' }],
  },
  {
    name: 'a failed batch taken for handled',
    patches: [
      {
        file: batchHandling,
        find: "return first.partition.isOurs ? this.#failed(works, first, error) : all(works, 'done');",
        replace: "works.forEach((work) => this.#handling.succeeded(work, false)); return all(works, 'done');",
      },
    ],
  },
  {
    name: 'effects of a batch although the inbox knows its messages',
    patches: [{ file: batchHandling, find: 'works.filter((work) => !known.has(work))', replace: 'works' }],
  },
]
