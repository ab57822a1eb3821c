import type { Config } from "@roadmap/core/config"
import { decodeModel } from "@roadmap/ml/encoding"
import type { Model } from "@roadmap/ml/model"
import { readModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"

/** The model that `flight-delay@champion` or `flight-late@champion` points at, every file checked. Throws NOT_FOUND. */
export const loadChampion = async (config: Config, name: string): Promise<Model> => {
  const registry = await openRegistry(config)
  try {
    const { version } = await registry.getByAlias(name, "champion")
    const stored = await readModel(await registry.fetchModel(name, version))
    return decodeModel(await stored.read("model.bin"))
  } finally {
    await registry.close()
  }
}
