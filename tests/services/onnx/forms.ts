import type { Features } from "../../../packages/ml/src/features.ts"
import { toOnnx } from "../../../packages/ml/src/onnx/export.ts"
import { flights, onnxCases } from "./cases.ts"
import { asFloats, expectedOutputs } from "./expected.ts"

/** Rows that every model is compared on. */
export const comparedRows = 100_000

/** Largest relative difference allowed. */
export const tolerance = 1e-5

const forms = [
  { inputs: "matrix", numbers: "double" },
  { inputs: "columns", numbers: "double" },
  { inputs: "matrix", numbers: "float" },
] as const

/** Every model in each form, with the rows it is compared on: gaps, unseen categories, extreme numbers. */
export const exportedCases = async () => {
  const odd = flights(comparedRows, 2, true)
  const singles = { any: asFloats(odd.any), numbers: asFloats(odd.numbers) }
  return (await onnxCases()).flatMap(({ name, model, takes }) =>
    forms.map(form => {
      const features: Features = form.numbers === "float" ? singles[takes] : odd[takes]
      return {
        name: `${name}, ${form.inputs} of ${form.numbers}s`,
        model,
        features,
        rowsName: `${takes} ${form.inputs} ${form.numbers}`,
        bytes: () => toOnnx(model, form),
        expected: () => expectedOutputs(model, features),
      }
    }),
  )
}
