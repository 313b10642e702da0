import type pg from 'pg'
import type { OutboxStore } from 'waybill'

/** Stands in until `waybill/postgres` is there. */
export function postgres(_pool: pg.Pool): OutboxStore {
  throw new Error('waybill/postgres is not there yet')
}
