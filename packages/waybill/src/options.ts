import { WaybillError } from './model/errors.js'

const known: ReadonlySet<string> = new Set([
  'source',
  'brokers',
  'store',
  'inbox',
  'transactions',
  'relay',
  'lanes',
  'topics',
  'alerts',
  'migrate',
  'log',
  'onEvent',
  'clock',
  'random',
  'failpoints',
])

const lanesMax = 1024

/** Checks what the types cannot: unknown keys, missing parts, limits. Throws WB_OPTION_INVALID naming the option. */
export function checkOptions(options: {
  readonly source?: unknown
  readonly store?: unknown
  readonly inbox?: unknown
  readonly transactions?: unknown
  readonly brokers: unknown
  readonly lanes?: number
}): void {
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', what)
  }
  for (const name of Object.keys(options))
    if (!known.has(name)) invalid(`unknown option "${name}"; known: ${[...known].join(', ')}`)
  const { source, inbox, transactions, brokers, lanes } = options
  const store = options.store ?? inbox
  if (typeof brokers !== 'object' || brokers === null)
    invalid("option brokers is missing: e.g. brokers: ['localhost:9092']")
  if (lanes !== undefined && (!Number.isInteger(lanes) || lanes < 1 || lanes > lanesMax))
    invalid(`option lanes is ${lanes}; it must be a whole number from 1 to ${lanesMax}`)
  if (store === undefined && transactions === undefined && source === undefined) return
  if (!hasDialect(store) || (options.store !== undefined && !isStore(store)))
    return invalid('option store is missing: e.g. store: sqlite(new Database("shop.db"))')
  if (!hasDialect(transactions)) return invalid('option transactions is missing: e.g. transactions: fromSqlite(db)')
  if (transactions.dialect !== store.dialect)
    invalid(`the store speaks ${store.dialect}, the transactions ${transactions.dialect}; both must be one database`)
}

function hasDialect(value: unknown): value is { readonly dialect: string } {
  return typeof value === 'object' && value !== null && 'dialect' in value && typeof value.dialect === 'string'
}

function isStore(value: unknown): value is { readonly dialect: string } {
  return hasDialect(value) && 'advance' in value
}
