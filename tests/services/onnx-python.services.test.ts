import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import { alignColumns } from "../../packages/ml/src/columns.ts"
import type { Features } from "../../packages/ml/src/features.ts"
import type { Model } from "../../packages/ml/src/model.ts"
import { toOnnx } from "../../packages/ml/src/onnx/export.ts"
import { onnxSignature } from "../../packages/ml/src/onnx/notes.ts"
import { writeModel } from "../../packages/model-registry/src/mlmodel.ts"
import { onnxRequirements, withOnnx } from "../../packages/model-registry/src/onnx-flavor.ts"
import { preparePython } from "../../packages/services/src/python.ts"
import { mlflowServe } from "./mlflow/serve.ts"
import { flights, onnxCases } from "./onnx/cases.ts"
import { type DumpedCase, dumpCase } from "./onnx/dump.ts"
import { expectedOutputs, largestRelative } from "./onnx/expected.ts"
import { comparedRows, exportedCases, tolerance } from "./onnx/forms.ts"
import { runScript } from "./onnx/python.ts"

let bin: string
const folder = mkdtempSync(join(tmpdir(), "roadmap-onnx-"))

beforeAll(async () => {
  const folder = join(loadConfig().home, "services")
  bin = (await preparePython({ requirements: onnxRequirements, folder })).bin
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Differences = Record<string, Record<string, number>>

test(`exported models predict the same on ${comparedRows} rows in Python's onnxruntime`, async () => {
  const cases: DumpedCase[] = (await exportedCases()).map(({ name, features, rowsName, bytes, expected }) =>
    dumpCase(folder, { name, bytes: bytes(), features, expected: expected(), rowsName }),
  )
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases))
  const found = await runScript<Differences>(bin, "score.py", folder)
  expect(Object.keys(found)).toEqual(cases.map(({ name }) => name))
  expect(tooFar(found)).toEqual([])
})

test(`model directories predict the same on ${comparedRows} rows in mlflow.pyfunc`, async () => {
  const odd = flights(comparedRows, 3, true)
  const models = await Promise.all(
    (await modelsToServe()).map(async ({ name, model, takes }, number) => {
      const directory = await writeOnnxModel(`model-${number}`, model)
      const files = matrixColumns(model, odd[takes]).map(({ name: column, values }, i) => {
        const file = `mlflow-${number}-${i}.bin`
        writeFileSync(join(folder, file), values)
        return [column, file]
      })
      const expected = namedOutputs(model, odd[takes]).map(({ name: output, values }, i) => {
        const file = `mlflow-${number}-expected-${i}.bin`
        writeFileSync(join(folder, file), values)
        return [output, file]
      })
      return { name, directory, columns: Object.fromEntries(files), expected: Object.fromEntries(expected) }
    }),
  )
  writeFileSync(join(folder, "models.json"), JSON.stringify(models))
  const found = await runScript<Differences>(bin, "mlflow_predict.py", folder)
  expect(Object.keys(found)).toHaveLength(models.length)
  expect(tooFar(found)).toEqual([])
})

test("`mlflow models serve` answers as predict does, and refuses a missing column", async () => {
  const odd = flights(500, 4, true)
  for (const { model, takes } of (await modelsToServe()).filter(({ name }) =>
    /logistic|pipeline/.test(name),
  )) {
    const directory = await writeOnnxModel(`served-${model.kind}`, model)
    await using server = await mlflowServe(bin, directory)
    const post = (body: object) =>
      fetch(`${server.url}/invocations`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      })
    const columns = matrixColumns(model, odd[takes])
    const data = Array.from({ length: 500 }, (_, row) =>
      columns.map(({ values }) => (Number.isNaN(values[row]) ? null : values[row])),
    )
    const split = { columns: columns.map(({ name }) => name), data }
    const answer = await post({ dataframe_split: split })
    expect(answer.status).toBe(200)
    const { predictions } = (await answer.json()) as { predictions: Record<string, number>[] }
    for (const { name, values } of namedOutputs(model, odd[takes])) {
      const served = predictions.map(prediction => prediction[name])
      expect(largestRelative(served, values)).toBeLessThanOrEqual(tolerance)
    }
    const [first] = split.columns
    const records = data
      .slice(0, 2)
      .map(row => Object.fromEntries(split.columns.map((name, i) => [name, row[i]])))
    expect((await post({ dataframe_records: records })).status).toBe(200)
    const lacking = records.map(record => ({ ...record, [first]: undefined }))
    const refusal = await post({ dataframe_records: lacking })
    expect(refusal.status).toBe(400)
    expect(await refusal.text()).toContain(first)
  }
})

/** One of each task, and the pipeline; all are told by code what category a row has. */
const modelsToServe = async () =>
  (await onnxCases()).flatMap(({ name, model, takes }) =>
    /^(ridge with indicators|boosting|boosting logistic|isotonic|k-means|isolation forest|pipeline of every step)$/.test(
      name,
    )
      ? [{ name, model: model as Model, takes }]
      : [],
  )

const writeOnnxModel = async (name: string, model: Model): Promise<string> => {
  const bytes = toOnnx(model)
  mkdirSync(join(folder, "models"), { recursive: true })
  const directory = join(folder, "models", name)
  await writeModel(directory, withOnnx({ flavors: {}, files: {}, signature: onnxSignature(bytes) }, bytes))
  return directory
}

/** The columns of the matrix form: numbers as they are, categories as their codes in the model. */
const matrixColumns = (model: Model, features: Features) =>
  alignColumns(model.features, features).map(column => ({
    name: column.name,
    values: Float64Array.from(column.kind === "numeric" ? column.values : column.codes),
  }))

const namedOutputs = (model: Model, features: Features) => {
  const values = expectedOutputs(model, features)
  return onnxSignature(toOnnx(model)).outputs.map(({ name }, i) => ({ name, values: values[i] }))
}

const tooFar = (found: Differences) =>
  Object.entries(found).filter(([, outputs]) => !Object.values(outputs).every(value => value <= tolerance))
