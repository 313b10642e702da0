import { causeText, WaybillError } from '../model/errors.js'

/**
 * Runs a library's transaction with `fn` in it. What fails before `fn` was called is the world's fault, whatever the library calls
 * it: WB_STORE_UNREACHABLE, on which a consumer spends no try of the message. Errors of `fn` and of the COMMIT stay what they are.
 */
export async function opening<Tx, T>(
  fn: (tx: Tx) => Promise<T>,
  run: (inside: (tx: Tx) => Promise<T>) => Promise<T>,
): Promise<T> {
  const state = { isOpen: false }
  try {
    return await run((tx) => {
      state.isOpen = true
      return fn(tx)
    })
  } catch (error) {
    if (state.isOpen || error instanceof WaybillError) throw error
    const message = `no transaction could be opened: ${causeText(error)}. Is the database there, and the pool large enough?`
    throw new WaybillError('WB_STORE_UNREACHABLE', message, { cause: error })
  }
}
