import { readFile } from "node:fs/promises"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { createRecordStore } from "@roadmap/labkit/records"
import { openRegistry } from "@roadmap/model-registry/open"
import { openTracking } from "@roadmap/tracking/open"
import type { Run } from "@roadmap/tracking/port"
import { candidates } from "../../src/models.ts"
import { experiment } from "../../src/train.ts"
import { type Expected, expectedPath, lastWeek, tonight } from "./training.ts"

export interface TrackedRun {
  /** "delay-ridge" */
  name: string
  sample: number
  status: string
  hasModel: boolean
}

export interface Version {
  model: string
  version: number
  champion: boolean
  /** Sample and status of the run that made it; undefined when there is no such run. */
  sample: number | undefined
  status: string | undefined
}

export interface State {
  runs: TrackedRun[]
  versions: Version[]
  /** Models that have a version of last week, and those that get one tonight. */
  expected: Omit<Expected, "metrics">
  /** How the last run of the month ended. */
  outcome: string
  /** Metrics of that run which are not those of an undisturbed one. */
  differentMetrics: string[]
}

export const observe = async (place: DrillPlace): Promise<State> => {
  const outcome = await createRecordStore(place.home, "2026-02").readOutcome()
  const metrics: Record<string, number> = outcome?.metrics ?? {}
  const expected: Expected = JSON.parse(await readFile(expectedPath(place.home), "utf8"))
  const undisturbed = expected.metrics
  const tracked = await trackedRuns(place)
  return {
    runs: tracked.map(({ run, ...rest }) => rest),
    versions: await versions(place, new Map(tracked.map(one => [one.run.runId, one]))),
    expected: { lastWeek: expected.lastWeek, tonight: expected.tonight },
    outcome: outcome?.status ?? "none",
    differentMetrics: Object.keys(undisturbed).filter(
      name =>
        !(Math.abs(metrics[name] - undisturbed[name]) <= 1e-9 * Math.max(1, Math.abs(undisturbed[name]))),
    ),
  }
}

/** In an order that depends on nothing but their content. */
const trackedRuns = async ({ config }: DrillPlace): Promise<(TrackedRun & { run: Run })[]> => {
  const store = await openTracking(config)
  try {
    const known = await store.searchExperiments({ filter: `attributes.name = '${experiment}'` })
    if (known.items.length === 0) return []
    const { items } = await store.searchRuns({ experimentIds: known.items.map(one => one.experimentId) })
    const runs = await Promise.all(
      items.map(async run => ({
        name: run.runName,
        sample: Number(run.params.sample),
        status: run.status,
        hasModel: await store.readArtifact(run.runId, "model.bin").then(
          bytes => bytes.byteLength > 0,
          () => false,
        ),
        run,
      })),
    )
    const order = ({ sample, name, status, hasModel }: TrackedRun) =>
      `${sample} ${name} ${status} ${hasModel}`
    return runs.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  } finally {
    await store.close()
  }
}

const versions = async (
  { config }: DrillPlace,
  runs: ReadonlyMap<string, TrackedRun>,
): Promise<Version[]> => {
  const registry = await openRegistry(config)
  try {
    const { items } = await registry.searchVersions()
    return items
      .map(({ name, version, aliases, lineage }) => {
        const run = runs.get(lineage.runId ?? "")
        const champion = aliases.includes("champion")
        return { model: name, version, champion, sample: run?.sample, status: run?.status }
      })
      .sort((a, b) => a.model.localeCompare(b.model) || a.version - b.version)
  } finally {
    await registry.close()
  }
}

const candidateNames = candidates.map(({ task, name }) => `${task}-${name}`)

export const grade = ({ runs, versions, expected, outcome, differentMetrics }: State): readonly Grade[] => {
  const finished = runs.filter(run => run.status === "FINISHED")
  const unfinished = runs.filter(run => run.status !== "FINISHED")
  const notOnce = [lastWeek, tonight].flatMap(sample =>
    candidateNames.flatMap(name => {
      const times = finished.filter(run => run.name === name && run.sample === sample && run.hasModel).length
      return times === 1 ? [] : [`${name} on one in ${sample}: ${times} times`]
    }),
  )
  const empty = finished.filter(run => !run.hasModel).map(run => run.name)
  const wanted = [
    ...expected.lastWeek.map(model => `${model} one in ${lastWeek}`),
    ...expected.tonight.map(model => `${model} one in ${tonight}`),
  ].sort()
  const made = versions.map(
    ({ model, sample, status }) =>
      `${model} ${status === "FINISHED" ? `one in ${sample}` : `from a run that is ${status ?? "unknown"}`}`,
  )
  const champions = versions.filter(version => version.champion && version.sample === tonight)
  return [
    {
      what: "tonight's run is done, with the metrics of an undisturbed one",
      passed: outcome === "done" && differentMetrics.length === 0,
      found:
        outcome !== "done"
          ? `the last run is ${outcome}`
          : differentMetrics.length === 0
            ? "it is"
            : `${differentMetrics.length} metrics are others, such as ${differentMetrics[0]}`,
    },
    {
      what: "every candidate was trained to the end once last week and once tonight",
      passed: notOnce.length === 0,
      found: notOnce.length === 0 ? `${finished.length} finished runs` : notOnce.slice(0, 3).join("; "),
    },
    {
      what: "the run that was cut off is KILLED, and nothing without a model says FINISHED",
      passed: unfinished.length === 1 && unfinished[0].status === "KILLED" && empty.length === 0,
      found:
        [
          ...unfinished.map(run => `${run.name} ${run.status}`),
          ...empty.map(name => `${name} FINISHED without a model`),
        ].join(", ") || "no trace of it",
    },
    {
      what: "each model has one version of last week and one of tonight, made by finished runs",
      passed: made.sort().join() === wanted.join(),
      found: made.join(", ") || "no versions",
    },
    {
      what: "tonight's versions are the champions",
      passed: champions.length === expected.tonight.length,
      found: champions.map(({ model, version }) => `${model}/${version}`).join(", ") || "none of them",
    },
  ]
}
