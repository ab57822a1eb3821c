import { rm } from "node:fs/promises"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { encodeModel } from "@roadmap/ml/encoding"
import type { Model } from "@roadmap/ml/model"
import { toOnnx } from "@roadmap/ml/onnx/export"
import { onnxSignature } from "@roadmap/ml/onnx/notes"
import type { ModelCard } from "@roadmap/model-registry/card"
import { type ModelContent, roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { withOnnx } from "@roadmap/model-registry/onnx-flavor"
import type { ModelRegistry, ModelVersion } from "@roadmap/model-registry/port"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import type { Comparison } from "./compare.ts"
import { specificationKey, type TrainingSpecification } from "./specification.ts"

export interface RegisterContext {
  readonly registry: ModelRegistry
  /** Where the model directory is put together; removed afterwards. */
  readonly temporaryFolder: string
  readonly tags?: Record<string, string>
}

export interface Candidate {
  readonly model: Model
  readonly runId: string
  readonly comparison: Comparison
  /** The version that it was compared with; absent where there was none, and a baseline was. */
  readonly champion?: Pick<ModelVersion, "version">
  readonly card: ModelCard
  readonly example: DataframeSplit
}

export interface Decision {
  readonly version?: number
  /** The alias it got. */
  readonly alias?: "champion" | "challenger"
  readonly reason: string
}

/**
 * Registers a candidate as a new version, unless it is worse. Better beyond the interval: it becomes the champion, if the
 * champion is still the one it was compared with (or an earlier version of this same specification's model). Not clearly
 * better: it waits as the challenger. Repeating the call changes nothing.
 */
export const registerCandidate = async (
  specification: TrainingSpecification,
  candidate: Candidate,
  context: RegisterContext,
): Promise<Decision> => {
  const { registry } = context
  const { comparison, champion } = candidate
  const name = specification.model
  const other = champion ? `version ${champion.version}` : "the baseline"
  if (comparison.verdict === "worse")
    return { reason: `worse than ${other} beyond the interval: not registered` }
  const { version } = await registerVersion(specification, candidate, context)
  const current = await registry.getByAlias(name, "champion").catch(error => {
    if (isRoadmapError(error, "NOT_FOUND")) return undefined
    throw error
  })
  if (comparison.verdict === "unclear") {
    await registry.setAlias(name, "challenger", version)
    return {
      version,
      alias: "challenger",
      reason: `not better than ${other} beyond the interval: waits as the challenger`,
    }
  }
  const replaceable =
    current === undefined ||
    current.version === version ||
    current.version === champion?.version ||
    current.tags["training.experiment"] === specification.experiment
  if (!replaceable) {
    await registry.setAlias(name, "challenger", version)
    return {
      version,
      alias: "challenger",
      reason: `better than ${other}, but version ${current.version} is the champion now and was not compared`,
    }
  }
  if (current?.version !== version) await registry.setAlias(name, "champion", version)
  return {
    version,
    alias: "champion",
    reason: `better than ${other} beyond the interval; now the champion`,
  }
}

const registerVersion = async (
  specification: TrainingSpecification,
  { model, runId, champion, card, example }: Candidate,
  { registry, temporaryFolder, tags }: RegisterContext,
): Promise<ModelVersion> => {
  const { model: name, data, experiment } = specification
  const key = specificationKey(specification)
  const directory = join(temporaryFolder, `${name}-${key.slice(0, 16)}`)
  const onnx = toOnnx(model)
  await rm(directory, { recursive: true, force: true })
  try {
    const content: ModelContent = {
      flavors: roadmapFlavor("@roadmap/ml", 1),
      files: {
        "model.bin": encodeModel(model),
        "specification.json": new TextEncoder().encode(JSON.stringify(specification, null, 2)),
      },
      signature: onnxSignature(onnx),
      inputExample: example,
      card,
      metadata: { feature_service: data.service, feature_service_version: data.serviceVersion },
    }
    await writeModel(directory, withOnnx(content, onnx))
    return await registry.register({
      name,
      directory,
      tags: { ...tags, "training.experiment": experiment, "training.key": key },
      lineage: {
        runId,
        datasets: [{ name: data.service, digest: data.snapshot }],
        featureViews: [`${data.service}@${data.serviceVersion}`],
        ...(champion && { parentVersion: champion.version }),
      },
      idempotencyKey: `${experiment}/${name}/${runId}`,
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
