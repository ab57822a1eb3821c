import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { checkTag } from "../batch.ts"
import { parseFilter, parseOrderBy, searchableRuns } from "../filter.ts"
import { compileFilter, compileOrder, type SearchTables } from "../filter-sql.ts"
import { checkCount, checkName, checkTime, limits } from "../limits.ts"
import { pageWindow, toPage } from "../page.ts"
import {
  type CreateRun,
  type DatasetInput,
  type LifecycleStage,
  type ModelOutput,
  type Page,
  type Run,
  type RunStatus,
  runStatuses,
  type SearchOptions,
} from "../port.ts"
import type { StateFile } from "../state-file.ts"
import { type experimentStore, stageTest } from "./experiments.ts"

export interface RunRow {
  /** Row number, the key of every other table. */
  id: number
  run_id: string
  experiment_id: number
  run_name: string
  status: RunStatus
  start_time: number
  end_time: number | null
  lifecycle_stage: LifecycleStage
}

const tables: SearchTables = {
  columns: {
    run_id: "runs.run_id",
    run_name: "runs.run_name",
    status: "runs.status",
    start_time: "runs.start_time",
    end_time: "runs.end_time",
  },
  rows: {
    metric: {
      from: "from latest_metrics m where m.run = runs.id and m.key = ?",
      value: "m.value",
      nan: "m.is_nan",
    },
    param: { from: "from params p where p.run = runs.id and p.key = ?", value: "p.value" },
    tag: { from: "from tags t where t.run = runs.id and t.key = ?", value: "t.value" },
  },
  datasets: "select 1 from inputs datasets where datasets.run = runs.id",
}

export const runStore = (
  file: StateFile,
  artifacts: string,
  now: () => number,
  experiments: ReturnType<typeof experimentStore>,
) => {
  const find = (runId: string): RunRow => {
    const row = file.get<RunRow>("select * from runs where run_id = ?", String(runId))
    if (row) return row
    throw new RoadmapError("NOT_FOUND", `There is no run "${runId}".`, {
      hint: "List the runs with `roadmap runs`.",
    })
  }
  const active = (runId: string): RunRow => {
    const row = find(runId)
    if (row.lifecycle_stage !== "active")
      throw new RoadmapError("INVALID_INPUT", `Run ${runId} is deleted.`, { hint: "Restore it first." })
    return row
  }
  const pairs = <V>(sql: string, id: number): Record<string, V> =>
    Object.fromEntries(file.all<{ key: string; value: V }>(sql, id).map(row => [row.key, row.value]))
  const toRun = (row: RunRow): Run => ({
    runId: row.run_id,
    experimentId: String(row.experiment_id),
    runName: row.run_name,
    status: row.status,
    startTime: row.start_time,
    ...(row.end_time !== null && { endTime: row.end_time }),
    lifecycleStage: row.lifecycle_stage,
    artifactUri: pathToFileURL(join(artifacts, "runs", row.run_id)).href,
    metrics: Object.fromEntries(
      file
        .all<{ key: string; value: number; is_nan: number }>(
          "select key, value, is_nan from latest_metrics where run = ? order by key",
          row.id,
        )
        .map(metric => [metric.key, metric.is_nan ? Number.NaN : metric.value]),
    ),
    params: pairs<string>("select key, value from params where run = ? order by key", row.id),
    tags: pairs<string>("select key, value from tags where run = ? order by key", row.id),
    inputs: file
      .all<Record<keyof DatasetInput, string | null>>(
        `select name, digest, source_type as sourceType, source, schema, profile, context
         from inputs where run = ? order by id`,
        row.id,
      )
      .map(input => Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)))
      .map(input => input as unknown as DatasetInput),
    outputs: file
      .all<{ model_id: string; step: number }>(
        "select model_id, step from outputs where run = ? order by id",
        row.id,
      )
      .map(({ model_id, step }): ModelOutput => ({ modelId: model_id, step })),
  })
  const setStage = (runId: string, stage: LifecycleStage) =>
    file.write(() => {
      const row = find(runId)
      if (stage === "active") experiments.active(String(row.experiment_id))
      file.run("update runs set lifecycle_stage = ? where id = ?", stage, row.id)
    })

  return {
    find,
    active,
    create({ experimentId, runName, tags = {}, startTime = now(), parentRunId }: CreateRun): Run {
      checkName("The name of a run", runName, limits.runNameLength)
      checkTime("start time", startTime)
      checkCount("tags", Object.keys(tags).length, limits.tagsPerBatch)
      const all: Record<string, string> = {
        ...tags,
        "mlflow.runName": runName,
        ...(parentRunId !== undefined && { "mlflow.parentRunId": parentRunId }),
      }
      for (const [key, value] of Object.entries(all)) checkTag(key, value)
      return file.write(() => {
        const experiment = experiments.active(experimentId)
        if (parentRunId !== undefined) find(parentRunId)
        const runId = randomUUID().replaceAll("-", "")
        const { lastInsertRowid } = file.run(
          `insert into runs (run_id, experiment_id, run_name, status, start_time)
           values (?, ?, ?, 'RUNNING', ?)`,
          runId,
          experiment,
          runName,
          startTime,
        )
        for (const [key, value] of Object.entries(all)) setTag(file, lastInsertRowid, key, value)
        return toRun(find(runId))
      })
    },
    get: (runId: string): Run => file.read(() => toRun(find(runId))),
    update(runId: string, change: { status?: RunStatus; endTime?: number; runName?: string }): Run {
      const { status, endTime, runName } = change
      if (status !== undefined && !runStatuses.includes(status))
        throw new RoadmapError(
          "INVALID_INPUT",
          `The status "${status}" is not one of ${runStatuses.join(", ")}.`,
        )
      if (endTime !== undefined) checkTime("end time", endTime)
      if (runName !== undefined) checkName("The name of a run", runName, limits.runNameLength)
      return file.write(() => {
        const { id } = active(runId)
        file.run(
          "update runs set status = coalesce(?, status), end_time = coalesce(?, end_time) where id = ?",
          status ?? null,
          endTime ?? null,
          id,
        )
        if (runName !== undefined) setTag(file, id, "mlflow.runName", runName)
        return toRun(find(runId))
      })
    },
    delete: (runId: string) => setStage(runId, "deleted"),
    restore: (runId: string) => setStage(runId, "active"),
    search(options: SearchOptions & { experimentIds: readonly string[] }): Page<Run> {
      const { experimentIds, filter = "", orderBy = [], viewType = "ACTIVE_ONLY" } = options
      const query = { experimentIds, filter, orderBy, viewType }
      const window = pageWindow(query, options, 1_000, limits.pageSize)
      const where = compileFilter(parseFilter(filter, searchableRuns), tables)
      const order = compileOrder(
        orderBy.map(text => parseOrderBy(text, searchableRuns)),
        tables,
      )
      return file.read(() => {
        const rows = file.all<RunRow>(
          `select * from runs
           where experiment_id in (select cast(value as integer) from json_each(?))
             and ${stageTest("runs", viewType)} and ${where.text}
           order by ${order.text ? `${order.text}, ` : ""}start_time desc, run_id limit ? offset ?`,
          JSON.stringify(experimentIds),
          ...where.parameters,
          ...order.parameters,
          window.limit + 1,
          window.offset,
        )
        const page = toPage(rows, window, query)
        return { ...page, items: page.items.map(toRun) }
      })
    },
    deleteTag(runId: string, key: string) {
      file.write(() => {
        const { changes } = file.run("delete from tags where run = ? and key = ?", active(runId).id, key)
        if (changes === 0) throw new RoadmapError("NOT_FOUND", `Run ${runId} has no tag "${key}".`)
      })
    },
  }
}

/** Writes a tag; the tag `mlflow.runName` is the run's name, as in MLflow. */
export const setTag = (file: StateFile, run: number, key: string, value: string): void => {
  file.run(
    "insert into tags (run, key, value) values (?, ?, ?) on conflict (run, key) do update set value = excluded.value",
    run,
    key,
    value,
  )
  if (key === "mlflow.runName") file.run("update runs set run_name = ? where id = ?", value, run)
}
