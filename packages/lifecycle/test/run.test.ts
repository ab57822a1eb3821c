import { rmSync } from "node:fs"
import { join } from "node:path"
import { decodeModel } from "@roadmap/ml/encoding"
import { fitRidge } from "@roadmap/ml/linear/ridge"
import { predict } from "@roadmap/ml/model"
import type { ModelCard } from "@roadmap/model-registry/card"
import { readModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { openTracking } from "@roadmap/tracking/open"
import type { TrackingStore } from "@roadmap/tracking/port"
import { afterEach, expect, test } from "vitest"
import { partOf } from "../src/train/data.ts"
import { registerCandidate } from "../src/train/register.ts"
import { runTraining } from "../src/train/run.ts"
import { searchParameters } from "../src/train/search.ts"
import { newConfig, sampleData, sampleSpecification } from "./samples.ts"

const data = sampleData()
const homes: string[] = []
const newHome = () => {
  const config = newConfig()
  homes.push(config.home)
  return config
}
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const card: ModelCard = {
  name: "sample-model",
  purpose: "Shows that a run ends in a version.",
  algorithm: "boosting",
  task: "regression",
  data: {
    table: "sample",
    rows: 1_200,
    contentHash: "0".repeat(64),
    period: { from: "2001-01-01", to: "2001-04-30" },
  },
  split: { method: "by time", parts: [] },
  target: "x and noise",
  features: [],
  parameters: {},
  metrics: [],
  limits: [],
  load: "readModel(directory)",
}
const describe = () => ({ card, example: { columns: ["x", "noise"], data: [[1, 0.5]] } })

/** What another experiment has trained for the same name. */
const elsewhere = { ...sampleSpecification, experiment: "elsewhere" }

const judged = (verdict: "better" | "worse" | "unclear", runId: string, champion?: { version: number }) => {
  const train = partOf(data, "train")
  return {
    model: fitRidge({ features: train.features, target: train.target }),
    runId,
    comparison: { gains: [], verdict },
    ...(champion && { champion }),
    ...describe(),
  }
}
const baseline = (runId: string) => judged("better", runId)

const parts = ["validation", "test"] as const
const responsesOf = (of: (part: (typeof parts)[number]) => Float64Array) =>
  ({ validation: of("validation"), test: of("test") }) as const

test("a specification runs to a registered champion, and again to the same version", async () => {
  const config = newHome()
  const store = await openTracking(config)
  const registry = await openRegistry(config)
  try {
    await registerCandidate(elsewhere, baseline("first"), {
      registry,
      temporaryFolder: join(config.home, "tmp"),
    })
    const champion = {
      version: await registry.getByAlias("sample-model", "champion"),
      responses: responsesOf(part => new Float64Array(partOf(data, part).target.length).fill(5)),
    }
    const options = { store, registry, temporaryFolder: join(config.home, "tmp"), champion, describe }
    const first = await runTraining(sampleSpecification, data, options)
    expect(first.comparison.verdict).toBe("better")
    expect(first.decision).toMatchObject({ version: 2, alias: "champion" })
    expect(first.search.trials).toHaveLength(4)
    expect(first.scores.map(({ metric, part }) => `${metric} ${part}`)).toEqual([
      "rmse validation",
      "mae validation",
      "rmse test",
      "mae test",
    ])
    const current = await registry.getByAlias("sample-model", "champion")
    expect(current.lineage).toMatchObject({ runId: first.runId, parentVersion: 1 })
    const stored = await readModel(await registry.fetchModel("sample-model", current.version))
    const model = decodeModel(await stored.read("model.bin"))
    expect(predict(model, data.features)).toEqual(predict(first.model, data.features))

    const second = await runTraining(sampleSpecification, data, options)
    expect(second.search.resumed).toBe(4)
    expect(predict(second.model, data.features)).toEqual(predict(first.model, data.features))
  } finally {
    await store.close()
    await registry.close()
  }
})

test("a search that was killed goes on with the next trial and ends as an undisturbed one", async () => {
  const undisturbed = await searched(await openTracking(newHome()))
  const store = await openTracking(newHome())
  const stop = new AbortController()
  await expect(
    searchParameters(sampleSpecification, data, {
      store,
      signal: stop.signal,
      onTrial: ({ number }) => {
        if (number === 1) stop.abort()
      },
    }),
  ).rejects.toMatchObject({ code: "INTERRUPTED" })
  const resumed = await searchParameters(sampleSpecification, data, { store })
  expect(resumed.resumed).toBe(2)
  expect(resumed.parameters).toEqual(undisturbed.parameters)
  expect(resumed.trials.map(({ parameters, value }) => ({ parameters, value }))).toEqual(
    undisturbed.trials.map(({ parameters, value }) => ({ parameters, value })),
  )
  await store.close()
})

const searched = async (store: TrackingStore) => {
  const outcome = await searchParameters(sampleSpecification, data, { store })
  const { items } = await store.searchRuns({
    experimentIds: [(await store.getExperimentByName("sample")).experimentId],
  })
  expect(items.filter(run => run.tags["mlflow.parentRunId"] === outcome.runId)).toHaveLength(4)
  await store.close()
  return outcome
}

test("another specification shares no trials", async () => {
  const store = await openTracking(newHome())
  await searchParameters(sampleSpecification, data, { store })
  const other = await searchParameters({ ...sampleSpecification, seed: 4 }, data, { store })
  expect(other.resumed).toBe(0)
  await store.close()
})

const registering = async () => {
  const config = newHome()
  const registry = await openRegistry(config)
  const context = { registry, temporaryFolder: join(config.home, "tmp") }
  const championOf = async () => (await registry.getByAlias("sample-model", "champion")).version
  return { registry, context, championOf }
}

test("the first model of a name becomes the champion when it beats the baseline", async () => {
  const { registry, context, championOf } = await registering()
  const decision = await registerCandidate(sampleSpecification, baseline("a"), context)
  expect(decision).toMatchObject({
    version: 1,
    alias: "champion",
    reason: expect.stringContaining("the baseline"),
  })
  expect(await registerCandidate(sampleSpecification, baseline("a"), context)).toEqual(decision)
  expect(await championOf()).toBe(1)
  await registry.close()
})

test("a worse candidate is not registered, an unclear one waits as the challenger", async () => {
  const { registry, context, championOf } = await registering()
  await registerCandidate(elsewhere, baseline("a"), context)
  const worse = await registerCandidate(sampleSpecification, judged("worse", "b", { version: 1 }), context)
  expect(worse.version).toBeUndefined()
  expect(worse.reason).toContain("worse than version 1")
  const unclear = await registerCandidate(
    sampleSpecification,
    judged("unclear", "c", { version: 1 }),
    context,
  )
  expect(unclear).toMatchObject({ version: 2, alias: "challenger" })
  expect(await championOf()).toBe(1)
  await registry.close()
})

test("a champion that the candidate was not compared with keeps its place", async () => {
  const { registry, context, championOf } = await registering()
  await registerCandidate(elsewhere, baseline("a"), context)
  const other = { ...elsewhere, seed: 9 }
  await registerCandidate(other, judged("better", "b", { version: 1 }), context)
  expect(await championOf()).toBe(2)
  const late = await registerCandidate(sampleSpecification, judged("better", "c", { version: 1 }), context)
  expect(late).toMatchObject({ alias: "challenger", reason: expect.stringContaining("was not compared") })
  expect(await championOf()).toBe(2)
  await registry.close()
})
