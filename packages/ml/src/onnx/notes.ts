import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import type { FeatureSchema } from "../columns.ts"
import type { InputForm } from "./inputs.ts"
import { onnxMetadata } from "./read.ts"

/** What an exported file says of itself, as JSON under the key `roadmap` of its metadata. */
export interface OnnxNotes extends InputForm {
  /** The model's kind. */
  readonly kind: string
  readonly task: "regression" | "classification" | "clustering" | "anomaly" | "transform"
  /** The features it takes, with the categories in the order of their codes. */
  readonly features: readonly FeatureSchema[]
  /** Name of the output that holds what `predict` gives; of a fitted step, its columns side by side. */
  readonly output: string
  /** Name of the output that holds what `predictProba` gives, for classifiers. */
  readonly probability?: string
  /** Columns of the output of a fitted step. */
  readonly columns?: readonly string[]
}

const notesKey = "roadmap"

const notesSchema: z.ZodType<OnnxNotes> = z.object({
  inputs: z.enum(["matrix", "columns"]),
  numbers: z.enum(["double", "float"]),
  kind: z.string(),
  task: z.enum(["regression", "classification", "clustering", "anomaly", "transform"]),
  features: z.array(
    z.object({ name: z.string(), kind: z.enum(["numeric", "categorical"]), categories: z.array(z.string()) }),
  ),
  output: z.string(),
  probability: z.string().optional(),
  columns: z.array(z.string()).optional(),
})

export const metadataOf = (notes: OnnxNotes): Record<string, string> => ({
  [notesKey]: JSON.stringify(notes),
})

/** The notes of a file that `toOnnx` made; undefined for a foreign one. Throws MODEL_FORMAT for other bytes. */
export const notesOf = (bytes: Uint8Array): OnnxNotes | undefined => {
  const text = onnxMetadata(bytes)[notesKey]
  if (text === undefined) return undefined
  try {
    return notesSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new RoadmapError("MODEL_FORMAT", "The notes in the ONNX model are not those of toOnnx.", { cause })
  }
}

/** A column of MLflow's signature. */
export interface OnnxColumn {
  readonly name: string
  readonly type: "double" | "float" | "long" | "string"
  readonly required: boolean
}

/**
 * MLflow's column signature of a file that `toOnnx` made (https://mlflow.org/docs/latest/ml/model/signatures/):
 * what `mlflow.pyfunc` is given, and the columns that come out. In the matrix form a category is its code.
 * Throws INVALID_INPUT for a fitted step or a foreign file, whose outputs are not one value a row.
 */
export const onnxSignature = (bytes: Uint8Array): { inputs: OnnxColumn[]; outputs: OnnxColumn[] } => {
  const notes = notesOf(bytes)
  if (notes === undefined || notes.task === "transform")
    throw new RoadmapError(
      "INVALID_INPUT",
      notes === undefined
        ? "The ONNX model was not made by toOnnx; its columns have no names."
        : `A ${notes.kind} step does not predict one value a row.`,
      { hint: "Write the signature by hand, or export a model or pipeline." },
    )
  const { numbers, task } = notes
  const isText = (kind: string) => notes.inputs === "columns" && kind === "categorical"
  const whole = task === "classification" || task === "clustering"
  return {
    inputs: notes.features.map(({ name, kind }) => ({
      name,
      type: isText(kind) ? "string" : numbers,
      required: true,
    })),
    outputs: [
      { name: notes.output, type: whole ? "long" : numbers, required: true },
      ...(notes.probability ? [{ name: notes.probability, type: numbers, required: true }] : []),
    ],
  }
}
