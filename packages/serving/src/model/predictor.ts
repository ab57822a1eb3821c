import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureSchema } from "@roadmap/ml/columns"
import { decodeModel } from "@roadmap/ml/encoding"
import type { Features } from "@roadmap/ml/features"
import { type Model, predict, predictProba, signatureOf, taskOf } from "@roadmap/ml/model"
import { notesOf } from "@roadmap/ml/onnx/notes"
import { type OnnxScorer, onnxScorer } from "@roadmap/ml/onnx/scorer"
import type { StoredModel } from "@roadmap/model-registry/mlmodel"
import type { OutputSpec, Signature } from "@roadmap/model-registry/signature"
import { toModelFeatures } from "./inputs.ts"
import { boostingRows } from "./row.ts"
import type { Predictions } from "./served.ts"

export interface OpenedPredictor {
  /** This project's own model; absent for ONNX. */
  readonly model?: Model
  /** What the model was fitted on. */
  readonly schema?: readonly FeatureSchema[]
  predict(features: Features): Predictions | Promise<Predictions>
  close(): Promise<void>
}

const ownLoader = "@roadmap/ml"
const ownLoaderVersion = 1

/** Opens the flavor that can be served here: `roadmap`, else `onnx`. Throws MODEL_FORMAT or PART_MISSING. */
export const openPredictor = async (stored: StoredModel): Promise<OpenedPredictor> => {
  const { flavors, signature, directory } = stored
  const { roadmap, onnx } = flavors
  if (roadmap !== undefined) {
    if (roadmap.loader !== ownLoader || roadmap.loader_version !== ownLoaderVersion)
      throw new RoadmapError(
        "MODEL_FORMAT",
        `Model ${directory} is written for the loader ${roadmap.loader} ${roadmap.loader_version}; this is ${ownLoader} ${ownLoaderVersion}.`,
        { hint: "Serve it with the release that registered it, or register it again." },
      )
    return ownPredictor(decodeModel(await stored.read(String(roadmap.data))), signature, directory)
  }
  if (onnx !== undefined) {
    const bytes = await stored.read(String(onnx.data))
    return onnxPredictor(await onnxScorer(bytes), notesOf(bytes)?.features, signature, directory)
  }
  throw new RoadmapError("MODEL_FORMAT", `Model ${directory} has no flavor that can be served here.`, {
    hint: `It has ${Object.keys(flavors).join(", ")}; one of roadmap, onnx is needed.`,
  })
}

const ownPredictor = (model: Model, signature: Signature, directory: string): OpenedPredictor => {
  checkInputs(model, signature, directory)
  const outputs = outputsOf(signature, directory)
  const fewRows = model.kind === "boosting" ? boostingRows(model) : undefined
  const respond = (features: Features): { value: Float64Array; probability?: Float64Array } => {
    if (fewRows !== undefined && features.rows < fewRows.upTo) return fewRows.respond(features)
    const aligned = toModelFeatures(model.features, features)
    if (taskOf(model) !== "classification") return { value: predict(model, aligned) }
    const probability = predictProba(model, aligned)
    return { value: probability.map(share => (share > 0.5 ? 1 : 0)), probability }
  }
  return {
    model,
    schema: model.features,
    predict(features) {
      const { value, probability } = respond(features)
      return {
        rows: features.rows,
        columns: outputs.map(({ name, isProbability }) => ({
          name,
          values: isProbability && probability ? probability : value,
        })),
      }
    },
    close: async () => undefined,
  }
}

/** The signature is what clients see, the model what answers: they must have the same columns. */
const checkInputs = (model: Model, { inputs }: Signature, directory: string): void => {
  const differs =
    inputs.length !== model.features.length ||
    inputs.some(
      ({ name, type }, i) =>
        name !== model.features[i].name || (type === "string" && model.features[i].kind === "numeric"),
    )
  if (!differs) return
  throw new RoadmapError(
    "MODEL_FORMAT",
    `The signature of model ${directory} is not that of its ${signatureOf(model).output.task} model: ` +
      `${inputs.map(({ name }) => name).join(", ")} against ${model.features.map(({ name }) => name).join(", ")}.`,
    { hint: "Register the model again with the signature of the columns it was fitted on." },
  )
}

const onnxPredictor = (
  scorer: OnnxScorer,
  schema: readonly FeatureSchema[] | undefined,
  signature: Signature,
  directory: string,
): OpenedPredictor => {
  const outputs = outputsOf(signature, directory)
  const text = signature.inputs.find(({ type }) => type === "string")
  if (text !== undefined && schema === undefined)
    throw new RoadmapError(
      "MODEL_FORMAT",
      `Model ${directory} takes texts in "${text.name}", and its ONNX file does not say which it knows.`,
      { hint: "Export the model with toOnnx of @roadmap/ml, or give it codes instead of texts." },
    )
  return {
    ...(schema && { schema }),
    async predict(given) {
      const features = schema === undefined ? given : toModelFeatures(schema, given)
      const columns = await Promise.all(
        outputs.map(async ({ name, isProbability }) => ({
          name,
          values: isProbability ? await scorer.predictProba(features) : await scorer.predict(features),
        })),
      )
      return { rows: features.rows, columns }
    },
    close: () => scorer.close(),
  }
}

interface Output {
  readonly name: string
  readonly isProbability: boolean
}

/** One output is the prediction; of two the second is the probability. More cannot be served. */
const outputsOf = ({ outputs }: Signature, directory: string): Output[] => {
  if (outputs.length < 1 || outputs.length > 2 || outputs.some(isText))
    throw new RoadmapError(
      "MODEL_FORMAT",
      `Model ${directory} has the outputs ${outputs.map(({ name, type }) => `${name} (${type})`).join(", ") || "none"}.`,
      { hint: "A served model gives a prediction, and a classifier its probability too: both numbers." },
    )
  return outputs.map(({ name }, i) => ({
    name: name ?? "prediction",
    isProbability: name === "probability" || i === 1,
  }))
}

const isText = ({ type }: OutputSpec) => type === "string" || type === "datetime"
