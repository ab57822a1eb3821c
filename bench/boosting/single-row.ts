import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { rowPredictor } from "@roadmap/ml/boosting/predict"
import { type BenchRow, median } from "../result.ts"
import { readRows } from "./rows.ts"

/** Time of one row through 200 trees, as a server asks for it: rows differ, the model is warm. */
export const rowPredictions = async (folder: string): Promise<BenchRow[]> => {
  const work = {
    folder,
    system: "roadmap",
    loss: "squared",
    features: 11,
    threads: 2,
    trees: 200,
    variant: "plain",
  } as const
  const { features, target } = readRows({ ...work, rows: 200_000 }, "train")
  const model = await fitBoosting({ features, target, parameters: { trees: work.trees } })
  const predict = rowPredictor(model)
  const rows = Array.from({ length: 5_000 }, (_, i) =>
    Float64Array.from(
      features.columns,
      column => (column.kind === "numeric" ? column.values : column.codes)[i * 40],
    ),
  )
  const times: number[] = []
  let sum = 0
  for (let repetition = 0; repetition < 15; repetition++) {
    const started = performance.now()
    for (const row of rows) sum += predict(row)
    times.push(((performance.now() - started) * 1000) / rows.length)
  }
  if (Number.isNaN(sum)) throw new Error("a prediction is not a number")
  return [{ system: "roadmap", metric: "single row, 200 trees", value: median(times), unit: "µs" }]
}
