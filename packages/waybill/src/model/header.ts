import type { Incarnation } from './flight.js'
import { WaybillError } from './errors.js'

/** Name of the one header waybill adds to every record. */
export const headerName = 'waybill'

/** On a record that was sent again because Kafka lost it: `<partition>-<offset>` of the lost copy. */
export const healHeaderName = 'waybill-heal'

/** On a dead letter: `waybill-dead-topic`, `-partition`, `-offset` … of the message that could not be handled. */
export const deadLetterPrefix = 'waybill-dead-'

/**
 * On a dead letter that was sent back to its topic: `<dead-letter topic>/<partition>/<offset>/<group>` of the letter. Its `waybill`
 * header is that of the first copy, so that inboxes know the message; its sequence says nothing about this place.
 */
export const redriveHeaderName = 'waybill-redrive'

/** Record headers whose name starts with this are reserved. */
export const reservedPrefix = 'waybill'

/** What the header says. `sequence` is Kafka's own producer sequence of that record in its partition. */
export interface WaybillHeader {
  readonly source: string
  readonly lane: number
  readonly incarnation: Incarnation
  readonly sequence: number
  /** 32 hex digits. */
  readonly messageId: string
}

const sourcePattern = /^[A-Za-z0-9._]{1,64}$/

/** Throws WB_SOURCE_INVALID unless `source` is `[A-Za-z0-9._]{1,64}`; a dash would break the header, which is split at dashes. */
export function checkSource(source: unknown): asserts source is string {
  if (typeof source !== 'string' || !sourcePattern.test(source))
    throw new WaybillError(
      'WB_SOURCE_INVALID',
      `source ${JSON.stringify(source)} must match [A-Za-z0-9._]{1,64} (no dash: the waybill header is split at dashes); use e.g. ` +
        `"${
          String(source)
            .replaceAll(/[^A-Za-z0-9._]+/g, '_')
            .slice(0, 64) || 'shop'
        }"`,
    )
}

/** `01-<source>-<lane>-<producer id>.<producer epoch>-<sequence>-<message id>`, readable in any language with a split. */
export function formatHeader(header: WaybillHeader): string {
  const { producerId, producerEpoch } = header.incarnation
  return `01-${header.source}-${header.lane}-${producerId}.${producerEpoch}-${header.sequence}-${header.messageId}`
}

const headerPattern = /^01-([A-Za-z0-9._]{1,64})-(\d{1,5})-(\d{1,16})\.(\d{1,5})-(\d{1,10})-([0-9a-f]{32})$/

/** The parsed header, or `undefined` when the text is not a version 01 waybill header (foreign or newer: never guessed). */
export function parseHeader(text: string): WaybillHeader | undefined {
  const match = headerPattern.exec(text)
  if (!match) return undefined
  const [, source = '', lane, producerId, producerEpoch, sequence, messageId = ''] = match
  return {
    source,
    lane: Number(lane),
    incarnation: { producerId: Number(producerId), producerEpoch: Number(producerEpoch) },
    sequence: Number(sequence),
    messageId,
  }
}
