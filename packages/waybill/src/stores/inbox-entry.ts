import { WaybillError } from '../model/errors.js'
import type { InboxEntry } from '../ports/inbox-store.js'

/**
 * Refuses an entry that a database could confuse with another one, because the second message would be dropped unseen
 * (WB_MESSAGE_INVALID). Half a surrogate pair has no UTF-8 form, and drivers write U+FFFD for each; libsql cuts a text at a
 * NUL; PostgreSQL has no NUL in texts.
 */
export function checkEntry({ group, source, messageId, timeMs }: InboxEntry): void {
  for (const [name, text] of [
    ['group', group],
    ['source', source],
    ['messageId', messageId],
  ] as const)
    if (/[\p{Surrogate}\0]/u.test(text))
      throw new WaybillError(
        'WB_MESSAGE_INVALID',
        `the inbox entry's ${name} ${JSON.stringify(text.slice(0, 100))} holds a NUL or half a surrogate pair`,
      )
  if (!Number.isSafeInteger(timeMs))
    throw new WaybillError('WB_MESSAGE_INVALID', `the inbox entry's timeMs is ${timeMs}, not a whole number of ms`)
}
