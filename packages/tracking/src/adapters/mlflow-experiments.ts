import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import { checkTag } from "../batch.ts"
import { parseFilter, parseOrderBy, searchableExperiments } from "../filter.ts"
import { checkCount, checkName, checkText, limits } from "../limits.ts"
import { type experimentAnswer, manyExperiments, nothing, oneExperiment } from "../mlflow/answers.ts"
import { type MlflowClient, newRequestMark, requestTag } from "../mlflow/client.ts"
import { serverToken, toServerPage } from "../mlflow/paging.ts"
import { pageWindow } from "../page.ts"
import { type Experiment, type Page, type SearchOptions, type ViewType, viewTypes } from "../port.ts"

/** Experiments on an MLflow server. What the server would take though the port refuses it is refused before it is sent. */
export const mlflowExperiments = (client: MlflowClient) => {
  const get = async (experimentId: string): Promise<Experiment> => {
    // The server reads "" as a missing field and other text as a number it cannot parse.
    if (!/^\d{1,19}$/.test(experimentId)) throw unknownExperiment(`with id "${experimentId}"`)
    const { experiment } = await client.get(
      "mlflow/experiments/get",
      { experiment_id: experimentId },
      oneExperiment,
    )
    return visible(experiment)
  }
  const findByName = async (name: string): Promise<Experiment | undefined> => {
    try {
      const { experiment } = await client.get(
        "mlflow/experiments/get-by-name",
        { experiment_name: name },
        oneExperiment,
      )
      return experiment
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND")) return undefined
      throw error
    }
  }
  const active = async (experimentId: string): Promise<Experiment> => {
    const experiment = await get(experimentId)
    if (experiment.lifecycleStage === "active") return experiment
    throw new RoadmapError("INVALID_INPUT", `Experiment ${experimentId} is deleted.`, {
      hint: "Restore it first.",
    })
  }
  const changeStage = async (experimentId: string, call: "delete" | "restore") => {
    const target = call === "delete" ? "deleted" : "active"
    if ((await get(experimentId)).lifecycleStage === target)
      throw new RoadmapError("INVALID_INPUT", `Experiment ${experimentId} is ${target} already.`)
    await client.call({
      method: "POST",
      path: `mlflow/experiments/${call}`,
      body: { experiment_id: experimentId },
      answer: nothing,
      lost: async () => ((await get(experimentId)).lifecycleStage === target ? null : undefined),
    })
  }

  return {
    get,
    active,
    async create({ name, tags = {} }: { name: string; tags?: Record<string, string> }): Promise<Experiment> {
      checkName("The name of an experiment", name, limits.experimentNameLength)
      checkCount("tags", Object.keys(tags).length, limits.tagsPerBatch)
      for (const [key, value] of Object.entries(tags)) checkExperimentTag(key, value)
      const mark = newRequestMark()
      try {
        const { experiment_id } = await client.call({
          method: "POST",
          path: "mlflow/experiments/create",
          body: { name, tags: toPairs({ ...tags, [requestTag]: mark }) },
          answer: z.object({ experiment_id: z.string() }),
          lost: async () => {
            const found = await findByName(name)
            return found?.tags[requestTag] === mark ? { experiment_id: found.experimentId } : undefined
          },
        })
        return await get(experiment_id)
      } catch (error) {
        if (!isRoadmapError(error, "ALREADY_EXISTS")) throw error
        const taken = await findByName(name)
        if (taken?.tags[requestTag] === mark) return visible(taken)
        throw new RoadmapError("ALREADY_EXISTS", `Experiment "${name}" exists (${taken?.lifecycleStage}).`, {
          hint:
            taken?.lifecycleStage === "deleted" ? "Restore it, or take another name." : "Use it by its name.",
          cause: error,
        })
      }
    },
    async getByName(name: string): Promise<Experiment> {
      const found = await findByName(name)
      if (found) return visible(found)
      throw unknownExperiment(`named "${name}"`)
    },
    async search(options: SearchOptions = {}): Promise<Page<Experiment>> {
      const { filter = "", orderBy = [], viewType = "ACTIVE_ONLY" } = options
      const query = { filter, orderBy, viewType }
      const { limit } = pageWindow(query, { maxResults: options.maxResults }, 1_000, limits.pageSize)
      parseFilter(filter, searchableExperiments)
      for (const text of orderBy) parseOrderBy(text, searchableExperiments)
      checkViewType(viewType)
      const read = await client.post(
        "mlflow/experiments/search",
        {
          max_results: limit,
          view_type: viewType,
          ...(filter && { filter }),
          order_by: [...orderBy, "creation_time DESC", "experiment_id DESC"],
          page_token: serverToken(options.pageToken, query),
        },
        manyExperiments,
      )
      return toServerPage(read.experiments.map(visible), read.next_page_token, query)
    },
    async setTag(experimentId: string, key: string, value: string) {
      checkExperimentTag(key, value)
      await active(experimentId)
      await client.post(
        "mlflow/experiments/set-experiment-tag",
        { experiment_id: experimentId, key, value },
        nothing,
      )
    },
    delete: (experimentId: string) => changeStage(experimentId, "delete"),
    restore: (experimentId: string) => changeStage(experimentId, "restore"),
  }
}

/** Throws INVALID_INPUT for a view type that is none; the server would read it as another. */
export const checkViewType = (viewType: ViewType): void => {
  if (!viewTypes.includes(viewType))
    throw new RoadmapError("INVALID_INPUT", `The view type "${viewType}" is not one of ${viewTypes}.`)
}

export const toPairs = (values: Record<string, string>): { key: string; value: string }[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

const checkExperimentTag = (key: string, value: string) => {
  checkTag(key, "")
  checkText(`Tag "${key}"`, value, limits.experimentTagValueLength)
}

/** Without the mark of its creation. */
const visible = (experiment: z.output<typeof experimentAnswer>): Experiment => {
  const { [requestTag]: _, ...tags } = experiment.tags
  return { ...experiment, tags }
}

const unknownExperiment = (which: string) =>
  new RoadmapError("NOT_FOUND", `There is no experiment ${which}.`, {
    hint: "List the experiments with `roadmap runs`.",
  })
