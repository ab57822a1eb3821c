import { defineStep } from "@roadmap/labkit/lab"
import { ageFeatures } from "./age.ts"
import { scoreJune } from "./batch.ts"
import { loadTest, type Way } from "./load.ts"

export interface Cost {
  way: Way | "batch"
  /** Processor time for a million rows. */
  cpuSecondsPerMillion: number
  /** Times what the batch takes. */
  timesBatch: number
  /** Milliseconds from a question to its answer at half load; null for the batch, which answers before it is asked. */
  p99Ms: number | null
}

/** Batch beside real time: what a row costs, how long an answer takes, and what the age of the features costs. */
export const compareWays = defineStep({
  id: "compare",
  title: "Batch beside real time: cost, latency, freshness",
  needs: [scoreJune, loadTest, ageFeatures],
  async run({ result }) {
    const batch = result(scoreJune).scored.find(({ task }) => task === "late")!
    const costs: Cost[] = [
      {
        way: "batch",
        cpuSecondsPerMillion: batch.cpuSecondsPerMillion,
        timesBatch: 1,
        p99Ms: null,
      },
      ...result(loadTest).measured.map(({ way, cpuSecondsPerMillion, half }) => ({
        way,
        cpuSecondsPerMillion,
        timesBatch: cpuSecondsPerMillion / batch.cpuSecondsPerMillion,
        p99Ms: half.latency.corrected.p99,
      })),
    ]
    const ages = result(ageFeatures).ages
    const [fresh, dayOld] = [ages[0], ages[ages.length - 1]]
    return {
      costs,
      measurements: Object.fromEntries(
        costs.flatMap(({ way, timesBatch }) =>
          way === "batch" ? [] : [[`late/rest-${way}/cpu_times_batch/half-load`, timesBatch]],
        ),
      ),
      metrics: {
        "late/age/log_loss_lost_in_a_day/test": dayOld.scores.late.log_loss - fresh.scores.late.log_loss,
        "delay/age/rmse_lost_in_a_day/test": dayOld.scores.delay.rmse - fresh.scores.delay.rmse,
      },
    }
  },
})
