/** Facts that go with a log line. */
export type LogFacts = Readonly<Record<string, unknown>>

/** Where waybill writes what a person on call may want to read. Must not throw. */
export interface Log {
  debug(message: string, facts?: LogFacts): void
  info(message: string, facts?: LogFacts): void
  warn(message: string, facts?: LogFacts): void
  error(message: string, facts?: LogFacts): void
}
