import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { checkTag } from "../batch.ts"
import { parseFilter, parseOrderBy, searchableExperiments } from "../filter.ts"
import { compileFilter, compileOrder, type SearchTables } from "../filter-sql.ts"
import { checkCount, checkName, checkText, limits } from "../limits.ts"
import { pageWindow, toPage } from "../page.ts"
import type { Experiment, LifecycleStage, Page, SearchOptions, ViewType } from "../port.ts"
import type { StateFile } from "../state-file.ts"

interface ExperimentRow {
  experiment_id: number
  name: string
  lifecycle_stage: LifecycleStage
  creation_time: number
  last_update_time: number
}

const tables: SearchTables = {
  columns: {
    name: "experiments.name",
    creation_time: "experiments.creation_time",
    last_update_time: "experiments.last_update_time",
  },
  rows: {
    tag: {
      from: "from experiment_tags t where t.experiment_id = experiments.experiment_id and t.key = ?",
      value: "t.value",
    },
  },
}

export const experimentStore = (file: StateFile, artifacts: string, now: () => number) => {
  const toExperiment = (row: ExperimentRow): Experiment => ({
    experimentId: String(row.experiment_id),
    name: row.name,
    artifactLocation: pathToFileURL(join(artifacts, "runs")).href,
    lifecycleStage: row.lifecycle_stage,
    creationTime: row.creation_time,
    lastUpdateTime: row.last_update_time,
    tags: Object.fromEntries(
      file
        .all<{ key: string; value: string }>(
          "select key, value from experiment_tags where experiment_id = ? order by key",
          row.experiment_id,
        )
        .map(tag => [tag.key, tag.value]),
    ),
  })
  const find = (experimentId: string): ExperimentRow => {
    const row = /^\d{1,15}$/.test(experimentId)
      ? file.get<ExperimentRow>("select * from experiments where experiment_id = ?", Number(experimentId))
      : undefined
    return row ?? missing(`with id "${experimentId}"`)
  }
  const changeStage = (experimentId: string, stage: LifecycleStage) =>
    file.write(() => {
      const { experiment_id, lifecycle_stage } = find(experimentId)
      if (lifecycle_stage === stage)
        throw new RoadmapError("INVALID_INPUT", `Experiment ${experimentId} is ${stage} already.`)
      file.run(
        "update experiments set lifecycle_stage = ?, last_update_time = ? where experiment_id = ?",
        stage,
        now(),
        experiment_id,
      )
      file.run("update runs set lifecycle_stage = ? where experiment_id = ?", stage, experiment_id)
    })

  return {
    create({ name, tags = {} }: { name: string; tags?: Record<string, string> }): Experiment {
      checkName("The name of an experiment", name, limits.experimentNameLength)
      checkCount("tags", Object.keys(tags).length, limits.tagsPerBatch)
      for (const [key, value] of Object.entries(tags)) checkExperimentTag(key, value)
      return file.write(() => {
        const taken = file.get<ExperimentRow>("select * from experiments where name = ?", name)
        if (taken)
          throw new RoadmapError(
            "ALREADY_EXISTS",
            `Experiment "${name}" exists (${taken.lifecycle_stage}).`,
            {
              hint:
                taken.lifecycle_stage === "deleted"
                  ? "Restore it, or take another name."
                  : "Use it by its name.",
            },
          )
        const time = now()
        const { lastInsertRowid } = file.run(
          "insert into experiments (name, creation_time, last_update_time) values (?, ?, ?)",
          name,
          time,
          time,
        )
        for (const [key, value] of Object.entries(tags)) writeTag(file, lastInsertRowid, key, value)
        return toExperiment(find(String(lastInsertRowid)))
      })
    },
    get: (experimentId: string): Experiment => file.read(() => toExperiment(find(experimentId))),
    getByName: (name: string): Experiment =>
      file.read(() => {
        const row = file.get<ExperimentRow>("select * from experiments where name = ?", name)
        return toExperiment(row ?? missing(`named "${name}"`))
      }),
    search(options: SearchOptions = {}): Page<Experiment> {
      const { filter = "", orderBy = [], viewType = "ACTIVE_ONLY" } = options
      const query = { filter, orderBy, viewType }
      const window = pageWindow(query, options, 1_000, limits.pageSize)
      const where = compileFilter(parseFilter(filter, searchableExperiments), tables)
      const order = compileOrder(
        orderBy.map(text => parseOrderBy(text, searchableExperiments)),
        tables,
      )
      return file.read(() => {
        const rows = file.all<ExperimentRow>(
          `select * from experiments where ${stageTest("experiments", viewType)} and ${where.text}
           order by ${order.text || "creation_time desc"}, experiment_id desc limit ? offset ?`,
          ...where.parameters,
          ...order.parameters,
          window.limit + 1,
          window.offset,
        )
        const page = toPage(rows, window, query)
        return { ...page, items: page.items.map(toExperiment) }
      })
    },
    setTag(experimentId: string, key: string, value: string) {
      checkExperimentTag(key, value)
      file.write(() => {
        const { experiment_id, lifecycle_stage } = find(experimentId)
        if (lifecycle_stage !== "active") throw deletedExperiment(experimentId)
        writeTag(file, experiment_id, key, value)
        file.run("update experiments set last_update_time = ? where experiment_id = ?", now(), experiment_id)
      })
    },
    delete: (experimentId: string) => changeStage(experimentId, "deleted"),
    restore: (experimentId: string) => changeStage(experimentId, "active"),
    /** The row's number. Throws NOT_FOUND, or INVALID_INPUT when the experiment is deleted. */
    active(experimentId: string): number {
      const { experiment_id, lifecycle_stage } = find(experimentId)
      if (lifecycle_stage !== "active") throw deletedExperiment(experimentId)
      return experiment_id
    },
  }
}

/** A condition on lifecycle_stage. Throws INVALID_INPUT for a view type that is none. */
export const stageTest = (table: "experiments" | "runs", viewType: ViewType): string => {
  const tests = {
    ACTIVE_ONLY: `${table}.lifecycle_stage = 'active'`,
    DELETED_ONLY: `${table}.lifecycle_stage = 'deleted'`,
    ALL: "1",
  }
  if (!Object.hasOwn(tests, viewType))
    throw new RoadmapError(
      "INVALID_INPUT",
      `The view type "${viewType}" is not one of ${Object.keys(tests)}.`,
    )
  return tests[viewType]
}

const checkExperimentTag = (key: string, value: string) => {
  checkTag(key, "")
  checkText(`Tag "${key}"`, value, limits.experimentTagValueLength)
}

const writeTag = (file: StateFile, experimentId: number, key: string, value: string) =>
  file.run(
    `insert into experiment_tags (experiment_id, key, value) values (?, ?, ?)
     on conflict (experiment_id, key) do update set value = excluded.value`,
    experimentId,
    key,
    value,
  )

const deletedExperiment = (experimentId: string) =>
  new RoadmapError("INVALID_INPUT", `Experiment ${experimentId} is deleted.`, { hint: "Restore it first." })

const missing = (which: string): never => {
  throw new RoadmapError("NOT_FOUND", `There is no experiment ${which}.`, {
    hint: "List them with `roadmap runs`, or create it.",
  })
}
