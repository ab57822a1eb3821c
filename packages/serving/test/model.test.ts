import { fitKMeans } from "@roadmap/ml/clustering/k-means"
import type { Features } from "@roadmap/ml/features"
import { predict, predictProba } from "@roadmap/ml/model"
import { roadmapFlavor } from "@roadmap/model-registry/mlmodel"
import { describe, expect, it } from "vitest"
import { loadModel } from "../src/model/load-folder.ts"
import { loadServedModel } from "../src/model/served.ts"
import {
  codeSignature,
  contentOf,
  delayOutput,
  lateOutputs,
  smallFlights,
  smallModel,
  testHome,
  textSignature,
} from "../testing/models.ts"

const { features } = smallFlights(700, 2)
const first = (rows: number): Features => ({
  rows,
  columns: features.columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: column.values.slice(0, rows) }
      : { ...column, codes: column.codes.slice(0, rows) },
  ),
})
const asCodes = ({ rows, columns }: Features): Features => ({
  rows,
  columns: columns.map(column =>
    column.kind === "numeric"
      ? column
      : { name: column.name, kind: "numeric", values: Float64Array.from(column.codes) },
  ),
})

describe("a model from the registry", () => {
  it("is found by alias, by version, and as the latest", async () => {
    await using home = await testHome()
    const model = await smallModel()
    await home.register("delay", contentOf(model, textSignature(delayOutput)))
    await home.register("delay", contentOf(await smallModel({ trees: 5 }), textSignature(delayOutput)))
    await home.registry.setAlias("delay", "champion", 1)
    const versions = await Promise.all(
      ["delay@champion", "delay/2", "delay", "models:/delay/1"].map(async reference => {
        const { version, alias, uri } = await loadServedModel(home.registry, reference)
        return [version, alias, uri]
      }),
    )
    expect(versions).toEqual([
      [1, "champion", "models:/delay/1"],
      [2, undefined, "models:/delay/2"],
      [2, undefined, "models:/delay/2"],
      [1, undefined, "models:/delay/1"],
    ])
    await expect(loadServedModel(home.registry, "delay@nobody")).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  it("answers to the bit as the model does, for few rows and for many", async () => {
    await using home = await testHome()
    const model = await smallModel({ loss: "logistic" })
    await home.register("late", contentOf(model, codeSignature(lateOutputs)))
    const served = await loadServedModel(home.registry, "late")
    for (const rows of [0, 1, 7, 700]) {
      const given = first(rows)
      const answer = await served.predict(asCodes(given))
      expect(answer.columns.map(({ name }) => name)).toEqual(["prediction", "probability"])
      expect(answer.columns[0].values).toEqual(predict(model, given))
      expect(answer.columns[1].values).toEqual(predictProba(model, given))
    }
  })

  it("takes a category as its text or as its code; neither -1 nor a stranger is a category", async () => {
    await using home = await testHome()
    const model = await smallModel()
    await home.register("texts", contentOf(model, textSignature(delayOutput)))
    await home.register("codes", contentOf(model, codeSignature(delayOutput)))
    const [texts, codes] = await Promise.all(
      ["texts", "codes"].map(name => loadServedModel(home.registry, name)),
    )
    const numbers = [
      { name: "hour", kind: "numeric", values: new Float64Array([8, 8, 8, 8]) },
      { name: "distance", kind: "numeric", values: new Float64Array([500, 500, 500, 500]) },
    ] as const
    const byText = await texts.predict({
      rows: 4,
      columns: [
        ...numbers,
        {
          name: "weekday",
          kind: "categorical",
          codes: new Int32Array([1, 2, -1, 3]),
          categories: texts.inputs[2].categories!,
        },
      ],
    })
    const byCode = await codes.predict({
      rows: 4,
      columns: [
        ...numbers,
        { name: "weekday", kind: "numeric", values: new Float64Array([1, 2, Number.NaN, 17]) },
      ],
    })
    expect(byCode.columns[0].values).toEqual(byText.columns[0].values)
    expect(byCode.columns[0].values[0]).not.toBe(byCode.columns[0].values[1])
  })

  it("of another kind than boosting answers too, and refuses what it cannot take", async () => {
    await using home = await testHome()
    const { features: flights } = smallFlights(100)
    const numeric = { rows: 100, columns: flights.columns.slice(0, 2) }
    const model = fitKMeans({ features: numeric, parameters: { clusters: 3 } })
    const signature = { ...textSignature(delayOutput), inputs: textSignature(delayOutput).inputs.slice(0, 2) }
    await home.register("clusters", contentOf(model, signature))
    const served = await loadServedModel(home.registry, "clusters")
    expect((await served.predict(numeric)).columns[0].values).toEqual(predict(model, numeric))
    const missing = {
      rows: 1,
      columns: numeric.columns.map(({ name }) => ({
        name,
        kind: "numeric" as const,
        values: new Float64Array([Number.NaN]),
      })),
    }
    expect(() => served.predict(missing)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }))
  })
})

describe("a model that cannot be served says why", () => {
  it.each([
    [
      "columns other than the model's",
      { inputs: [{ name: "speed", type: "double", required: true }], outputs: delayOutput },
      "speed against hour",
    ],
    ["no output", { ...codeSignature([]) }, "has the outputs none"],
    ["a text as output", codeSignature([{ name: "word", type: "string", required: true }]), "word (string)"],
  ] as const)("%s", async (_, signature, part) => {
    await using home = await testHome()
    await home.register(
      "odd",
      contentOf(await smallModel(), {
        ...signature,
        inputs: [...signature.inputs],
        outputs: [...signature.outputs],
      }),
    )
    await expect(loadServedModel(home.registry, "odd")).rejects.toMatchObject({
      code: "MODEL_FORMAT",
      message: expect.stringContaining(part),
    })
  })

  it("another loader, and no flavor of ours", async () => {
    await using home = await testHome()
    const content = contentOf(await smallModel(), codeSignature(delayOutput))
    await home.register("future", { ...content, flavors: roadmapFlavor("@roadmap/ml", 2) })
    await home.register("foreign", { ...content, flavors: { sklearn: { pickled_model: "model.bin" } } })
    for (const [name, part] of [
      ["future", "@roadmap/ml 2"],
      ["foreign", "no flavor"],
    ])
      await expect(loadServedModel(home.registry, name)).rejects.toMatchObject({
        code: "MODEL_FORMAT",
        message: expect.stringContaining(part),
      })
  })
})

it("a scoring thread loads the same model from the folder", async () => {
  await using home = await testHome()
  await home.register("delay", contentOf(await smallModel(), codeSignature(delayOutput)))
  const served = await loadServedModel(home.registry, "delay")
  const loaded = await loadModel(served.folder)
  const given = asCodes(first(9))
  expect(loaded.predict(given)).toEqual(await served.predict(given))
})
