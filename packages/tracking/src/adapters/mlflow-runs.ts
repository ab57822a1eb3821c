import { RoadmapError } from "@roadmap/core/errors"
import { checkTag } from "../batch.ts"
import { parseFilter, parseOrderBy, searchableRuns } from "../filter.ts"
import { checkCount, checkName, checkTime, limits } from "../limits.ts"
import { manyRuns, nothing, oneRun } from "../mlflow/answers.ts"
import { type MlflowClient, newRequestMark, requestTag } from "../mlflow/client.ts"
import { serverToken, toServerPage } from "../mlflow/paging.ts"
import { pageWindow } from "../page.ts"
import {
  type CreateRun,
  type Page,
  type Run,
  type RunStatus,
  runStatuses,
  type SearchOptions,
} from "../port.ts"
import { checkViewType, type mlflowExperiments, toPairs } from "./mlflow-experiments.ts"
import { isHashTag } from "./mlflow-hashes.ts"

/** Runs on an MLflow server. */
export const mlflowRuns = (
  client: MlflowClient,
  experiments: ReturnType<typeof mlflowExperiments>,
  now: () => number,
) => {
  /** The run with this adapter's own tags. */
  const find = async (runId: string): Promise<Run> => {
    if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(runId)) throw unknownRun(runId)
    return (await client.get("mlflow/runs/get", { run_id: runId }, oneRun)).run
  }
  const active = async (runId: string): Promise<Run> => {
    const run = await find(runId)
    if (run.lifecycleStage === "active") return run
    throw new RoadmapError("INVALID_INPUT", `Run ${runId} is deleted.`, { hint: "Restore it first." })
  }
  /** The first run that a creation made; later ones, of attempts whose answer was lost, are deleted. */
  const madeBy = async (experimentId: string, mark: string): Promise<Run | undefined> => {
    const { runs } = await client.post(
      "mlflow/runs/search",
      {
        experiment_ids: [experimentId],
        filter: `tags.\`${requestTag}\` = '${mark}'`,
        order_by: ["attributes.start_time ASC", "attributes.run_id ASC"],
        max_results: 10,
      },
      manyRuns,
    )
    for (const spare of runs.slice(1))
      await client.post("mlflow/runs/delete", { run_id: spare.runId }, nothing)
    return runs[0]
  }
  const update = async (
    runId: string,
    change: { status?: RunStatus; endTime?: number; runName?: string },
  ): Promise<Run> => {
    const { status, endTime, runName } = change
    if (status !== undefined && !runStatuses.includes(status))
      throw new RoadmapError(
        "INVALID_INPUT",
        `The status "${status}" is not one of ${runStatuses.join(", ")}.`,
      )
    if (endTime !== undefined) checkTime("end time", endTime)
    if (runName !== undefined) checkName("The name of a run", runName, limits.runNameLength)
    if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(runId)) throw unknownRun(runId)
    await client.post(
      "mlflow/runs/update",
      { run_id: runId, status, end_time: endTime, run_name: runName },
      nothing,
    )
    return visible(await find(runId))
  }

  return {
    find,
    active,
    update,
    get: async (runId: string): Promise<Run> => visible(await find(runId)),
    async create({
      experimentId,
      runName,
      tags = {},
      startTime = now(),
      parentRunId,
    }: CreateRun): Promise<Run> {
      checkName("The name of a run", runName, limits.runNameLength)
      checkTime("start time", startTime)
      checkCount("tags", Object.keys(tags).length, limits.tagsPerBatch)
      const mark = newRequestMark()
      const all: Record<string, string> = {
        ...tags,
        "mlflow.runName": runName,
        ...(parentRunId !== undefined && { "mlflow.parentRunId": parentRunId }),
      }
      for (const [key, value] of Object.entries(all)) checkTag(key, value)
      await experiments.active(experimentId)
      if (parentRunId !== undefined) await find(parentRunId)
      let repeated = false
      const { run } = await client.call({
        method: "POST",
        path: "mlflow/runs/create",
        body: {
          experiment_id: experimentId,
          run_name: runName,
          start_time: startTime,
          tags: toPairs({ ...all, [requestTag]: mark }),
        },
        answer: oneRun,
        lost: async () => {
          repeated = true
          const made = await madeBy(experimentId, mark)
          return made && { run: made }
        },
      })
      return visible(repeated ? ((await madeBy(experimentId, mark)) ?? run) : run)
    },
    async delete(runId: string) {
      await find(runId)
      await client.post("mlflow/runs/delete", { run_id: runId }, nothing)
    },
    async restore(runId: string) {
      const { experimentId } = await find(runId)
      await experiments.active(experimentId)
      await client.post("mlflow/runs/restore", { run_id: runId }, nothing)
    },
    async search(options: SearchOptions & { experimentIds: readonly string[] }): Promise<Page<Run>> {
      const { filter = "", orderBy = [], viewType = "ACTIVE_ONLY" } = options
      const experimentIds = options.experimentIds.filter(id => /^\d{1,19}$/.test(id))
      const query = { experimentIds, filter, orderBy, viewType }
      const { limit } = pageWindow(query, { maxResults: options.maxResults }, 1_000, limits.pageSize)
      parseFilter(filter, searchableRuns)
      for (const text of orderBy) parseOrderBy(text, searchableRuns)
      checkViewType(viewType)
      const token = serverToken(options.pageToken, query)
      if (experimentIds.length === 0) return { items: [] }
      // The server adds "start_time DESC, run_id" by itself.
      const read = await client.post(
        "mlflow/runs/search",
        {
          experiment_ids: experimentIds,
          ...(filter && { filter }),
          order_by: orderBy,
          run_view_type: viewType,
          max_results: limit,
          page_token: token,
        },
        manyRuns,
      )
      return toServerPage(read.runs.map(visible), read.next_page_token, query)
    },
  }
}

/** Without the tags in which this adapter keeps its own books. */
const visible = (run: Run): Run => ({
  ...run,
  tags: Object.fromEntries(Object.entries(run.tags).filter(([key]) => key !== requestTag && !isHashTag(key))),
})

const unknownRun = (runId: string) =>
  new RoadmapError("NOT_FOUND", `There is no run "${runId}".`, {
    hint: "List the runs with `roadmap runs`.",
  })
