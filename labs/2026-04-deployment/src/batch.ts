import { rm } from "node:fs/promises"
import { join } from "node:path"
import { tableHas } from "@roadmap/lab-2026-02-foundations/tables"
import { defineStep } from "@roadmap/labkit/lab"
import { type BatchReport, scoreBatch } from "@roadmap/serving/batch/score"
import { gatherFlights, juneTable } from "./gather.ts"
import { chooseModels, type Task } from "./models.ts"

export const scoresTable = (task: Task): string => `gold.june_scores_${task}`

export interface TaskBatch {
  task: Task
  rows: number
  rejected: number
  partitions: number
  /** Partitions that a run before this one, cut short, had done. */
  resumed: number
  seconds: number
  /** Rows of this run's own partitions, by second and in processor time. */
  rowsPerSecond: number
  cpuSecondsPerMillion: number
}

/** Scores all of June with both models: Parquet files with a manifest, and a table. */
export const scoreJune = defineStep({
  id: "batch",
  title: "Score June's flights in batch",
  needs: [chooseModels, gatherFlights],
  intact: async ({ config }, { scored }: { scored: TaskBatch[] }) => {
    const whole = await Promise.all(scored.map(({ task, rows }) => tableHas(config, scoresTable(task), rows)))
    return whole.every(Boolean)
  },
  async run({ config, result, signal, progress, key }) {
    const scored: TaskBatch[] = []
    for (const { task, reference, name, version } of result(chooseModels).models) {
      const out = join(config.home, "scores", "2026-04", `${name}-${version}-${key.slice(0, 12)}`)
      // A finished output would be taken as it is, and nothing be measured. An unfinished one is gone on with.
      await rm(out, { recursive: true, force: true })
      // #region batch
      const report = await scoreBatch(
        config,
        {
          model: reference,
          source: { table: juneTable },
          out,
          keep: ["flight_id", "departed_at", "delay", "late"],
          table: scoresTable(task),
        },
        {
          signal,
          onProgress: ({ done, rows }) => progress({ label: task, done, total: rows, unit: "rows" }),
        },
      )
      // #endregion
      scored.push(figuresOf(task, report))
    }
    return {
      scored,
      metrics: Object.fromEntries(
        scored.flatMap(({ task, rows, rejected }) => [
          [`${task}/batch/rows/june`, rows],
          [`${task}/batch/rejected/june`, rejected],
        ]),
      ),
      measurements: Object.fromEntries(
        scored.flatMap(({ task, rowsPerSecond, cpuSecondsPerMillion }) => [
          [`${task}/batch/rows_per_second/june`, rowsPerSecond],
          [`${task}/batch/cpu_seconds_per_million/june`, cpuSecondsPerMillion],
        ]),
      ),
      artifacts: Object.fromEntries(
        scored.map(({ task }) => [`table/${scoresTable(task)}`, scoresTable(task)]),
      ),
    }
  },
})

const figuresOf = (task: Task, report: BatchReport): TaskBatch => {
  const { rows, rejected, partitions, resumed, seconds, cpuSeconds } = report
  const ownRows = (rows * (partitions - resumed)) / partitions
  return {
    task,
    rows,
    rejected,
    partitions,
    resumed,
    seconds,
    rowsPerSecond: ownRows / seconds,
    cpuSecondsPerMillion: (cpuSeconds / ownRows) * 1e6,
  }
}
