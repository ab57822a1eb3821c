import { RoadmapError } from "@roadmap/core/errors"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import { flightFeatures } from "@roadmap/lab-2026-03-features/definitions"
import { tasks } from "@roadmap/lab-2026-03-features/training"
import { defineStep } from "@roadmap/labkit/lab"
import { readModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry } from "@roadmap/model-registry/port"

export type Task = (typeof tasks)[number]

/** A model to deploy: which one an alias means today. */
export interface ChosenModel {
  task: Task
  name: string
  alias: string
  version: number
  /** `flight-late@champion`: what the server and the batch are given. */
  reference: string
  digest: string
  /** The column of its answer that is judged. */
  output: "prediction" | "probability"
  /** The features it takes, in its order. */
  inputs: string[]
}

/**
 * The models are deployed by alias: the champion, where it reads March's features. On few rows March's model may not have
 * beaten February's; then it waits as the challenger, and that one is deployed.
 */
export const chooseModels = defineStep({
  id: "choose",
  title: "Which versions do the aliases mean?",
  inputs: async ({ config }) => {
    const registry = await openRegistry(config)
    try {
      const { items } = await registry.searchModels()
      return Object.fromEntries(items.map(({ name, aliases }) => [name, JSON.stringify(aliases)]))
    } finally {
      await registry.close()
    }
  },
  async run({ config }) {
    const registry = await openRegistry(config)
    try {
      const models: ChosenModel[] = []
      for (const task of tasks) models.push(await chooseModel(registry, task))
      return {
        models,
        artifacts: Object.fromEntries(
          models.map(({ name, version }) => [`model/${name}`, `models:/${name}/${version}`]),
        ),
      }
    } finally {
      await registry.close()
    }
  },
})

const chooseModel = async (registry: ModelRegistry, task: Task): Promise<ChosenModel> => {
  const name = registeredNames[task]
  const { aliases } = await registry.getModel(name)
  for (const alias of ["champion", "challenger"]) {
    const version = aliases[alias]
    if (version === undefined) continue
    const { metadata, digest, signature } = await readModel(await registry.fetchModel(name, version))
    if (metadata.feature_service !== flightFeatures.name) continue
    return {
      task,
      name,
      alias,
      version,
      reference: `${name}@${alias}`,
      digest,
      output: task === "delay" ? "prediction" : "probability",
      inputs: signature.inputs.flatMap(input => (input.name === undefined ? [] : [input.name])),
    }
  }
  throw new RoadmapError("NOT_FOUND", `No alias of ${name} means a model of March's features.`, {
    hint: "March registered none, because it was worse than February's: run March on more rows.",
  })
}
