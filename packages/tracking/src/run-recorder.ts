import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { ownerTag } from "./abandoned-runs.ts"
import { checkMetric } from "./batch.ts"
import { limits } from "./limits.ts"
import type {
  ArtifactContent,
  ArtifactInfo,
  DatasetInput,
  FinalStatus,
  MetricPoint,
  Run,
  TrackingStore,
} from "./port.ts"
import { thisProcess } from "./process-owner.ts"

export interface WithRun {
  /** Name of the experiment; created when missing. */
  experiment: string
  runName: string
  tags?: Record<string, string>
  parentRunId?: string
  /** When it aborts, and the body throws, the run ends KILLED. */
  signal?: AbortSignal
}

/** What the body of `withRun` writes with. Metrics are collected and written in batches; the rest at once. */
export interface RunRecorder {
  readonly runId: string
  readonly experimentId: string
  metric(key: string, value: number, step?: number): Promise<void>
  metrics(values: Record<string, number>, step?: number): Promise<void>
  /** Numbers and booleans are written as text. */
  params(values: Record<string, string | number | boolean>): Promise<void>
  tags(values: Record<string, string>): Promise<void>
  inputs(datasets: readonly DatasetInput[]): Promise<void>
  artifact(path: string, content: ArtifactContent): Promise<ArtifactInfo>
  /** Writes the metrics collected so far. Happens by itself each 1,000 points, each second, and at the end. */
  flush(): Promise<void>
}

/**
 * Runs `body` inside a tracked run. The run ends FINISHED when it returns; KILLED when it throws INTERRUPTED or the
 * signal has aborted; FAILED, with the error in the tag `roadmap.error`, when it throws anything else, which is thrown on.
 * Metrics that could not be written are kept and tried again with the next batch and at the end; when the store is out of reach
 * past its deadline, the error says how many were lost. If this process is killed, the next `openTracking` of an embedded store on this machine ends the run as KILLED.
 */
export const withRun = async <T>(
  store: TrackingStore,
  options: WithRun,
  body: (run: RunRecorder) => Promise<T>,
): Promise<{ run: Run; result: T }> => {
  const { experiment, runName, tags, parentRunId, signal } = options
  const experimentId = await experimentIdOf(store, experiment)
  const { runId } = await store.createRun({
    experimentId,
    runName,
    parentRunId,
    tags: { ...tags, [ownerTag]: thisProcess() },
  })
  const recorder = createRecorder(store, runId, experimentId)
  let result: T
  try {
    result = await body(recorder)
    await recorder.flush()
  } catch (error) {
    const killed = isRoadmapError(error, "INTERRUPTED") || signal?.aborted === true
    await endAfter(store, recorder, killed ? "KILLED" : "FAILED", error)
    throw error
  }
  return { run: await store.endRun(runId, "FINISHED"), result }
}

/** The id of the experiment with this name, created when missing; two processes at once get the same. */
export const experimentIdOf = async (store: TrackingStore, name: string): Promise<string> => {
  try {
    return (await store.getExperimentByName(name)).experimentId
  } catch (error) {
    if (!isRoadmapError(error, "NOT_FOUND")) throw error
  }
  try {
    return (await store.createExperiment({ name })).experimentId
  } catch (error) {
    if (!isRoadmapError(error, "ALREADY_EXISTS")) throw error
    return (await store.getExperimentByName(name)).experimentId
  }
}

/**
 * Ends a run whose body threw. What fails here too is told in the message; the first error keeps its code. When the
 * store cannot be reached any more, nothing else is tried: each try would wait for its deadline.
 */
const endAfter = async (
  store: TrackingStore,
  recorder: BufferedRecorder,
  status: FinalStatus,
  thrown: unknown,
) => {
  const first = toRoadmapError(thrown)
  const reason = `${first.code}: ${first.message}`.slice(0, 4_000).toWellFormed().replaceAll("\0", "")
  const steps = [
    recorder.flush,
    () => recorder.tags({ "roadmap.error": reason }),
    () => store.endRun(recorder.runId, status),
  ]
  const problems: string[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      const known = toRoadmapError(error)
      problems.push(known.message)
      if (known.retryable || known.code === "INTERRUPTED") break
    }
  }
  const lost = recorder.waiting()
  if (lost > 0) problems.push(`${lost} metric point${lost === 1 ? " was" : "s were"} not written.`)
  if (problems.length > 0)
    throw new RoadmapError(
      first.code,
      `${first.message} (And run ${recorder.runId} could not be ended properly: ${problems.join(" ")})`,
      { hint: first.hint, cause: thrown },
    )
}

interface BufferedRecorder extends RunRecorder {
  /** Metric points that are not written yet. */
  waiting(): number
}

const createRecorder = (store: TrackingStore, runId: string, experimentId: string): BufferedRecorder => {
  let waiting: MetricPoint[] = []
  let flushedAt = Date.now()

  const flush = async () => {
    flushedAt = Date.now()
    while (waiting.length > 0) {
      const points = waiting.slice(0, limits.metricsPerBatch)
      await store.logBatch(runId, { metrics: points })
      waiting = waiting.slice(points.length)
    }
  }
  const add = async (points: MetricPoint[]) => {
    // Checked here, so that the caller of a bad metric gets the error, and not the next flush.
    for (const point of points) checkMetric(point, flushedAt)
    waiting.push(...points)
    if (waiting.length >= limits.metricsPerBatch || Date.now() - flushedAt >= 1_000) await flush()
  }
  const inParts = async (kind: "params" | "tags", values: [string, string][], most: number) => {
    for (let start = 0; start < values.length; start += most)
      await store.logBatch(runId, { [kind]: Object.fromEntries(values.slice(start, start + most)) })
  }

  return {
    runId,
    experimentId,
    metric: (key, value, step = 0) => add([{ key, value, step, timestamp: Date.now() }]),
    metrics: (values, step = 0) => {
      const timestamp = Date.now()
      return add(Object.entries(values).map(([key, value]) => ({ key, value, step, timestamp })))
    },
    params: values =>
      inParts(
        "params",
        Object.entries(values).map(([key, value]) => [key, asText(value)]),
        limits.paramsPerBatch,
      ),
    tags: values => inParts("tags", Object.entries(values), limits.tagsPerBatch),
    inputs: datasets => store.logInputs(runId, datasets),
    artifact: (path, content) => store.logArtifact(runId, path, content),
    flush,
    waiting: () => waiting.length,
  }
}

const asText = (value: string | number | boolean): string =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value
