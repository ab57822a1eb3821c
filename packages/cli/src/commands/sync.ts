import { loadConfigWith } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { openRegistry } from "@roadmap/model-registry/open"
import { textTable } from "@roadmap/report/table"
import { openTracking } from "@roadmap/tracking/open"
import type { CommandContext } from "../context.ts"
import { syncModels } from "../sync/models.ts"
import { syncRuns } from "../sync/runs.ts"
import { kinds, newTally, type Tally } from "../sync/tally.ts"

interface SyncFlags {
  to?: string
  dryRun?: boolean
}

/**
 * `sync mlflow`: pushes the embedded experiments, runs, models and aliases to an MLflow server, reads everything back and
 * shows the counts. Resolves to 1 when something there is not equal to what is here.
 */
export const sync = async (context: CommandContext, target: string, flags: SyncFlags): Promise<number> => {
  if (target !== "mlflow")
    throw new RoadmapError("USAGE", `"${target}" is nothing to sync with.`, {
      hint: "Write: roadmap sync mlflow",
    })
  const { home } = context.config
  const mlflow = (flags.to === undefined ? context.config : loadConfigWith({ MLFLOW_TRACKING_URI: flags.to }))
    .mlflow
  if (!mlflow)
    throw new RoadmapError("USAGE", "Which MLflow server?", {
      hint: "Give --to http://127.0.0.1:5000, or set MLFLOW_TRACKING_URI.",
    })
  const { signal } = context
  const tally = newTally()
  const say = (line: string) => process.stderr.write(`  ${line}\n`)
  await using open = new AsyncDisposableStack()
  const opened = async <T extends { close(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const made = await part
    open.defer(() => made.close())
    return made
  }
  const shared = { tally, dryRun: flags.dryRun ?? false, signal, say }
  const runs = await syncRuns({
    ...shared,
    from: await opened(openTracking({ home })),
    to: await opened(openTracking({ home, mlflow }, { signal })),
  })
  await syncModels({
    ...shared,
    runs,
    from: await opened(openRegistry({ home })),
    to: await opened(openRegistry({ home, mlflow }, { signal })),
  })
  const { differences } = tally
  context.print({ server: mlflow.trackingUri, dryRun: shared.dryRun, ...tally }, () =>
    describe(context, mlflow.trackingUri, tally, shared.dryRun),
  )
  return differences.length > 0 ? 1 : 0
}

const describe = ({ colors, columns }: CommandContext, server: string, tally: Tally, dryRun: boolean) => {
  const shown = dryRun
    ? kinds.filter(kind => ["experiments", "runs", "models", "versions"].includes(kind))
    : kinds
  const table = textTable(
    {
      columns: [
        { label: server },
        { label: "here", align: "right" },
        { label: dryRun ? "to push" : "pushed now", align: "right" },
        ...(dryRun ? [] : [{ label: "read back equal", align: "right" as const }]),
      ],
      rows: shown.map(kind => [
        kind,
        String(tally.here[kind]),
        String(tally.pushed[kind]),
        ...(dryRun ? [] : [String(tally.verified[kind])]),
      ]),
    },
    { width: columns },
  )
  const most = 20
  const notes = tally.differences.slice(0, most).map(line => colors.red(`✖ ${line}`))
  const more = tally.differences.length - notes.length
  return [table, ...notes, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n")
}
