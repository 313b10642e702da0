/** The names of the arms, in the order in which a round runs them. */
export const armNames = ['waybill', 'parallel', 'java', 'kafkajs', 'confluent'] as const
export type ArmName = (typeof armNames)[number]

/** What a consuming process is told. */
export interface Task {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly partitions: number
  readonly count: number
  readonly order: 'key' | 'none'
  readonly slots: number
}

/** First argument of every consuming process, as JSON. */
export interface ConsumerSettings {
  readonly arm: ArmName
  /** Handled before it is ready. */
  readonly warm: Task | undefined
  readonly task: Task
  /** Where each handled record's number is appended, four bytes each, at the end of its handler; for the safety column. */
  readonly record: string | undefined
  /** Where the compiled client is installed. */
  readonly clientFolder: string | undefined
  /** Beyond which the group takes a silent member for dead. */
  readonly sessionMs: number
}

/** What a consuming process says when all of its records are handled. Moments: the kernel's monotonic clock in milliseconds. */
export interface Handled {
  /** The group gave it its partitions. */
  readonly assignedMs: number
  readonly lastMs: number
  /** Sum over all handlers, from start to end. */
  readonly handlerMs: number
}

/** A consuming process. */
export interface Running {
  readonly pid: number
  go(): void
  /** Throws when it has ended. */
  mustRun(): void
  /** Waits until it says that all is handled. */
  handled(deadlineMs: number): Promise<Handled>
  kill(): Promise<void>
}
