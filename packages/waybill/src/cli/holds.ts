import type { Command } from './command.js'
import { databaseOptions, outputOption, textOf, wholeOf } from './command.js'
import { withOutbox } from './database.js'
import { bytesJson, bytesText, duration, isoTime, json, table } from './output.js'

/** Lists the keys that wait behind a refused message. */
export const holds: Command = {
  summary: 'keys that wait behind a message that Kafka refused',
  usage: ['holds --database URL [--limit 50] [-o table|json]'],
  options: {
    ...databaseOptions,
    limit: { type: 'string', value: 'N', help: 'most rows, 1 to 1000 (default 50)' },
    ...outputOption,
  },
  run: (call) =>
    withOutbox(call, async ({ store, admin }) => {
      const limit = wholeOf(textOf(call.values, 'limit') ?? '50', 'limit', 1, 1_000)
      const found = await admin.holds(limit)
      const nowMs = await store.nowMs()
      if (call.out.json)
        call.out.write(
          json(found.map(({ key, sinceMs, ...rest }) => ({ ...rest, key: bytesJson(key), since: isoTime(sinceMs) }))),
        )
      else if (found.length === 0) call.out.write('no key is held\n')
      else
        call.out.write(
          table(
            ['ROW', 'LANE', 'TOPIC', 'KEY', 'WAITING', 'TRIES', 'SINCE', 'REASON'],
            found.map((hold) => [
              ...[hold.rowId, hold.lane].map(String),
              ...[hold.topic, bytesText(hold.key), String(hold.size), String(hold.attempts)],
              ...[`${duration(nowMs - hold.sinceMs)} ago`, hold.reason],
            ]),
          ),
        )
      return 0
    }),
}
