import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { loadDataset } from "@roadmap/lab-2026-02-foundations/dataset"
import { respond, type Task } from "@roadmap/lab-2026-02-foundations/models"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import { decodeModel } from "@roadmap/ml/encoding"
import { readModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelVersion } from "@roadmap/model-registry/port"
import type { SqlEngine } from "@roadmap/warehouse/port"

/** The version that February made champion, also after March has taken the alias. Throws NOT_FOUND. */
export const februaryVersion = async (config: Config, task: Task): Promise<ModelVersion> => {
  const registry = await openRegistry(config)
  try {
    const { items } = await registry.listVersions(registeredNames[task])
    const found = items.find(version => version.tags["roadmap.month"] === "2026-02")
    if (found) return found
    throw new RoadmapError(
      "NOT_FOUND",
      `${registeredNames[task]} has no version of February to compare with.`,
      {
        hint: "February registered none: run it on more rows, or look at its decisions.",
      },
    )
  } finally {
    await registry.close()
  }
}

/** February's answers, from February's features, to these flights in their order. */
export const februaryResponses = async (
  engine: SqlEngine,
  config: Config,
  task: Task,
  part: { split: "validation" | "test"; flightIds: Float64Array },
): Promise<{ version: ModelVersion; predicted: Float64Array }> => {
  const version = await februaryVersion(config, task)
  const registry = await openRegistry(config)
  try {
    const stored = await readModel(await registry.fetchModel(version.name, version.version))
    const model = decodeModel(await stored.read("model.bin"))
    const byFlight = respond(task, model, await loadDataset(engine, part.split))
    return { version, predicted: inOrderOf(part.flightIds, byFlight) }
  } finally {
    await registry.close()
  }
}

/** February's rows are in the order of flight ids; these are in another order of the same flights. */
const inOrderOf = (flightIds: Float64Array, byFlight: Float64Array): Float64Array => {
  if (flightIds.length !== byFlight.length)
    throw new Error(`February scored ${byFlight.length} flights; March has ${flightIds.length}.`)
  const order = Int32Array.from(flightIds, (_, row) => row).sort((a, b) => flightIds[a] - flightIds[b])
  const predicted = new Float64Array(byFlight.length)
  for (let place = 0; place < order.length; place++) predicted[order[place]] = byFlight[place]
  return predicted
}
