/** What the world of one case offers to whoever runs it. */
interface CaseWorld {
  readonly notes: readonly string[]
  readonly folder: string
  /** Ends everything; the folder stays where `keep` is true. */
  close(keep: boolean): Promise<void>
}

/** How an experiment in a world of its own went. */
export interface CaseRun<Judged> {
  readonly seconds: number
  readonly notes: readonly string[]
  /** Undefined: the experiment itself failed, so nothing is proven. */
  readonly judged: Judged | undefined
  readonly error: string | undefined
  /** Where the files of a case that did not hold are. */
  readonly kept: string | undefined
}

/**
 * Makes a world, runs the experiment in it and lets it be judged, and ends the world whatever happened. `isKept`: whether its files
 * stay. A world that cannot be ended proves nothing.
 */
export async function runInWorld<World extends CaseWorld, Judged>(
  create: () => Promise<World>,
  judge: (world: World) => Promise<Judged>,
  isKept: (judged: Judged | undefined) => boolean,
): Promise<CaseRun<Judged>> {
  const startMs = performance.now()
  let world: World | undefined
  let judged: Judged | undefined
  let error: string | undefined
  try {
    world = await create()
    judged = await judge(world)
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  }
  const seconds = (performance.now() - startMs) / 1000
  const run = { seconds, notes: world?.notes ?? [], judged, error, kept: undefined }
  const keep = isKept(judged)
  try {
    await world?.close(keep)
  } catch (cause) {
    return { ...run, error: `${error ?? ''} closing failed: ${String(cause)}`, judged: undefined }
  }
  return { ...run, kept: keep ? world?.folder : undefined }
}

/** Runs what hurts only itself `atOnce` at a time, in the order given, then the others one by one. Each is told as soon as it is over. */
export async function runInTurns<Case, Report>(
  { together, alone, atOnce }: { together: readonly Case[]; alone: readonly Case[]; atOnce: number },
  run: (one: Case) => Promise<Report>,
  tell: (report: Report) => void,
): Promise<readonly Report[]> {
  const reports: Report[] = []
  const work = async (waiting: Case[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const report = await run(next)
      reports.push(report)
      tell(report)
    }
  }
  const shared = [...together]
  await Promise.all(Array.from({ length: atOnce }, () => work(shared)))
  await work([...alone])
  return reports
}
