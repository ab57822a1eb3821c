import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfigWith } from "@roadmap/core/config"
import { createRandom } from "@roadmap/core/random"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import type { BoostingModel } from "@roadmap/ml/boosting/model"
import type { BoostingParameters } from "@roadmap/ml/boosting/parameters"
import { encodeModel } from "@roadmap/ml/encoding"
import type { Features } from "@roadmap/ml/features"
import type { Model } from "@roadmap/ml/model"
import { type ModelContent, roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry, ModelVersion } from "@roadmap/model-registry/port"
import type { Signature } from "@roadmap/model-registry/signature"

/** A folder of its own with a registry in it, removed at the end. */
export interface TestHome extends AsyncDisposable {
  readonly home: string
  readonly config: ReturnType<typeof loadConfigWith>
  readonly registry: ModelRegistry
  register(name: string, content: ModelContent): Promise<ModelVersion>
}

export const testHome = async (): Promise<TestHome> => {
  const home = await mkdtemp(join(tmpdir(), "roadmap-serving-"))
  const config = loadConfigWith({
    ROADMAP_HOME: home,
    MLFLOW_TRACKING_URI: "",
    DATABASE_URL: "",
    LOG_LEVEL: "silent",
  })
  const registry = await openRegistry(config)
  let written = 0
  return {
    home,
    config,
    registry,
    async register(name, content) {
      const directory = join(home, "tmp", `${name}-${written++}`)
      await writeModel(directory, content)
      return registry.register({ name, directory })
    },
    async [Symbol.asyncDispose]() {
      await registry.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

const weekdays = ["fri", "mon", "sat"]

/** Flights that never were: the delay rises with hour and distance, and on Mondays. */
export const smallFlights = (rows: number, seed = 1): { features: Features; delay: Float64Array } => {
  const random = createRandom(seed)
  const hour = new Float64Array(rows)
  const distance = new Float64Array(rows)
  const weekday = new Int32Array(rows)
  const delay = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    hour[row] = random.integer(24)
    distance[row] = 100 + random.integer(2_000)
    weekday[row] = random.integer(3)
    delay[row] = hour[row] + distance[row] / 200 + (weekday[row] === 1 ? 15 : 0) + 5 * random.normal()
  }
  return {
    features: {
      rows,
      columns: [
        { name: "hour", kind: "numeric", values: hour },
        { name: "distance", kind: "numeric", values: distance },
        { name: "weekday", kind: "categorical", codes: weekday, categories: weekdays },
      ],
    },
    delay,
  }
}

/** Twenty small trees. For the logistic loss the target is a delay of more than 15. */
export const smallModel = (parameters: Partial<BoostingParameters> = {}): Promise<BoostingModel> => {
  const { features, delay } = smallFlights(600)
  const target = parameters.loss === "logistic" ? delay.map(value => (value > 15 ? 1 : 0)) : delay
  return fitBoosting({
    features,
    target,
    parameters: { trees: 20, leaves: 8, minRowsPerLeaf: 10, ...parameters },
    engine: "typescript",
    threads: 1,
    seed: 3,
  })
}

/** As clients of this project's own models see it: the weekday is a text. */
export const textSignature = (outputs: Signature["outputs"]): Signature => ({
  inputs: [
    { name: "hour", type: "double", required: true },
    { name: "distance", type: "double", required: true },
    { name: "weekday", type: "string", required: true },
  ],
  outputs,
})

/** As MLflow's ONNX flavor has it: every column a double, the weekday its code. */
export const codeSignature = (outputs: Signature["outputs"]): Signature => ({
  inputs: ["hour", "distance", "weekday"].map(name => ({ name, type: "double", required: true })),
  outputs,
})

export const delayOutput: Signature["outputs"] = [{ name: "prediction", type: "double", required: true }]
export const lateOutputs: Signature["outputs"] = [
  { name: "prediction", type: "long", required: true },
  { name: "probability", type: "double", required: true },
]

export const contentOf = (
  model: Model,
  signature: Signature,
  change: Partial<ModelContent> = {},
): ModelContent => ({
  flavors: roadmapFlavor("@roadmap/ml", 1),
  files: { "model.bin": encodeModel(model) },
  signature,
  ...change,
})
