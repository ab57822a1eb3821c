/** One fit of this project in a process of its own: fit.ts '<Work as JSON>' prints an Outcome. */
import { defaultThreads, fitBoosting } from "@roadmap/ml/boosting/fit"
import { predictBoosting } from "@roadmap/ml/boosting/predict"
import { readRows } from "./rows.ts"
import type { Outcome, Work } from "./work.ts"

const work = JSON.parse(process.argv[2]) as Work
const { features, target, weights } = readRows(work, "train")
const started = performance.now()
const model = await fitBoosting({
  features,
  target,
  weights,
  // On small data the default is one thread, whatever the peers are given.
  threads: defaultThreads(features.rows, work.features) === 1 ? 1 : work.threads,
  engine: work.system === "roadmap typescript" ? "typescript" : "auto",
  parameters: {
    loss: work.loss,
    trees: work.trees,
    leaves: 31,
    bins: 255,
    learningRate: 0.1,
    ...(work.variant === "sampling" && { rowFraction: 0.5, columnFraction: 0.5 }),
  },
})
const fitted = performance.now()
const unseen = readRows(work, work.features > 11 ? "train" : "test")
const ready = performance.now()
const predicted = predictBoosting(model, unseen.features)
const finished = performance.now()

const loss = predicted.reduce((sum, value, row) => {
  const actual = unseen.target[row]
  return (
    sum + (work.loss === "logistic" ? -Math.log(actual === 1 ? value : 1 - value) : (value - actual) ** 2)
  )
}, 0)
const mean = loss / predicted.length
const outcome: Outcome = {
  fit: (fitted - started) / 1000,
  predict: (finished - ready) / 1000,
  quality: work.features > 11 ? null : work.loss === "logistic" ? mean : Math.sqrt(mean),
  peakMiB: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(JSON.stringify(outcome))
