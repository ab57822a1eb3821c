import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import type { Features } from "@roadmap/ml/features"
import { type LearningCurvePoint, learningCurve } from "@roadmap/ml/learning-curves"
import { fitRidge } from "@roadmap/ml/linear/ridge"
import { rmse } from "@roadmap/ml/metrics/regression"
import { type Model, predict } from "@roadmap/ml/model"
import { takeRows, takeValues } from "@roadmap/ml/rows"
import { openWarehouse } from "@roadmap/warehouse/open"
import { type Dataset, loadDataset } from "./dataset.ts"
import { buildFeatures } from "./features.ts"

/** A stiff model, a fitting one and an overly flexible one, on growing numbers of rows: bias and variance as pictures. */
const models = ["ridge", "boosting", "deep boosting"] as const
type CurveModel = (typeof models)[number]

export interface Curve {
  model: CurveModel
  points: LearningCurvePoint[]
}

const sizes = [500, 2_000, 8_000, 32_000, 128_000] as const
/** Rows of the validation month that every point is scored on. */
const validationRows = 100_000

export const drawLearningCurves = defineStep({
  id: "curves",
  title: "Learning curves: where more rows help and where they do not",
  needs: [buildFeatures],
  async run(context) {
    const { config, signal } = context
    await using engine = await openWarehouse(config)
    const train = await loadDataset(engine, "train", { signal })
    const validation = sampleOf(await loadDataset(engine, "validation", { signal }))
    const curves: Curve[] = []
    for (const model of models)
      curves.push({
        model,
        points: await context.checkpoint(model.replace(" ", "-"), () =>
          curveOf(context, model, train, validation),
        ),
      })
    return { curves, metric: "rmse", validationRows: validation.delay.length }
  },
})

interface Labelled {
  features: Features
  target: Float64Array
}

const curveOf = (
  { random, signal, progress }: StepContext,
  name: CurveModel,
  train: Dataset,
  validation: Dataset,
): Promise<LearningCurvePoint[]> => {
  const subset = (rows: Int32Array): Labelled => ({
    features: takeRows(train.features, rows),
    target: takeValues(train.delay, rows),
  })
  const score = (model: Model, data: Labelled) => rmse(data.target, predict(model, data.features))
  return learningCurve<Model>({
    rows: train.delay.length,
    sizes: sizes.filter(size => size <= train.delay.length),
    random: random.fork("subsets"),
    signal,
    onProgress: ({ done, total, unit }) => progress({ label: name, done, total, unit }),
    fit: async rows => {
      const data = subset(rows)
      if (name === "ridge") return fitRidge(data)
      return fitBoosting({
        ...data,
        parameters:
          name === "boosting"
            ? { trees: 100, minRowsPerLeaf: 200 }
            : { trees: 150, leaves: 63, minRowsPerLeaf: 2 },
        seed: random.fork(name).integer(2 ** 31),
        signal,
      })
    },
    scoreTrain: (model, rows) => score(model, subset(rows)),
    scoreValidation: model => score(model, { features: validation.features, target: validation.delay }),
  })
}

/** Every n-th row, so that the sample spans the whole month. */
const sampleOf = (data: Dataset): Dataset => {
  const stride = Math.max(1, Math.floor(data.delay.length / validationRows))
  const rows = Int32Array.from({ length: Math.floor(data.delay.length / stride) }, (_, i) => i * stride)
  return {
    split: data.split,
    features: takeRows(data.features, rows),
    delay: takeValues(data.delay, rows),
    late: takeValues(data.late, rows),
    day: takeValues(data.day, rows),
  }
}
