import { RoadmapError } from "@roadmap/core/errors"
import { checkBatch, checkDatasets, checkOutputs } from "../batch.ts"
import { pageWindow, toPage } from "../page.ts"
import type { Batch, DatasetInput, Metric, ModelOutput, Page, PageOptions } from "../port.ts"
import type { StateFile } from "../state-file.ts"
import { type runStore, setTag } from "./runs.ts"

/** What a run records while it goes: metrics, parameters, tags, inputs, outputs. */
export const recordStore = (file: StateFile, now: () => number, runs: ReturnType<typeof runStore>) => ({
  logBatch(runId: string, batch: Batch) {
    const { metrics, params, tags } = checkBatch(batch, now())
    file.write(() => {
      const { id } = runs.active(runId)
      for (const [key, value] of params) writeParam(file, runId, id, key, value)
      writeMetrics(file, id, metrics)
      for (const [key, value] of tags) setTag(file, id, key, value)
    })
  },
  getMetricHistory(runId: string, key: string, options?: PageOptions): Page<Metric> {
    const query = { runId, key }
    const window = pageWindow(query, options, 1_000, 25_000)
    return file.read(() => {
      const rows = file.all<{ timestamp: number; step: number; value: number; is_nan: number }>(
        `select timestamp, step, value, is_nan from metrics where run = ? and key = ?
         order by timestamp, step, value, is_nan limit ? offset ?`,
        runs.find(runId).id,
        key,
        window.limit + 1,
        window.offset,
      )
      const page = toPage(rows, window, query)
      return {
        ...page,
        items: page.items.map(({ timestamp, step, value, is_nan }) => ({
          key,
          value: is_nan ? Number.NaN : value,
          timestamp,
          step,
        })),
      }
    })
  },
  logInputs(runId: string, datasets: readonly DatasetInput[]) {
    const checked = checkDatasets(datasets)
    file.write(() => {
      const { id } = runs.active(runId)
      for (const { name, digest, sourceType, source, schema, profile, context } of checked)
        file.run(
          `insert into inputs (run, name, digest, source_type, source, schema, profile, context)
           values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
          id,
          name,
          digest,
          sourceType,
          source,
          schema ?? null,
          profile ?? null,
          context ?? null,
        )
    })
  },
  logOutputs(runId: string, models: readonly ModelOutput[]) {
    checkOutputs(models)
    file.write(() => {
      const { id } = runs.active(runId)
      for (const { modelId, step } of models)
        file.run(
          "insert into outputs (run, model_id, step) values (?, ?, ?) on conflict do nothing",
          id,
          modelId,
          step,
        )
    })
  },
})

const writeParam = (file: StateFile, runId: string, id: number, key: string, value: string) => {
  const kept = file.get<{ value: string }>("select value from params where run = ? and key = ?", id, key)
  if (kept === undefined) file.run("insert into params (run, key, value) values (?, ?, ?)", id, key, value)
  else if (kept.value !== value)
    throw new RoadmapError(
      "IMMUTABLE",
      `Parameter "${key}" of run ${runId} is "${kept.value.slice(0, 40)}" and cannot become "${value.slice(0, 40)}".`,
      { hint: "Start another run (nested, if they belong together), or log a changing value as a metric." },
    )
}

const writeMetrics = (file: StateFile, id: number, metrics: readonly Metric[]) => {
  const latest = new Map<string, Metric>()
  for (const metric of metrics) {
    const { key, timestamp, step, value } = metric
    const isNan = Number.isNaN(value)
    file.run(
      `insert into metrics (run, key, timestamp, step, value, is_nan) values (?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
      id,
      key,
      timestamp,
      step,
      isNan ? 0 : value,
      isNan ? 1 : 0,
    )
    const before = latest.get(key)
    if (!before || isLater(metric, before)) latest.set(key, metric)
  }
  for (const { key, timestamp, step, value } of latest.values()) {
    const isNan = Number.isNaN(value)
    file.run(
      `insert into latest_metrics (run, key, timestamp, step, value, is_nan) values (?, ?, ?, ?, ?, ?)
       on conflict (run, key) do update
       set timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, is_nan = excluded.is_nan
       where (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)`,
      id,
      key,
      timestamp,
      step,
      isNan ? 0 : value,
      isNan ? 1 : 0,
    )
  }
}

/** MLflow's order of recency: step, then timestamp, then value; NaN counts as the 0 it is stored as. */
const isLater = (a: Metric, b: Metric): boolean => {
  if (a.step !== b.step) return a.step > b.step
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp
  return (a.value || 0) > (b.value || 0)
}
