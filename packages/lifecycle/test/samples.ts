import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { createRandom } from "@roadmap/core/random"
import { createFeatures } from "@roadmap/ml/features"
import type { TrainingData } from "../src/train/data.ts"
import type { TrainingSpecification } from "../src/train/specification.ts"

export const newConfig = () => loadConfig({ ROADMAP_HOME: mkdtempSync(join(tmpdir(), "roadmap-lifecycle-")) })

const day = 86_400_000_000
const start = Date.parse("2001-01-01T00:00:00Z") * 1_000

/** 120 days of 10 rows; the target is x plus noise, and twice the noise at airport B. */
export const sampleData = (): TrainingData => {
  const rows = 1_200
  const random = createRandom(7)
  const x = Float64Array.from({ length: rows }, () => random.next() * 10)
  const airport = Int32Array.from({ length: rows }, (_, row) => row % 3)
  const target = x.map((value, row) => value + (random.next() - 0.5) * (airport[row] === 1 ? 4 : 2))
  const time = Float64Array.from({ length: rows }, (_, row) => start + Math.floor(row / 10) * day)
  return {
    features: createFeatures([
      { name: "x", kind: "numeric", values: x },
      { name: "noise", kind: "numeric", values: Float64Array.from({ length: rows }, () => random.next()) },
    ]),
    target,
    time,
    labelTime: time.map(moment => moment + 3_600_000_000),
    groups: Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 10)),
    validationFrom: 800,
    testFrom: 1_000,
    slices: { airport: { codes: airport, categories: ["A", "B", "C"] } },
  }
}

export const sampleSpecification: TrainingSpecification = {
  model: "sample-model",
  experiment: "sample",
  task: "regression",
  data: { snapshot: "0".repeat(64), service: "sample_features", serviceVersion: "1" },
  estimator: {
    kind: "boosting",
    parameters: { trees: 30, earlyStopping: 5 },
    validation: { fraction: 0.2, rows: "last" },
  },
  space: { leaves: { kind: "integer", low: 4, high: 16 } },
  metrics: ["rmse", "mae"],
  search: { method: { kind: "tpe", startup: 2 }, budget: { trials: 4 } },
  folds: { testFrom: ["2001-02-15T00:00:00Z", "2001-03-05T00:00:00Z"], purgeHours: 24 },
  evaluation: { slices: ["airport"], leastRows: 50, replicates: 50 },
  seed: 3,
}
