import { RoadmapError } from "@roadmap/core/errors"
import { formatNumber, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import { openTracking } from "@roadmap/tracking/open"
import type { Run, TrackingStore } from "@roadmap/tracking/port"
import type { CommandContext } from "../context.ts"

interface RunsFlags {
  filter?: string
  orderBy?: string
  limit: number
}

/** Lists tracked runs, newest first; with ids, shows those runs side by side. */
export const runs = async (context: CommandContext, ids: string[], flags: RunsFlags): Promise<undefined> => {
  const store = await openTracking(context.config)
  try {
    const experiments = (await store.searchExperiments()).items
    const experimentIds = experiments.map(experiment => experiment.experimentId)
    if (ids.length > 0) {
      const chosen = await findRuns(store, experimentIds, ids)
      context.print({ runs: chosen }, () => sideBySide(context, chosen))
      return undefined
    }
    const page = await store.searchRuns({
      experimentIds,
      filter: flags.filter,
      orderBy: flags.orderBy ? [flags.orderBy] : undefined,
      maxResults: flags.limit,
    })
    const names = new Map(experiments.map(experiment => [experiment.experimentId, experiment.name]))
    context.print({ runs: page.items }, () =>
      page.items.length === 0 && flags.filter !== undefined
        ? `No run fits the filter: ${flags.filter}`
        : table(context, page.items, names, page.nextPageToken !== undefined),
    )
    return undefined
  } finally {
    await store.close()
  }
}

/** Each id may be shortened to any start that fits one run only. */
const findRuns = async (store: TrackingStore, experimentIds: string[], ids: string[]): Promise<Run[]> => {
  const all: Run[] = []
  for (let pageToken: string | undefined; ; ) {
    const page = await store.searchRuns({ experimentIds, pageToken })
    all.push(...page.items)
    pageToken = page.nextPageToken
    if (!pageToken) break
  }
  return ids.map(id => {
    const found = all.filter(run => run.runId.startsWith(id))
    if (found.length === 1) return found[0]
    throw new RoadmapError(
      "NOT_FOUND",
      found.length === 0
        ? `No run's id starts with "${id}".`
        : `${found.length} runs' ids start with "${id}".`,
      {
        hint: "See: roadmap runs",
      },
    )
  })
}

const table = (
  context: CommandContext,
  found: readonly Run[],
  names: Map<string, string>,
  more: boolean,
): string => {
  if (found.length === 0) return "No runs yet. Try: roadmap run feb"
  const text = textTable(
    {
      columns: [
        { label: "run" },
        { label: "experiment" },
        { label: "name" },
        { label: "status" },
        { label: "took", align: "right" },
        { label: "metrics" },
      ],
      rows: found.map(run => [
        run.runId.slice(0, 8),
        names.get(run.experimentId) ?? run.experimentId,
        run.runName,
        run.status,
        run.endTime === undefined ? "" : formatSeconds((run.endTime - run.startTime) / 1000),
        Object.entries(run.metrics)
          .slice(0, 4)
          .map(([key, value]) => `${key} ${shortNumber(value)}`)
          .join(", "),
      ]),
    },
    { width: context.columns },
  )
  return more ? `${text}\nThere are more: --limit shows them.` : text
}

/** Rows are what differs first, then what is equal; columns are the runs. */
const sideBySide = (context: CommandContext, chosen: readonly Run[]): string => {
  const rowsOf = (kind: string, pick: (run: Run) => Record<string, string | number>) => {
    const keys = [...new Set(chosen.flatMap(run => Object.keys(pick(run))))].sort()
    return keys.map(key => {
      const cells = chosen.map(run => pick(run)[key])
      const texts = cells.map(value =>
        value === undefined ? "" : typeof value === "number" ? shortNumber(value) : value,
      )
      return { same: new Set(texts).size === 1, row: [`${kind} ${key}`, ...texts] }
    })
  }
  const rows = [
    { same: false, row: ["name", ...chosen.map(run => run.runName)] },
    { same: false, row: ["status", ...chosen.map(run => run.status)] },
    ...rowsOf("metric", run => run.metrics),
    ...rowsOf("param", run => run.params),
  ]
  const sorted = [...rows.filter(row => !row.same), ...rows.filter(row => row.same)]
  return textTable(
    {
      columns: [
        { label: "" },
        ...chosen.map(run => ({ label: run.runId.slice(0, 8), align: "right" as const })),
      ],
      rows: sorted.map(({ row }) => row),
    },
    {
      width: context.columns,
      paint: (text, row) => (sorted[row].same && chosen.length > 1 ? context.colors.dim(text) : text),
    },
  )
}

const shortNumber = (value: number) => formatNumber(value, { significant: 5 })
