import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError } from "@roadmap/core/errors"
import { limits } from "@roadmap/tracking/limits"
import { allPages } from "@roadmap/tracking/page"
import type { ArtifactInfo, Experiment, Metric, Run, TrackingStore } from "@roadmap/tracking/port"
import { type Tally, verify } from "./tally.ts"

/** On a pushed run: the id of the run it is a copy of. By it a second push finds it. */
export const sourceRunTag = "roadmap.source_run"
const parentTag = "mlflow.parentRunId"

export interface SyncOptions {
  from: TrackingStore
  to: TrackingStore
  tally: Tally
  dryRun: boolean
  signal?: AbortSignal
  /** One line about what was just done. */
  say: (line: string) => void
}

/**
 * Pushes every experiment and run, and reads each back. What is there already is not written again; a push that was
 * killed is taken up by the next one, because everything it writes may be written twice. Returns, for each run here,
 * the run it became there.
 */
export const syncRuns = async (options: SyncOptions): Promise<Map<string, string>> => {
  const { from, to, tally, dryRun, say, signal } = options
  const pushed = new Map<string, string>()
  const experiments = await allPages(pageToken => from.searchExperiments({ pageToken }))
  for (const experiment of experiments.toReversed()) {
    throwIfAborted(signal)
    tally.here.experiments++
    const target = await targetExperiment(options, experiment)
    const runs = await allPages(pageToken =>
      from.searchRuns({
        experimentIds: [experiment.experimentId],
        // A parent starts before its children.
        orderBy: ["attributes.start_time ASC", "attributes.run_id ASC"],
        pageToken,
      }),
    )
    const there = target === undefined ? new Map<string, Run>() : await pushedRuns(to, target)
    for (const run of runs) {
      throwIfAborted(signal)
      tally.here.runs++
      const copy = there.get(run.runId)
      if (dryRun) {
        if (!copy) tally.pushed.runs++
        continue
      }
      if (target === undefined) continue
      const runId = await pushRun(options, run, copy, target.experimentId, pushed)
      pushed.set(run.runId, runId)
      await verifyRun(options, run, runId, pushed)
    }
    say(`${experiment.name}: ${runs.length} run${runs.length === 1 ? "" : "s"}`)
  }
  return pushed
}

const targetExperiment = async (
  { to, tally, dryRun }: SyncOptions,
  { name, tags }: Experiment,
): Promise<Experiment | undefined> => {
  const found = await to.getExperimentByName(name).catch(error => {
    if (isRoadmapError(error, "NOT_FOUND")) return undefined
    throw error
  })
  if (dryRun) {
    if (!found) tally.pushed.experiments++
    return found
  }
  if (found?.lifecycleStage === "deleted") {
    tally.differences.push(`experiment "${name}" is deleted there: restore it, or delete it here`)
    return undefined
  }
  if (!found) tally.pushed.experiments++
  const made = found ?? (await to.createExperiment({ name, tags }))
  for (const [key, value] of Object.entries(tags))
    if (made.tags[key] !== value) await to.setExperimentTag(made.experimentId, key, value)
  const read = await to.getExperiment(made.experimentId)
  verify(tally, "experiments", "experiments", [[name, tags]], new Map([[name, pick(read.tags, tags)]]))
  return read
}

const pushedRuns = async (to: TrackingStore, { experimentId }: Experiment): Promise<Map<string, Run>> => {
  const found = await allPages(pageToken =>
    to.searchRuns({
      experimentIds: [experimentId],
      filter: `tags.\`${sourceRunTag}\` IS NOT NULL`,
      pageToken,
    }),
  )
  return new Map(found.map(run => [run.tags[sourceRunTag], run]))
}

const pushRun = async (
  { from, to, tally }: SyncOptions,
  run: Run,
  copy: Run | undefined,
  experimentId: string,
  pushed: ReadonlyMap<string, string>,
): Promise<string> => {
  const tags = tagsThere(run, pushed)
  if (!copy) tally.pushed.runs++
  const target =
    copy ??
    (await to.createRun({
      experimentId,
      runName: run.runName,
      startTime: run.startTime,
      tags: { [sourceRunTag]: run.runId },
    }))
  const { runId } = target
  const params = missing(run.params, target.params)
  for (const part of parts(params, limits.paramsPerBatch))
    await to.logBatch(runId, { params: fromPairs(part) })
  const changed = missing(tags, target.tags)
  for (const part of parts(changed, limits.tagsPerBatch)) await to.logBatch(runId, { tags: fromPairs(part) })
  const points: Metric[] = []
  for (const key of Object.keys(run.metrics)) {
    const known = new Set((await history(to, runId, key)).map(pointText))
    points.push(...(await history(from, run.runId, key)).filter(point => !known.has(pointText(point))))
  }
  for (const part of parts(points, limits.metricsPerBatch)) await to.logBatch(runId, { metrics: part })
  if (run.inputs.length > target.inputs.length) await to.logInputs(runId, run.inputs)
  await to.logOutputs(runId, run.outputs)
  const artifacts = await pushArtifacts(from, to, run.runId, runId)
  if (run.endTime !== target.endTime || run.status !== target.status || run.runName !== target.runName)
    await to.updateRun(runId, { status: run.status, endTime: run.endTime, runName: run.runName })
  tally.pushed.parameters += params.length
  tally.pushed.tags += changed.length
  tally.pushed["metric points"] += points.length
  tally.pushed.inputs += Math.max(0, run.inputs.length - target.inputs.length)
  tally.pushed.artifacts += artifacts
  return runId
}

/** Pushes the artifacts that are not there with the same content; how many. */
const pushArtifacts = async (
  from: TrackingStore,
  to: TrackingStore,
  source: string,
  target: string,
): Promise<number> => {
  const known = new Map((await artifactsOf(to, target)).map(file => [file.path, file]))
  let count = 0
  for (const { path, size, sha256 } of await artifactsOf(from, source)) {
    const there = known.get(path)
    if (there && there.size === size && there.sha256 === sha256) continue
    const folder = await mkdtemp(join(tmpdir(), "roadmap-sync-"))
    try {
      const [file] = await from.downloadArtifacts(source, path, folder)
      await to.logArtifact(target, path, { file })
      count++
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return count
}

const verifyRun = async (
  { from, to, tally }: SyncOptions,
  run: Run,
  runId: string,
  pushed: ReadonlyMap<string, string>,
): Promise<void> => {
  const read = await to.getRun(runId)
  const what = `run ${run.runId}`
  const facts = ({ runName, status, startTime, endTime }: Run) => ({ runName, status, startTime, endTime })
  verify(tally, "runs", what, [[run.runName, facts(run)]], new Map([[run.runName, facts(read)]]))
  const tags = tagsThere(run, pushed)
  tally.here.parameters += Object.keys(run.params).length
  verify(tally, "parameters", what, Object.entries(run.params), new Map(Object.entries(read.params)))
  tally.here.tags += Object.keys(tags).length
  verify(tally, "tags", what, Object.entries(tags), new Map(Object.entries(read.tags)))
  tally.here.inputs += run.inputs.length
  const inputs = (of: Run) =>
    of.inputs.map(input => [`${input.name} ${input.digest}`, sorted(input)] as const)
  verify(
    tally,
    "inputs",
    what,
    inputs(run).map(([key, value]) => [key, value]),
    new Map(inputs(read)),
  )
  for (const key of Object.keys(run.metrics)) {
    const points = (await history(from, run.runId, key)).map(pointText)
    const there = (await history(to, runId, key)).map(pointText)
    tally.here["metric points"] += points.length
    verify(
      tally,
      "metric points",
      what,
      points.map(text => [text, text]),
      new Map(there.map(text => [text, text])),
    )
    if (there.length > points.length) tally.differences.push(`${what}: metric "${key}" has more points there`)
  }
  await verifyArtifacts(from, to, tally, run.runId, runId)
}

/** Reads every artifact back: the store there checks it against the hash it was given, here against the embedded one. */
const verifyArtifacts = async (
  from: TrackingStore,
  to: TrackingStore,
  tally: Tally,
  source: string,
  target: string,
): Promise<void> => {
  const { sha256File } = await import("@roadmap/core/hash")
  const files = await artifactsOf(from, source)
  tally.here.artifacts += files.length
  for (const { path, sha256 } of files) {
    const folder = await mkdtemp(join(tmpdir(), "roadmap-sync-"))
    try {
      const [file] = await to.downloadArtifacts(target, path, folder)
      verify(tally, "artifacts", `run ${source}`, [[path, sha256]], new Map([[path, await sha256File(file)]]))
    } catch (error) {
      if (!isRoadmapError(error, "NOT_FOUND") && !isRoadmapError(error, "FILE_CORRUPT")) throw error
      tally.differences.push(`run ${source}: ${error.message}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** The run's tags as they are to be there: its own id kept, its parent the pushed one. */
const tagsThere = (run: Run, pushed: ReadonlyMap<string, string>): Record<string, string> => {
  const { [parentTag]: parent, ...tags } = run.tags
  const parentThere = parent === undefined ? undefined : (pushed.get(parent) ?? parent)
  return {
    ...tags,
    [sourceRunTag]: run.runId,
    ...(parentThere !== undefined && { [parentTag]: parentThere }),
  }
}

const artifactsOf = async (store: TrackingStore, runId: string, folder?: string): Promise<ArtifactInfo[]> => {
  const found: ArtifactInfo[] = []
  for (const entry of await store.listArtifacts(runId, folder))
    found.push(...(entry.isDirectory ? await artifactsOf(store, runId, entry.path) : [entry]))
  return found
}

const history = (store: TrackingStore, runId: string, key: string): Promise<Metric[]> =>
  allPages(pageToken => store.getMetricHistory(runId, key, { maxResults: 25_000, pageToken }))

const pointText = ({ key, value, timestamp, step }: Metric): string => `${key} ${value} ${timestamp} ${step}`

const missing = (wanted: Record<string, string>, there: Record<string, string>): [string, string][] =>
  Object.entries(wanted).filter(([key, value]) => there[key] !== value)

const pick = (from: Record<string, string>, keys: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.keys(keys).map(key => [key, from[key] ?? ""]))

const sorted = (value: object) =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

const fromPairs = (pairs: readonly [string, string][]): Record<string, string> => Object.fromEntries(pairs)

function* parts<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size)
}
