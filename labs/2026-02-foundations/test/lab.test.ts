import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { signatureOf } from "@roadmap/ml/model"
import { describePage } from "@roadmap/report/testing/describe-page"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { featureNames } from "../src/features.ts"
import { loadChampion } from "../src/load.ts"
import { type Finished, newHome, roadmap, testSample } from "./cli.ts"

/** One flight in forty: 75,000 real flights of all six months. */
const home = newHome()
let first: Finished
beforeAll(async () => {
  first = await roadmap(home, ["run", "feb", "--sample", testSample, "--json"])
}, 120_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

const labOf = (run: Finished) => JSON.parse(run.stdout).labs[0]

describe("roadmap run feb", () => {
  test("is done, with every step", () => {
    expect(first.stderr).not.toMatch(/✖/)
    expect(first.code).toBe(0)
    const lab = labOf(first)
    expect(lab).toMatchObject({ month: "2026-02", status: "done" })
    expect(lab.steps.map((step: { id: string; status: string }) => `${step.id} ${step.status}`)).toEqual([
      "ingest done",
      "profile done",
      "split done",
      "features done",
      "train done",
      "curves done",
      "traps done",
      "group done",
      "compare done",
      "register done",
      "report done",
    ])
  })

  test("measures every model on validation and test", () => {
    const { metrics } = labOf(first)
    const expected = [
      ...["constant", "ridge", "boosting"].flatMap(model =>
        ["rmse", "mae", "r2", "roc_auc"].map(metric => `delay/${model}/${metric}`),
      ),
      ...["constant", "logistic", "boosting"].flatMap(model =>
        ["log_loss", "brier", "roc_auc", "average_precision"].map(metric => `late/${model}/${metric}`),
      ),
      "airports/k-means/silhouette",
      "days/isolation-forest/odd_share",
    ].flatMap(name => [`${name}/validation`, `${name}/test`])
    for (const name of expected) expect(metrics[name], name).toBeTypeOf("number")
  })

  test.each(["validation", "test"])(
    "on %s boosting beats the linear model, which beats the constant",
    split => {
      const { metrics } = labOf(first)
      const value = (name: string): number => metrics[`${name}/${split}`]
      expect(value("delay/ridge/rmse")).toBeLessThan(value("delay/constant/rmse"))
      expect(value("delay/boosting/rmse")).toBeLessThan(value("delay/ridge/rmse"))
      expect(value("delay/ridge/roc_auc")).toBeGreaterThan(value("delay/constant/roc_auc"))
      expect(value("late/logistic/roc_auc")).toBeGreaterThan(value("late/constant/roc_auc"))
      expect(value("late/boosting/roc_auc")).toBeGreaterThan(value("late/logistic/roc_auc"))
    },
  )

  test("the three impossible delays of the file are in quarantine or outside the sample, never in the models", () => {
    const { metrics } = labOf(first)
    expect(metrics["ingest/flights/rows/accepted"] + metrics["ingest/flights/rows/rejected"]).toBe(75_000)
  })

  test("changes nothing and skips every step the second time", async () => {
    const second = await roadmap(home, ["run", "feb", "--sample", testSample, "--json"])
    const lab = labOf(second)
    expect(lab.steps.every((step: { status: string }) => step.status === "skipped")).toBe(true)
    expect(lab.metrics).toEqual(labOf(first).metrics)
    const models = JSON.parse((await roadmap(home, ["models", "flight-delay", "--json"])).stdout)
    expect(models.versions).toHaveLength(1)
  })

  test("gives equal metrics in another home folder", async () => {
    const other = newHome()
    try {
      const again = await roadmap(other, ["run", "foundations", "--sample", testSample, "--json"])
      expect(labOf(again).metrics).toEqual(labOf(first).metrics)
    } finally {
      rmSync(other, { recursive: true, force: true })
    }
  })

  test("writes a page that needs no network", () => {
    const page = readFileSync(join(home, "reports", "2026-02", "index.html"), "utf8")
    for (const heading of ["Data quality", "Learning curves", "Calibration", "Residuals over time", "Models"])
      expect(page).toContain(heading)
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    expect(page).not.toMatch(/NaN|undefined|\[object/)
  })
})

describe("what the run leaves", () => {
  test("tracked runs, one a model, with parameters and scores", async () => {
    const { runs } = JSON.parse((await roadmap(home, ["runs", "--json"])).stdout)
    expect(runs.map((run: { runName: string }) => run.runName).sort()).toEqual([
      "delay-boosting",
      "delay-constant",
      "delay-ridge",
      "late-boosting",
      "late-constant",
      "late-logistic",
    ])
    for (const run of runs) {
      expect(run.status).toBe("FINISHED")
      expect(run.params.rows).toBeDefined()
      expect(run.metrics["roc_auc.test"]).toBeTypeOf("number")
    }
  })

  test("two runs side by side", async () => {
    const { runs } = JSON.parse((await roadmap(home, ["runs", "--json"])).stdout)
    const text = (await roadmap(home, ["runs", runs[0].runId, runs[1].runId.slice(0, 8)])).stdout
    expect(text).toContain(runs[0].runName)
    expect(text).toContain("metric roc_auc.test")
  })

  test("the champions' cards, with intervals and limits", async () => {
    for (const name of ["flight-delay", "flight-late"]) {
      const card = (await roadmap(home, ["models", `${name}@champion`])).stdout
      expect(card).toContain(`# Model card: ${name}`)
      expect(card).toMatch(/Content hash: `[0-9a-f]{64}`/)
      expect(card).toContain("one row in 40")
      expect(card).toMatch(/ \| test \| [\d.]+ \| [\d.]+ to [\d.]+ \| /)
    }
  })

  test("champions that load and predict as their examples say", async () => {
    const config = loadConfig({ ROADMAP_HOME: home })
    for (const name of ["flight-delay", "flight-late"]) {
      const model = await loadChampion(config, name)
      expect(model.kind).toBe("boosting")
      expect(signatureOf(model).inputs.map(column => column.name)).toEqual([...featureNames])
    }
  })

  test("the months and their state", async () => {
    const { labs } = JSON.parse((await roadmap(home, ["list", "--json"])).stdout)
    expect(labs[0]).toMatchObject({ month: "2026-02", short: "feb", status: "done" })
  })

  test("a healthy doctor", async () => {
    const done = await roadmap(home, ["doctor", "--json"])
    expect(JSON.parse(done.stdout).checks.map((check: { status: string }) => check.status)).toEqual(
      Array(8).fill("ok"),
    )
    expect(done.code).toBe(0)
  })
})

describePage("the report", join(home, "reports", "2026-02", "index.html"))
