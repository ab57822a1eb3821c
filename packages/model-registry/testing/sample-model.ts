import { join } from "node:path"
import type { ModelCard } from "../src/card.ts"
import { type ModelContent, roadmapFlavor, type StoredModel, writeModel } from "../src/mlmodel.ts"

/** A small model directory in `folder`; another `seed` is other content. */
export const writeSampleModel = (
  folder: string,
  seed: number,
  change: Partial<ModelContent> = {},
): Promise<StoredModel> =>
  writeModel(join(folder, `model-${seed}-${process.hrtime.bigint()}`), { ...sampleContent(seed), ...change })

export const sampleContent = (seed: number): ModelContent => ({
  flavors: roadmapFlavor("ridge", 1),
  files: {
    "model.bin": Uint8Array.from({ length: 256 }, (_, i) => (i * 31 + seed) & 255),
    "notes/seed.txt": Buffer.from(`${seed}`),
  },
  signature: {
    inputs: [
      { name: "distance", type: "double", required: true },
      { name: "origin", type: "string", required: false },
    ],
    outputs: [{ type: "double", name: "delay", required: true }],
  },
  inputExample: { columns: ["distance", "origin"], data: [[412, "SFO"]] },
  card: sampleCard,
})

export const sampleCard: ModelCard = {
  name: "flight-delay",
  purpose: "Predicts the arrival delay in minutes from what is known at departure.",
  algorithm: "ridge regression",
  task: "regression",
  target: "delay (minutes)",
  data: {
    table: "flights",
    rows: 2_999_000,
    contentHash: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    period: { from: "2001-01-01", to: "2001-06-30" },
  },
  split: {
    method: "by time: train, then validation, then test",
    parts: [{ name: "test", rows: 500_000, period: { from: "2001-06-01", to: "2001-06-30" } }],
  },
  features: [{ name: "distance", type: "double", description: "miles | great circle" }],
  parameters: { lambda: 0.1, intercept: true },
  metrics: [{ name: "rmse", split: "test", value: 31.25, interval: [31.1, 31.4], baseline: 35.5 }],
  baseline: "the mean of the training rows",
  limits: ["Knows no weather."],
  load: 'const model = await readModel(await registry.fetchModel("flight-delay", 1))',
}
