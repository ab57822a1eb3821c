import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { openFeatureRegistry } from "@roadmap/feature-store/registry"
import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import { defineStep } from "@roadmap/labkit/lab"
import { partOf } from "@roadmap/lifecycle/train/data"
import { type Decision, registerCandidate } from "@roadmap/lifecycle/train/register"
import type { Features } from "@roadmap/ml/features"
import { openRegistry } from "@roadmap/model-registry/open"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import { openWarehouse } from "@roadmap/warehouse/open"
import { modelCard } from "./card.ts"
import { februaryVersion } from "./champion.ts"
import { loadFlights, releaseFlights } from "./data.ts"
import { evaluateModels } from "./evaluate.ts"
import { monthTags } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { fitModels, loadFitted } from "./train.ts"
import { trainingOf } from "./training.ts"

export interface TaskDecision extends Decision {
  task: Task
}

/** Registers each candidate that is not worse; one that is better beyond the interval becomes the champion. */
export const registerCandidates = defineStep({
  id: "register",
  title: "Register the candidates; a champion must be better beyond the interval",
  needs: [snapTrainingSet, fitModels, evaluateModels],
  intact: async ({ config }, { decisions }: { decisions: TaskDecision[] }) => {
    const registry = await openRegistry(config)
    try {
      for (const { task, version } of decisions)
        if (version !== undefined) await registry.fetchModel(registeredNames[task], version)
      return true
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND") || isRoadmapError(error, "MODEL_FORMAT")) return false
      throw error
    } finally {
      await registry.close()
    }
  },
  async run(context) {
    const { config, result, seed, sample, signal } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const registry = await openRegistry(config)
    using features = openFeatureRegistry(config)
    try {
      const decisions: TaskDecision[] = []
      for (const fitted of result(fitModels).fitted) {
        const { task, runId } = fitted
        const specification = trainingOf(task, { ...result(snapTrainingSet), seed })
        const evaluation = result(evaluateModels).evaluated.find(each => each.task === task)!
        const decision = await registerCandidate(
          specification,
          {
            model: await loadFitted(context, fitted),
            runId,
            comparison: evaluation.comparison,
            champion: await februaryVersion(config, task),
            card: modelCard(context, specification, { fitted, evaluation }),
            example: exampleOf(partOf(flights.of(task), "validation").features, 5),
          },
          {
            registry,
            temporaryFolder: join(config.home, "tmp"),
            tags: { ...monthTags, algorithm: "boosting", ...(sample > 1 && { sample: `1/${sample}` }) },
          },
        )
        if (decision.version !== undefined)
          features.linkModel({
            model: specification.model,
            version: decision.version,
            service: specification.data.service,
            serviceVersion: specification.data.serviceVersion,
          })
        decisions.push({ task, ...decision })
      }
      return {
        decisions,
        artifacts: Object.fromEntries(
          decisions.flatMap(({ task, version }) =>
            version === undefined
              ? []
              : [[`model/${registeredNames[task]}`, `models:/${registeredNames[task]}/${version}`]],
          ),
        ),
      }
    } finally {
      await registry.close()
      releaseFlights()
    }
  },
})

/** The first rows without a missing value, as MLflow's dataframe_split. */
const exampleOf = ({ columns, rows }: Features, count: number): DataframeSplit => {
  const data: number[][] = []
  for (let row = 0; row < rows && data.length < count; row++) {
    const values = columns.map(column => (column.kind === "numeric" ? column.values[row] : column.codes[row]))
    if (values.every(value => !Number.isNaN(value))) data.push(values)
  }
  return { columns: columns.map(({ name }) => name), data }
}
