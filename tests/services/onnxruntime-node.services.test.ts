import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { installPart, listParts } from "../../packages/cli/src/commands/setup.ts"
import { alignColumns } from "../../packages/ml/src/columns.ts"
import { createFeatures, type Features } from "../../packages/ml/src/features.ts"
import { predict, predictProba } from "../../packages/ml/src/model.ts"
import { toOnnx } from "../../packages/ml/src/onnx/export.ts"
import { feedOf } from "../../packages/ml/src/onnx/feed.ts"
import { notesOf, onnxSignature } from "../../packages/ml/src/onnx/notes.ts"
import { loadOnnxRuntime, onnxPart } from "../../packages/ml/src/onnx/onnxruntime.ts"
import { type OnnxScorer, onnxScorer } from "../../packages/ml/src/onnx/scorer.ts"
import { loadServedModel } from "../../packages/serving/src/model/served.ts"
import { smallFlights, smallModel, testHome } from "../../packages/serving/testing/models.ts"
import { onnxCases } from "./onnx/cases.ts"
import { largestRelative } from "./onnx/expected.ts"
import { comparedRows, exportedCases, tolerance } from "./onnx/forms.ts"

const root = join(import.meta.dirname, "..", "..")

beforeAll(async () => {
  const part = (await listParts(root)).find(({ folder }) => folder === onnxPart)
  if (part === undefined) throw new Error(`${onnxPart} is no part`)
  await installPart(root, part, { say: line => console.error(line) })
})

test(`exported models predict the same on ${comparedRows} rows in onnxruntime-node`, async () => {
  const runtime = loadOnnxRuntime()
  const found: Record<string, number[]> = {}
  for (const { name, features, bytes, expected } of await exportedCases()) {
    const file = bytes()
    const session = await runtime.open(file)
    const notes = notesOf(file)!
    const columns = alignColumns(notes.features, features)
    const feed = feedOf(runtime, session.inputMetadata, { columns, rows: features.rows, notes })
    const outputs = session.outputMetadata.map(output => output.name)
    const values = await session.run(feed, outputs)
    const wanted = expected()
    found[name] = outputs.map((output, i) =>
      largestRelative(Array.from(values[output].data as Float64Array, Number), wanted[i]),
    )
    await session.release()
  }
  console.log(`largest relative difference: ${Math.max(...Object.values(found).flat())}`)
  const wrong = Object.entries(found).filter(([, differences]) => !differences.every(d => d <= tolerance))
  expect(wrong).toEqual([])
  expect(Object.keys(found).length).toBeGreaterThan(60)
})

describe("a scorer", () => {
  const opened: OnnxScorer[] = []
  const open = async (...args: Parameters<typeof onnxScorer>) => {
    const scorer = await onnxScorer(...args)
    opened.push(scorer)
    return scorer
  }
  afterAll(() => Promise.all(opened.map(scorer => scorer.close())))

  test("predicts in blocks what the runtime predicts at once, columns in any order", async () => {
    const cases = (await exportedCases()).filter(({ name }) => /^(boosting logistic|isotonic), /.test(name))
    for (const { bytes, features, expected } of cases) {
      const scorer = await open(bytes(), { blockRows: 9_999 })
      const shuffled = { rows: features.rows, columns: features.columns.toReversed() }
      const [labels, probabilities] = expected()
      expect(largestRelative(await scorer.predict(shuffled), labels)).toBeLessThanOrEqual(tolerance)
      expect(largestRelative(await scorer.predictProba(shuffled), probabilities)).toBeLessThanOrEqual(
        tolerance,
      )
    }
    expect(cases).toHaveLength(6)
  })

  test("gives nothing for no rows", async () => {
    for (const { model, name } of await onnxCases()) {
      if (!/^(constant|ridge|boosting|k-means|pipeline of every step)$/.test(name)) continue
      for (const inputs of ["matrix", "columns"] as const) {
        const scorer = await open(toOnnx(model, { inputs }))
        const columns = model.features.map(schema =>
          schema.kind === "numeric"
            ? { name: schema.name, kind: schema.kind, values: new Float64Array(0) }
            : { ...schema, kind: schema.kind, codes: new Int32Array(0) },
        )
        expect(await scorer.predict(createFeatures(columns))).toEqual(new Float64Array(0))
      }
    }
  })

  test("stops between blocks when it is aborted", async () => {
    const [{ bytes, features }] = await exportedCases()
    const scorer = await open(bytes())
    await expect(scorer.predict(features, AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" })
  })

  test("refuses bytes that are no model, and models whose outputs are not one number a row", async () => {
    await expect(onnxScorer(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: "MODEL_FORMAT" })
    const zipmap = await open(golden("sklearn-zipmap"))
    const { features } = foreign("sklearn-classifier")
    await expect(zipmap.predictProba(features)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      hint: expect.stringContaining("zipmap"),
    })
    const ridge = await open(toOnnx((await onnxCases()).find(({ name }) => name === "ridge")!.model))
    await expect(ridge.predictProba(features)).rejects.toMatchObject({ code: "INVALID_INPUT" })
    await expect(ridge.predict(features)).rejects.toThrow(/needs the feature "distance"/)
  })

  test("refuses columns that do not fit a foreign model", async () => {
    const scorer = await open(golden("sklearn-classifier"))
    const { features } = foreign("sklearn-classifier")
    const three = { ...features, columns: features.columns.slice(1) }
    await expect(scorer.predict(three)).rejects.toThrow(/takes 4 features side by side; there are 3/)
    const columns = await open(golden("sklearn-columns"))
    await expect(columns.predict(features)).rejects.toThrow(/needs the feature "distance"/)
  })

  test.each(["sklearn-regressor", "sklearn-classifier", "lightgbm-classifier", "sklearn-columns"])(
    "scores a model made elsewhere as its maker does: %s",
    async name => {
      const scorer = await open(golden(name))
      const { features, predict, probability } = foreign(name)
      expect(largestRelative(await scorer.predict(features), predict)).toBeLessThanOrEqual(tolerance)
      if (probability !== undefined)
        expect(largestRelative(await scorer.predictProba(features), probability)).toBeLessThanOrEqual(
          tolerance,
        )
    },
  )
})

const goldens = join(root, "packages", "ml", "goldens")
const golden = (name: string): Uint8Array => readFileSync(join(goldens, `onnx-${name}.onnx`))

/** What another library predicts with the model that it exported. */
const foreign = (
  name: string,
): { features: Features; predict: number[]; probability: number[] | undefined } => {
  const { rows, carrier, predict, probability } = JSON.parse(
    readFileSync(join(goldens, "onnx-foreign.json"), "utf8"),
  )[name] as { rows: (number | null)[][]; carrier?: string[]; predict: number[]; probability?: number[] }
  const names = carrier ? ["distance", "hour"] : rows[0].map((_, i) => `x${i}`)
  const numbers = names.map((column, i) => ({
    name: column,
    kind: "numeric" as const,
    values: Float64Array.from(rows, row => row[i] ?? Number.NaN),
  }))
  const categories = [...new Set(carrier)]
  const texts = carrier && {
    name: "carrier",
    kind: "categorical" as const,
    codes: Int32Array.from(carrier, text => categories.indexOf(text)),
    categories,
  }
  return { features: createFeatures(texts ? [...numbers, texts] : numbers), predict, probability }
}

test("the scoring server answers with a model that is ONNX alone as with the one it was exported from", async () => {
  await using home = await testHome()
  const model = await smallModel({ loss: "logistic" })
  const bytes = toOnnx(model)
  await home.register("onnx", {
    flavors: { onnx: { data: "model.onnx" } },
    files: { "model.onnx": bytes },
    signature: onnxSignature(bytes),
  })
  const served = await loadServedModel(home.registry, "onnx")
  const { features } = smallFlights(50, 2)
  const codes = features.columns.map(column =>
    column.kind === "numeric"
      ? column
      : { name: column.name, kind: "numeric" as const, values: Float64Array.from(column.codes) },
  )
  const { columns } = await served.predict({ rows: features.rows, columns: codes })
  expect(columns[0].values).toEqual(predict(model, features))
  predictProba(model, features).forEach((share, row) => {
    expect(columns[1].values[row]).toBeCloseTo(share, 12)
  })
  await served.close()
})
